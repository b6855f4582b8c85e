import Foundation
import Hummingbird
import HummingbirdCore
import Ledger
import Projections
import PushCore

/// One message: who got it, what was decided for each device and why, and what became of it.
struct MessagePage: Sendable {
  let desk: PageDesk
  let reader: MessageReader
  let live: LivePages
  let clock: @Sendable () -> Timestamp

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/messages/:id") { request, context in try await show(request, context) }
    router.get("/console/live/messages/:id") { request, context in
      try await follow(request, context)
    }
    router.get("/console/deliveries/:id") { _, context in try await find(context) }
  }

  private func show(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let (asked, app) = (try MessageAddress(request, context), try Self.app(context))
    let facts = try await reader.readAll(asked, of: app)
    let now = clock()
    return desk.page(
      "message", title: "Message \(asked.message.rawValue)",
      MessageSheet(facts, asked, of: app, at: now), context,
      live: facts.isSettled(at: now) ? nil : asked.live)
  }

  private func follow(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let (asked, app) = (try MessageAddress(request, context), try Self.app(context))
    let facts = try await reader.read(asked, of: app)
    guard !facts.isSettled(at: clock()) else { return LivePages.end(after: parts(facts, asked)) }
    return try live.response(request, context) {
      parts(try await reader.read(asked, of: app), asked)
    }
  }

  private func parts(
    _ facts: MessageFacts, _ asked: MessageAddress
  ) -> [(name: String, html: String)] {
    [
      ("counts", desk.fragment("message-counts", MessageCounts(facts, asked, at: clock()))),
      ("rows", desk.fragment("message-rows", MessageRows(facts, asked))),
      ("timeline", desk.fragment("message-timeline", MessageTimeline(facts, asked))),
      ("decisions", desk.fragment("message-decisions", MessageDecisions(facts, asked))),
    ]
  }

  /// Leads from a delivery to its message's page.
  private func find(_ context: ConsoleContext) async throws -> Response {
    let (id, app) = (try MessageAddress.delivery(context), try Self.app(context))
    guard let place = try await NotificationsReader(pool: reader.pool).delivery(id, of: app) else {
      throw Refusal.unknown("The app has no delivery \(id.uuidString.lowercased()).")
    }
    return .see(
      PagePath.make(
        "/messages/" + PagePath.encode(place.message.rawValue),
        ["user": place.user.rawValue, "device": place.device?.rawValue]))
  }

  private static func app(_ context: ConsoleContext) throws -> AppID {
    guard let app = context.session?.caller.app else { throw Refusal.signedOut }
    return app
  }
}

import Hummingbird
import Ledger
import PushCore

/// The first page: how things are now, and what became of messages lately.
struct OverviewPage: Sendable {
  let desk: PageDesk
  let looks: OverviewLooks
  let live: LivePages

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console") { request, context in
      let span = try Self.span(request)
      let facts = try await read(context, span)
      return desk.page(
        "overview", title: "Overview",
        sheet(facts, span, at: looks.clock()), context, place: .overview,
        live: PagePath.make("/live/overview", ["span": span.rawValue]))
    }
    router.get("/console/live/overview") { request, context in
      let span = try Self.span(request)
      return try live.response(request, context) {
        let facts = try await read(context, span)
        let lately = OverviewLately(facts, span, from: span.start(at: looks.clock()))
        return [
          ("now", desk.fragment("overview-now", OverviewNow(facts, at: looks.clock()))),
          ("span", desk.fragment("overview-span", lately)),
          ("providers", desk.fragment("overview-providers", lately)),
          ("reasons", desk.fragment("overview-reasons", lately)),
        ]
      }
    }
  }

  private func read(_ context: ConsoleContext, _ span: OverviewSpan) async throws -> OverviewFacts {
    guard let app = context.session?.caller.app else { throw Refusal.signedOut }
    return try await looks.facts(of: app, span)
  }

  private func sheet(
    _ facts: OverviewFacts, _ span: OverviewSpan, at now: Timestamp
  ) -> OverviewSheet {
    OverviewSheet(
      spans: OverviewSpan.allCases.map { other in
        .init(
          to: PagePath.make("", ["span": other == .usual ? nil : other.rawValue]),
          span: other.label, isHere: other == span)
      },
      from: PageTime(span.start(at: now)), until: PageTime(now), spanTitle: span.title,
      step: span.step, now: OverviewNow(facts, at: now),
      lately: OverviewLately(facts, span, from: span.start(at: now)))
  }

  private static func span(_ request: Request) throws -> OverviewSpan {
    guard let text = request.uri.queryParameters["span"] else { return .usual }
    guard let span = OverviewSpan(rawValue: String(text)) else {
      throw Refusal.address("The span in the address is none of hour, day and week.")
    }
    return span
  }
}

import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import PushCore
import ServiceLifecycle
import Synchronization

/// Sends parts of pages again as they change, as server-sent events named after the element that each
/// is for.
struct LivePages: Sendable {
  /// How often a page is looked at again.
  static let pace = Duration.seconds(2)
  /// Looks without a change after which a sign of life is sent.
  static let quietLooks = 7
  /// How long a page is followed; then the browser comes again.
  static let looks = 450
  /// A reader that takes nothing for so long is cut.
  static let writePatience = Duration.seconds(30)

  let sessions: ConsoleSessions
  private let followers = Followers()

  init(sessions: ConsoleSessions) { self.sessions = sessions }

  /// - Parameter render: The parts, by the names of their elements. Called until the reader is gone
  ///   or signed out.
  func response(
    _ request: Request, _ context: ConsoleContext,
    _ render: @escaping @Sendable () async throws -> [(name: String, html: String)]
  ) throws -> Response {
    guard let app = context.session?.caller.app, let cookie = SessionCookie.read(request) else {
      throw Refusal.signedOut
    }
    guard let slot = followers.enter(app) else {
      return Response(status: .serviceUnavailable, headers: [.retryAfter: "30"])
    }
    let (sessions, channel) = (sessions, context.channel)
    return Response(
      status: .ok, headers: Self.headers,
      body: ResponseBody { writer in
        // Held until the reader is gone, or was gone before this began.
        defer { withExtendedLifetime(slot) {} }
        let isSigned: @Sendable () async throws -> Bool = { try await sessions.find(cookie) != nil }
        try await Self.follow(&writer, channel, isSigned, render)
        try await writer.finish(nil)
      })
  }

  /// For who is signed out, or for a page that changes no more: the browser need not come again.
  ///
  /// - Parameter parts: What is sent before.
  static func end(after parts: [(name: String, html: String)] = []) -> Response {
    let text = parts.map { event($0.name, $0.html) }.joined() + event("end", "")
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  private static var headers: HTTPFields {
    [.contentType: "text/event-stream", .cacheControl: "no-store"]
  }

  private static func follow(
    _ writer: inout any ResponseBodyWriter, _ channel: any Channel,
    _ isSigned: @Sendable () async throws -> Bool,
    _ render: @Sendable () async throws -> [(name: String, html: String)]
  ) async throws {
    var shown: [String: String] = [:]
    var quiet = 0
    for _ in 0..<looks {
      guard try await isSigned() else {
        try await write(event("end", ""), to: &writer, channel)
        return
      }
      var text = ""
      for (name, html) in try await render() where shown[name] != html {
        shown[name] = html
        text += event(name, html)
      }
      quiet = text.isEmpty ? quiet + 1 : 0
      if quiet == quietLooks {
        text = event("alive", "")
        quiet = 0
      }
      if !text.isEmpty { try await write(text, to: &writer, channel) }
      let isOver = await rest()
      if isOver { return }
    }
  }

  private static func write(
    _ text: String, to writer: inout any ResponseBodyWriter, _ channel: any Channel
  ) async throws {
    let alarm = Alarm(channel, after: writePatience)
    defer { alarm.cancel() }
    try await writer.write(ByteBuffer(string: text))
  }

  /// Waits for the next look.
  ///
  /// - Returns: True where the server is to end.
  private static func rest() async -> Bool {
    do {
      try await cancelWhenGracefulShutdown { try await Task.sleep(for: pace) }
      return Task.isShuttingDownGracefully
    } catch {
      return true
    }
  }

  /// An event's lines. What a page shows of others' text holds no end of a line but this one.
  private static func event(_ name: String, _ html: String) -> String {
    let lines = html.split(separator: "\n", omittingEmptySubsequences: false)
    return "event: \(name)\n" + lines.map { "data: \($0)\n" }.joined() + "\n"
  }
}

/// How many follow pages, of all apps and of each.
private final class Followers: Sendable {
  static let limit = 200
  static let limitOfApp = 50

  private let counts = Mutex<[AppID: Int]>([:])

  /// - Returns: A place, held as long as it lives; nil where there is none.
  func enter(_ app: AppID) -> Slot? {
    let isFree = counts.withLock { counts in
      guard counts.values.reduce(0, +) < Self.limit, counts[app, default: 0] < Self.limitOfApp
      else { return false }
      counts[app, default: 0] += 1
      return true
    }
    return isFree ? Slot(self, app) : nil
  }

  private func leave(_ app: AppID) {
    counts.withLock { counts in
      let left = counts[app, default: 0] - 1
      counts[app] = left > 0 ? left : nil
    }
  }

  final class Slot: Sendable {
    private let followers: Followers
    private let app: AppID

    init(_ followers: Followers, _ app: AppID) {
      self.followers = followers
      self.app = app
    }

    deinit { followers.leave(app) }
  }
}

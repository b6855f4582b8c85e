import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import ServiceLifecycle
import Synchronization

/// Sends parts of pages again as they change, as server-sent events named after the element that each
/// is for.
final class LivePages: Sendable {
  /// Pages of all apps that are followed at once; a further one is told to come again.
  static let limit = 200
  /// How often a page is looked at again.
  static let pace = Duration.seconds(2)
  /// Looks without a change after which a sign of life is sent.
  static let quietLooks = 7
  /// How long a page is followed; then the browser comes again, and the session is looked at again.
  static let looks = 450

  private let followers = Atomic(0)

  /// - Parameter render: The parts, by the names of their elements. Called until the reader is gone.
  func response(
    _ context: ConsoleContext,
    _ render: @escaping @Sendable () async throws -> [(name: String, html: String)]
  ) throws -> Response {
    guard followers.add(1, ordering: .relaxed).newValue <= Self.limit else {
      followers.subtract(1, ordering: .relaxed)
      return Response(status: .serviceUnavailable, headers: [.retryAfter: "30"])
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { [self] writer in
        defer { followers.subtract(1, ordering: .relaxed) }
        try await follow(&writer, render)
        try await writer.finish(nil)
      })
  }

  private func follow(
    _ writer: inout any ResponseBodyWriter,
    _ render: @Sendable () async throws -> [(name: String, html: String)]
  ) async throws {
    var shown: [String: String] = [:]
    var quiet = 0
    for _ in 0..<Self.looks {
      var text = ""
      // Where the database cannot be read for a moment, the page says that it is not live.
      for (name, html) in try await render() where shown[name] != html {
        shown[name] = html
        text += Self.event(name, html)
      }
      quiet = text.isEmpty ? quiet + 1 : 0
      if quiet == Self.quietLooks {
        text = Self.event("alive", "")
        quiet = 0
      }
      if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
      let isOver = await Self.rest()
      if isOver { return }
    }
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

  private static func event(_ name: String, _ html: String) -> String {
    let lines = html.split(separator: "\n", omittingEmptySubsequences: false)
    return "event: \(name)\n" + lines.map { "data: \($0)\n" }.joined() + "\n"
  }
}

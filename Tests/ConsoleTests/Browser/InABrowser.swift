import Ledger
import TestSupport
import Testing

/// The console in a real browser. One browser at a time: what runs beside it needs the processors,
/// too.
@Suite(
  "In a browser", .serialized, .enabled(if: TestDatabase.isAvailable),
  .enabled("Chromium is not installed, or does not start.") { await Browser.isAvailable },
  .timeLimit(.minutes(10)))
struct InABrowser {
  /// A server with the known history, and a page of a browser of its own.
  static func run(
    _ body: @escaping @Sendable (ConsoleServer, BrowserPage) async throws -> Void
  ) async throws {
    try await ConsoleServer.run { server in
      try await Browser.run { browser in
        try await body(server, try await BrowserPage(browser, at: server.origin))
      }
    }
  }

  /// Signs in as far as a visitor does.
  static func enter(
    _ visitor: KnownPage.Visitor, _ server: ConsoleServer, _ page: BrowserPage
  ) async throws {
    switch visitor {
    case .nobody: break
    case .reader: try await page.signIn(try await server.key([.read]))
    case .admin: try await page.signIn(try await server.key([.read, .admin]))
    }
  }
}

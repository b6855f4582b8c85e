import Ledger
import TestSupport
import Testing

/// The console in a real browser: one, and one test at a time, as what runs beside it needs the
/// processors, too.
@Suite(
  "In a browser", .serialized, .oneBrowser, .enabled(if: TestDatabase.isAvailable),
  .enabled("Chromium is not installed, or does not start.") { await Browser.isAvailable },
  .timeLimit(.minutes(10)))
struct InABrowser {
  /// Lends a page, of nobody who is signed in, at the server that the tests share. What is there is
  /// looked at only.
  static func look(_ body: (ConsoleServer, BrowserPage) async throws -> Void) async throws {
    let stage = try #require(OneBrowser.stage)
    try await BrowserPage.lend(stage.browser, at: stage.server.origin) { page in
      try await body(stage.server, page)
    }
  }

  /// Lends a page at the server that the tests of a suite with ``OneServer`` share: what one of them
  /// changes the next one finds.
  static func work(_ body: (ConsoleServer, BrowserPage) async throws -> Void) async throws {
    let browser = try #require(OneBrowser.stage).browser
    let server = try #require(OneServer.server)
    try await BrowserPage.lend(browser, at: server.origin) { page in
      try await body(server, page)
    }
  }

  /// Lends a page at a server of its own, with the known history, for what ends things.
  static func run(
    _ body: @escaping @Sendable (ConsoleServer, BrowserPage) async throws -> Void
  ) async throws {
    let browser = try #require(OneBrowser.stage).browser
    try await ConsoleServer.run { server in
      try await BrowserPage.lend(browser, at: server.origin) { page in
        try await body(server, page)
      }
    }
  }

  /// Signs in as far as a visitor does.
  static func enter(
    _ visitor: KnownPage.Visitor, _ server: ConsoleServer, _ page: BrowserPage
  ) async throws {
    // To a page that is quickly there.
    let door = "/console/sign-in?next=%2Fconsole%2Fsearch"
    switch visitor {
    case .nobody: break
    case .reader: try await page.signIn(try await server.key([.read]), to: door)
    case .admin: try await page.signIn(try await server.key([.read, .admin]), to: door)
    }
  }
}

/// A browser, and a server to look at, for all tests of a suite.
struct OneBrowser: SuiteTrait, TestScoping {
  struct Stage: Sendable {
    var browser: Browser
    var server: ConsoleServer
  }

  /// Of the suite that runs.
  @TaskLocal static var stage: Stage?

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withoutActuallyEscaping(function) { function in
      try await Browser.run { browser in
        try await ConsoleServer.run { server in
          try await Self.$stage.withValue(Stage(browser: browser, server: server)) {
            try await function()
          }
        }
      }
    }
  }
}

/// A server for all tests of a suite that change things.
struct OneServer: SuiteTrait, TestScoping {
  /// Of the suite that runs.
  @TaskLocal static var server: ConsoleServer?

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withoutActuallyEscaping(function) { function in
      try await ConsoleServer.run { server in
        try await Self.$server.withValue(server) { try await function() }
      }
    }
  }
}

extension Trait where Self == OneBrowser {
  static var oneBrowser: Self { Self() }
}

extension Trait where Self == OneServer {
  static var oneServer: Self { Self() }
}

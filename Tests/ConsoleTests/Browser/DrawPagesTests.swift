import Foundation
import Testing

private enum PagePictures {
  static let areAsked = ProcessInfo.processInfo.environment["PUSHLEDGER_TEST_RENEW_DOCS"] != nil
}

extension InABrowser {
  /// Pictures of the pages for docs/console.md; scripts/console-doc draws them.
  @Suite("Draw pages", .enabled(if: PagePictures.areAsked, "Only on demand."))
  struct DrawPages {
    private static let maxHeight = 2_000
    private static let drawn: Set<String> = [
      "sign-in", "overview", "search", "message", "user", "user-then", "group", "deliveries",
      "operate", "ask", "erase", "test-push",
    ]
    /// Those that are drawn as a phone in the dark shows them, too.
    private static let onPhones: Set<String> = ["message"]

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/images")

    @Test(
      "one page of each kind, and one as a phone shows it",
      arguments: [KnownPage.Visitor.nobody, .admin])
    func draws(visitor: KnownPage.Visitor) async throws {
      try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
      try await InABrowser.look { server, page in
        try await InABrowser.enter(visitor, server, page)
        for known in KnownPage.all where known.isFor(visitor) && Self.drawn.contains(known.name) {
          try await draw(known, "", .desktop, .light, page)
          if Self.onPhones.contains(known.name) {
            try await draw(known, "-phone-dark", .phone, .dark, page)
          }
        }
      }
    }

    private func draw(
      _ known: KnownPage, _ kind: String, _ size: BrowserPage.Size, _ scheme: BrowserPage.Scheme,
      _ page: BrowserPage
    ) async throws {
      try await page.show(size, scheme)
      #expect(try await page.open(known.path) == known.status)
      let file = Self.folder.appendingPathComponent("console-\(known.name)\(kind).png")
      try await page.screenshot(to: file, maxHeight: Self.maxHeight)
    }
  }
}

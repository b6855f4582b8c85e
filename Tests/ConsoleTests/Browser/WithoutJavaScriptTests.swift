import Ledger
import PushCore
import Testing

extension InABrowser {
  @Suite("Without JavaScript")
  struct WithoutJavaScript {
    /// What a page shows, but for the word that it is live.
    private static let shown = """
      document.querySelectorAll('[data-live-mark]').forEach((mark) => mark.remove());
      document.querySelector('main').innerText
      """

    @Test(
      "a page shows all that it shows with it", arguments: [KnownPage.Visitor.nobody, .admin])
    func showsTheSame(visitor: KnownPage.Visitor) async throws {
      try await InABrowser.look { server, page in
        var page = page
        try await InABrowser.enter(visitor, server, page)
        var with: [String: String] = [:]
        for known in KnownPage.all where known.isFor(visitor) && !known.isVariant {
          try await page.open(known.path)
          with[known.path] = try await page.text(Self.shown)
        }
        try await page.stopScripts()
        for known in KnownPage.all where known.isFor(visitor) && !known.isVariant {
          #expect(try await page.open(known.path) == known.status)
          #expect(try await page.isTrue("!document.querySelector('.live:not([hidden])')"))
          #expect(try await page.text(Self.shown) == with[known.path], "\(known)")
          #expect(await page.complaints() == [], "\(known)")
        }
      }
    }

    @Test("one signs in and out")
    func signsIn() async throws {
      try await InABrowser.look { server, page in
        var page = page
        try await page.stopScripts()
        try await page.signIn(try await server.key([.read]))
        #expect(try await page.path() == "/console")
        try await page.loading { try await page.click(".leave button") }
        #expect(try await page.path() == "/console/sign-in")
      }
    }
  }
}

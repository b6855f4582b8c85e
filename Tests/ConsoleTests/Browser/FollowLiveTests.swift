import Ledger
import Postgres
import PushCore
import Testing

extension InABrowser {
  @Suite("Follow live")
  struct FollowLive {
    /// The first figure: how many pushes are due.
    private static let due = "Number(document.querySelector('.figures dd').innerText)"

    @Test("the overview shows what happens, without a reload, and leaves alone what one does there")
    func changesByItself() async throws {
      try await InABrowser.run { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open("/console")
        #expect(
          try await page.text("document.querySelector('[data-live-mark]').innerText") == "Live")
        try await page.evaluate("globalThis.isSamePage = true")
        try await page.click("summary")
        #expect(try await page.isFocused("summary"))
        let before = try #require(try await page.evaluate(Self.due).integer)

        let count = 3
        for number in 1...count {
          try await server.record([
            ConsoleHistory.next("live-\(number)", at: Timestamp.systemClock())
          ])
          try await page.until("\(Self.due) === \(before + Int64(number))", otherwise: Self.due)
        }
        #expect(try await page.isTrue("globalThis.isSamePage === true"))
        #expect(try await page.isTrue("document.querySelector('details').open"))
        #expect(try await page.isFocused("summary"))
        #expect(await page.complaints() == [])
      }
    }

    @Test("a page whose server is gone says that it is not live")
    func saysThatItIsNotLive() async throws {
      try await InABrowser.run { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open("/console")
        await server.stop()
        try await page.until(
          """
          document.querySelector('[data-live-mark=off]')?.innerText.startsWith('Not live since')
          """)
        #expect(try await page.isTrue("document.documentElement.classList.contains('stale')"))
        #expect(try await page.lookFaults(.desktop) == [])
      }
    }

    @Test("a page of a session that ends says no more, and asks no more")
    func endsWithItsSession() async throws {
      try await InABrowser.run { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open("/console")
        _ = try await server.pool.query("update ledger.api_keys set revoked_at = now()")
        try await page.until("document.querySelector('[data-live-mark]').hidden")
        #expect(await page.complaints() == [])
      }
    }
  }
}

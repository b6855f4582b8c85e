import Ledger
import Postgres
import PushCore
import Testing

extension InABrowser {
  @Suite("Follow live", .oneServer)
  struct FollowLive {
    /// The first figure: how many pushes are due.
    private static let due = "Number(document.querySelector('.figures dd').innerText)"

    @Test("the overview shows what happens, without a reload, and leaves alone what one does there")
    func changesByItself() async throws {
      try await InABrowser.work { server, page in
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
          try await server.record([Meanwhile.message("live-\(number)")])
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

    @Test("a message's page shows the push on its way, and keeps what the reader did")
    func showsAPushOnItsWay() async throws {
      try await InABrowser.work { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open(KnownPage.message(ConsoleHistory.waiting))
        try await page.evaluate("globalThis.isSamePage = true")
        let status = "document.querySelector('.decision .st').innerText.trim()"
        #expect(try await page.text(status) == "due")
        try await page.click("#h-timeline")
        try await page.click("[data-live=timeline] summary")
        let steps = "document.querySelectorAll('table.steps tbody tr').length"
        let before = try #require(try await page.evaluate(steps).integer)

        try await server.record([
          Meanwhile.attempt(ConsoleHistory.waiting, "mei", "iphone", "apns", number: 2)
        ])
        try await page.until("\(status) === 'accepted'", otherwise: status)
        try await page.until("\(steps) > \(before)", otherwise: steps)
        try await server.record([Meanwhile.delivered(ConsoleHistory.waiting, "mei", "iphone")])
        try await page.until(
          "document.querySelector('table.steps').innerText.includes('delivered')",
          otherwise: "document.querySelector('table.steps').innerText")
        #expect(try await page.isTrue("globalThis.isSamePage === true"))
        #expect(
          try await page.isTrue("document.querySelector('[data-live=timeline] details').open"))
        #expect(try await page.isFocused("[data-live=timeline] summary"))
        #expect(await page.complaints() == [])
      }
    }

    @Test("a user's page shows devices, unread counts and deliveries as they change")
    func showsAUserLive() async throws {
      try await InABrowser.work { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open(KnownPage.user("mei"))
        try await page.evaluate("globalThis.isSamePage = true")
        let part = { (name: String) in "document.querySelector('[data-live=\(name)]').innerText" }
        let unread = "Number(document.querySelector('[data-live=unread] strong').innerText)"
        let before = try #require(try await page.evaluate(unread).integer)
        let message = "[data-live=deliveries] tbody a"
        try await page.tab(to: message)
        let newest = try await page.text("document.querySelector('\(message)').title")

        try await server.record([Meanwhile.message("live-one")])
        try await page.until("\(unread) === \(before + 1)", otherwise: unread)
        try await page.until("\(part("deliveries")).includes('live-one')")
        try await server.record([Meanwhile.foreground("mei", "iphone")])
        try await page.until(
          "\(part("devices")).includes('foreground')", otherwise: part("devices"))
        #expect(try await page.isTrue("globalThis.isSamePage === true"))
        #expect(
          try await page.text("document.activeElement.title") == newest, "the focus goes along")
        #expect(await page.complaints() == [])
        // As it was for the others.
        try await server.record([Meanwhile.background("mei", "iphone")])
      }
    }

    @Test("the page Operate shows what others do")
    func showsOrdersLive() async throws {
      try await InABrowser.work { server, page in
        try await InABrowser.enter(.admin, server, page)
        try await page.open("/console/operate")
        try await page.evaluate("globalThis.isSamePage = true")
        try await page.click("#erase-user")
        try await page.type("to")
        #expect(try await DispatchPauses(server.pool).pause(.apns, of: ConsoleServer.app))
        try await page.until(
          "document.querySelector('[data-live=pauses]').innerText.includes('paused')")
        try await server.append([Meanwhile.message("live-two")])
        try await page.until(
          "document.querySelector('[data-live=projections] [data-th^=lag]').innerText === '1'")
        try await page.type("m")
        #expect(try await page.text("document.getElementById('erase-user').value") == "tom")
        #expect(try await page.isTrue("globalThis.isSamePage === true"))
        #expect(await page.complaints() == [])
        #expect(try await DispatchPauses(server.pool).resume(.apns, of: ConsoleServer.app))
        try await server.fold()
      }
    }

    @Test("who signs out in one window is told no more in another")
    func endsWithItsSession() async throws {
      try await InABrowser.work { server, page in
        try await InABrowser.enter(.reader, server, page)
        for path in [KnownPage.message(ConsoleHistory.opened), KnownPage.user("tom")] {
          try await page.open(path)
          let other = try await page.another()
          try await other.open("/console/sign-in")
          try await other.open("/console")
          try await other.loading { try await other.click(".leave button") }
          try await page.until("document.querySelector('[data-live-mark]').hidden")
          #expect(await page.complaints() == [], "\(path)")
          try await InABrowser.enter(.reader, server, page)
        }
      }
    }

    @Test("a page whose key is revoked says no more, and asks no more")
    func endsWithItsKey() async throws {
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

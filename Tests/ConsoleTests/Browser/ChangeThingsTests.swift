import Ledger
import Postgres
import PushCore
import Testing

extension InABrowser {
  /// Each order with the mouse, and with the keyboard alone: asked for, left, and given.
  @Suite("Change things with a browser", .oneServer)
  struct ChangeThings {
    private static func link(_ order: String) -> String {
      "main a[href='/console/operate/\(order)']"
    }

    private static let sure = "main form.sheet button.main"
    private static let leave = "main form.sheet a.button"

    /// The text of a row, by its heading.
    private static func row(_ name: String) -> String {
      """
      [...document.querySelectorAll('main tr')]
        .find((row) => row.querySelector('th')?.innerText.trim() === \(BrowserPage.quoted(name)))
        .innerText
      """
    }

    /// Asks for an order and leaves it, and asks once more.
    private func ask(
      _ order: String, _ question: String, by hand: BrowserPage.Hand, _ server: ConsoleServer,
      _ page: BrowserPage
    ) async throws {
      let before = try await server.audit()
      try await page.go(Self.link(order), by: hand)
      #expect(try await page.text("document.querySelector('h1').innerText") == question)
      #expect(await page.complaints() == [])
      try await page.go(Self.leave, by: hand)
      #expect(try await page.path() == "/console/operate")
      #expect(try await server.audit() == before, "leaving does nothing")
      try await page.go(Self.link(order), by: hand)
    }

    private func give(_ page: BrowserPage, by hand: BrowserPage.Hand) async throws {
      try await page.go(Self.sure, by: hand)
      #expect(try await page.path() == "/console/operate")
      #expect(await page.complaints() == [])
    }

    @Test("a provider is paused and resumed, and so is the app")
    func pauses() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        try await page.open("/console/operate")
        for (hand, provider, name) in [
          (BrowserPage.Hand.mouse, "apns", "apns"), (.keyboard, "all", "the whole app"),
        ] {
          try await ask("pause?provider=\(provider)", "Pause \(name)?", by: hand, server, page)
          try await page.fill("#reason", with: "by \(hand)", by: hand)
          try await give(page, by: hand)
          #expect(try await server.texts("select reason from dispatch.pauses") == ["by \(hand)"])
          let row = try await page.text(Self.row(name))
          #expect(row.contains("paused") && row.contains("by \(hand)"), "\(row)")

          try await ask("resume?provider=\(provider)", "Resume \(name)?", by: hand, server, page)
          try await give(page, by: hand)
          #expect(try await server.texts("select app from dispatch.pauses") == [])
          #expect(try await !page.text(Self.row(name)).contains("paused"))
        }
        #expect(
          try await server.audit().dropFirst(earlier) == [
            "pause_pushes: by mouse", "resume_pushes", "pause_pushes: by keyboard", "resume_pushes",
          ])
      }
    }

    @Test("a projection is paused and goes on")
    func pausesAProjection() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        try await page.open("/console/operate")
        let paused = "select projection from ledger.checkpoints where paused_at is not null"
        for hand in BrowserPage.Hand.allCases {
          try await ask(
            "pause-projection?projection=notifications", "Pause the projection notifications?",
            by: hand, server, page)
          try await give(page, by: hand)
          #expect(try await server.texts(paused) == ["notifications"])
          #expect(try await page.text(Self.row("notifications")).contains("paused"))
          try await ask(
            "resume-projection?projection=notifications",
            "Let the projection notifications go on?", by: hand, server, page)
          try await give(page, by: hand)
          #expect(try await server.texts(paused) == [])
          #expect(try await page.text(Self.row("notifications")).contains("serves"))
        }
        let orders = ["pause_projection", "resume_projection"]
        #expect(try await server.audit().dropFirst(earlier) == orders[...] + orders)
      }
    }

    @Test("an event that cannot be folded is skipped, and counts for nobody")
    func skips() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        for hand in BrowserPage.Hand.allCases {
          try await server.append([Meanwhile.message("poison-\(hand)")])
          let rows = try await server.pool.query(
            """
            update ledger.checkpoints c
            set failed_at = now(), failed_position = h.position, failure = 'a <new> version'
            from ledger.heads h where h.app = c.app and c.projection = 'notifications'
            returning h.position
            """)
          let position: Int64 = try rows[0].get(0)
          try await page.open("/console/operate")
          let shown = try await page.text(Self.row("notifications"))
          #expect(shown.contains("stands still at") && shown.contains("a <new> version"))
          try await ask(
            "skip?projection=notifications&position=\(position)",
            "Skip the event at position \(position)?", by: hand, server, page)
          let facts = try await page.text("document.querySelector('main dl').innerText")
          #expect(facts.contains("message.sent") && facts.contains("a <new> version"))
          try await page.fill("#reason", with: "by \(hand)", by: hand)
          try await give(page, by: hand)
          #expect(try await page.text(Self.row("notifications")).contains("serves"))
          try await server.fold()
          try await page.until(
            """
            document.querySelector('[data-live=trail]').innerText
              .includes('position \(position) of notifications skipped: by \(hand)')
            """, otherwise: "document.querySelector('[data-live=trail]').innerText")
        }
        let decided = "select message_id from pushledger.messages where message_id like 'poison%'"
        #expect(try await server.texts(decided) == [])
        #expect(
          try await server.audit().dropFirst(earlier) == [
            "skip_event: by mouse", "skip_event: by keyboard",
          ])
      }
    }

    @Test("a rebuild is started and watched until it serves")
    func rebuilds() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        try await page.open("/console/operate")
        let counts = "select status || ' ' || count(*) from pushledger.deliveries group by status"
        let before = try await server.texts(counts + " order by 1")
        for hand in BrowserPage.Hand.allCases {
          try await ask("rebuild", "Rebuild notifications?", by: hand, server, page)
          try await page.go(Self.sure, by: hand)
          #expect(try await page.path() == "/console/operate")
          let work = "document.querySelector('[data-live=work]').innerText"
          try await page.until("\(work).includes('It serves.')", otherwise: work)
          try await page.until("document.querySelector(\"\(Self.link("rebuild"))\")")
          #expect(await page.complaints() == [])
          #expect(try await server.texts("select 1 from ledger.rebuilds") == [])
          #expect(try await server.texts(counts + " order by 1") == before)
        }
        #expect(
          try await server.audit().dropFirst(earlier)
            == ["rebuild_projection", "rebuild_projection"])
      }
    }

    @Test("a user is erased, after it was shown what goes")
    func erases() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        try await page.open("/console/operate")
        let see = "main form.row button.grave"
        for (hand, user) in [(BrowserPage.Hand.mouse, "kim"), (.keyboard, "lena")] {
          let kept = """
            select type from ledger.events where content is not null
            and (stream = 'user/\(user)' or stream like 'device/\(user)%'
              or data ->> 'user' = '\(user)')
            """
          for isSure in [false, true] {
            try await page.fill("#erase-user", with: user, by: hand)
            try await page.go(see, by: hand)
            #expect(try await page.path() == "/console/operate/erase?user=\(user)")
            let goes = try await page.text("document.querySelector('main table').innerText")
            #expect(goes.contains("device.registered") && goes.contains("user.updated"))
            if !isSure { try await page.go(Self.leave, by: hand) }
          }
          #expect(try await !server.texts(kept).isEmpty)
          try await page.fill("#reason", with: "request by \(hand)", by: hand)
          try await give(page, by: hand)
          let work = "document.querySelector('[data-live=work]').innerText"
          try await page.until(
            "\(work).includes('Erasure of \(user)') && \(work).includes('events is erased')",
            otherwise: work)
          #expect(try await server.texts(kept) == [])
          #expect(await page.complaints() == [])
        }
        #expect(
          try await server.audit().dropFirst(earlier) == [
            "erase_user: request by mouse", "erase_user: request by keyboard",
          ])
      }
    }
  }
}

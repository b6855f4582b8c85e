import Ledger
import Postgres
import PushCore
import Testing

extension InABrowser {
  /// With the mouse, and with the keyboard alone.
  @Suite("Choose deliveries, and send a test push, with a browser", .oneServer)
  struct SendAndChoose {
    private static func box(_ delivery: String) -> String { "input[name='id.\(delivery)']" }

    private static let sure = "main form.sheet button.main"
    private static let leave = "main form.sheet a.button"

    /// Ticks deliveries in a list, gives an order, leaves it, and gives it again.
    private func choose(
      _ delivery: String, _ order: String, in list: String, by hand: BrowserPage.Hand,
      _ server: ConsoleServer, _ page: BrowserPage
    ) async throws {
      let before = try await server.audit()
      for isSure in [false, true] {
        try await page.open(list)
        try await page.use(Self.box(delivery), by: hand)
        #expect(
          try await page.isTrue("document.querySelectorAll(':checked[type=checkbox]').length == 1"))
        try await page.go("button[value=\(order)]", by: hand)
        #expect(try await page.path() == "/console/operate/deliveries")
        let will = try await page.text("document.querySelector('ul.will').innerText")
        #expect(will.hasPrefix("1 delivery will"), "\(will)")
        guard !isSure else { break }
        try await page.expectRules(of: "the plan of a \(order)", PageLook.all)
        #expect(try await page.keyboardFaults() == [])
        try await page.show(.desktop, .light)
        try await page.go(Self.leave, by: hand)
        #expect(try await page.path() == "/console/deliveries")
        #expect(try await server.audit() == before, "leaving does nothing")
      }
      try await page.fill("#reason", with: "by \(hand)", by: hand)
      try await page.go(Self.sure, by: hand)
      #expect(try await page.path() == "/console/deliveries")
      #expect(await page.complaints() == [])
      try await server.fold()
    }

    @Test("what is due is called off, and what was refused is tried again")
    func choosesDeliveries() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        for (hand, waiting, refused) in [
          (
            BrowserPage.Hand.mouse, KnownPage.delivery(ConsoleHistory.waiting, "mei", "iphone"),
            KnownPage.delivery(ConsoleHistory.refused, "kim", "firefox")
          ),
          (
            .keyboard, KnownPage.delivery(ConsoleHistory.crowd, "crew-21", "phone"),
            KnownPage.delivery("day-38", "kim", "firefox")
          ),
        ] {
          try await choose(
            waiting, "cancel", in: "/console/deliveries?status=due", by: hand, server, page)
          try await choose(
            refused, "retry", in: "/console/deliveries?status=refused", by: hand, server, page)
          for (delivery, status) in [(waiting, "cancelled"), (refused, "due")] {
            let stored = """
              select status from pushledger.deliveries where delivery_id = '\(delivery)'
              """
            #expect(try await server.texts(stored) == [status])
            try await page.open("/console/deliveries?status=\(status)")
            let isListed = "!!document.querySelector(\"\(Self.box(delivery))\")"
            #expect(try await page.isTrue(isListed), "\(status)")
          }
        }
        #expect(
          try await server.audit().dropFirst(earlier) == [
            "cancel_deliveries: by mouse", "retry_deliveries: by mouse",
            "cancel_deliveries: by keyboard", "retry_deliveries: by keyboard",
          ])
      }
    }

    @Test("a list of which nothing is chosen says so")
    func choosesNothing() async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(.admin, server, page)
        try await page.open("/console/deliveries")
        try await page.go("button[value=cancel]", by: .mouse)
        #expect(await page.status() == 400)
        #expect(try await page.text("document.querySelector('main').innerText").contains("chosen"))
      }
    }

    @Test("a test push is sent to a device, and its page shows it arrive")
    func sendsATestPush() async throws {
      try await InABrowser.work { server, page in
        let earlier = try await server.audit().count
        try await InABrowser.enter(.admin, server, page)
        for hand in BrowserPage.Hand.allCases {
          try await page.open("/console")
          try await page.go(".places a[href='/console/test']", by: hand)
          try await page.fill("#user", with: "tom", by: hand)
          try await page.go("main form button.main", by: hand)
          try await page.go("main th a[href$='device=pixel']", by: hand)
          #expect(try await page.text("document.querySelector('main').innerText").contains("fcm"))
          try await page.fill("#title", with: "From \(hand)", by: hand)
          try await page.fill("#text", with: "Is it <b>there</b>?", by: hand)
          try await page.go("main form button.main", by: hand)
          let path = try await page.path()
          let id = try #require(path.split(separator: "/").last.map(String.init))
          #expect(path == "/console/messages/\(id)")
          try await page.evaluate("globalThis.isSamePage = true")

          try await server.fold()
          let status = "document.querySelector('.decision .st')?.innerText.trim()"
          try await page.until("\(status) === 'due'", otherwise: "document.body.innerText")
          try await server.record([Meanwhile.attempt(id, "tom", "pixel", "fcm")])
          try await page.until("\(status) === 'accepted'", otherwise: status)
          try await server.record([Meanwhile.delivered(id, "tom", "pixel")])
          let lanes = "document.querySelector('[data-live=timeline]').textContent"
          try await page.until("\(lanes).includes('delivered')", otherwise: lanes)
          #expect(try await page.isTrue("globalThis.isSamePage === true"))
          #expect(await page.complaints() == [])

          try await page.open(path)
          let shown = try await page.text("document.querySelector('.previews').innerText")
          #expect(shown.contains("From \(hand)") && shown.contains("Is it <b>there</b>?"))
          let devices = "select device_id from pushledger.deliveries where message_id = '\(id)'"
          #expect(try await server.texts(devices) == ["pixel"])
        }
        #expect(try await server.audit().dropFirst(earlier) == ["test_push", "test_push"])
      }
    }
  }
}

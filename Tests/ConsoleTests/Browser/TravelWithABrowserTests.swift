import Ledger
import Testing

extension InABrowser {
  @Suite("Travel in time, and take lists along, with a browser")
  struct TravelWithABrowser {
    private static let place =
      "document.querySelector('output[data-scrub-place]').innerText.replace(/,/g, '')"

    @Test("the slider leads to how things were, with the mouse and with the keyboard")
    func slides() async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open(KnownPage.user("tom"))
        let now = try await page.text(Self.place)
        try await page.loading { try await page.click("#at-scrub") }
        let middle = try await page.text(Self.place)
        #expect(try await page.path() == KnownPage.user("tom") + "?at=\(middle)")
        #expect(try #require(Int(middle)) < #require(Int(now)))
        #expect(
          try await page.text("document.querySelector('h2').innerText") == "Then, not now")
        #expect(await page.complaints() == [])

        try await page.tab(to: "#at-scrub")
        try await page.press(.left)
        try await page.press(.left)
        let before = try #require(Int(middle)) - 2
        #expect(try await page.text(Self.place) == "\(before)", "a key moves it only")
        #expect(try await page.path() == KnownPage.user("tom") + "?at=\(middle)")
        try await page.loading { try await page.press(.enter) }
        #expect(try await page.path() == KnownPage.user("tom") + "?at=\(before)")

        try await page.tab(to: "#at-scrub")
        try await page.press(.home)
        try await page.tab(to: "form.row:has(#at-scrub) button")
        try await page.loading { try await page.press(.enter) }
        let first = try await page.text("document.getElementById('at-scrub').min")
        #expect(try await page.path() == KnownPage.user("tom") + "?at=\(first)")
        try await page.go("main .acts a:last-child", by: .keyboard)
        #expect(try await page.path() == KnownPage.user("tom"))
      }
    }

    @Test("a time leads there, and what is none is refused")
    func takesTimes() async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(.reader, server, page)
        let form = "form.row:has(#at-text) button"
        for (text, status) in [("2999-01-01 10:00:00Z", 200), ("yesterday", 400)] {
          try await page.open(KnownPage.user("tom"))
          try await page.fill("#at-text", with: text, by: .keyboard)
          try await page.go(form, by: .keyboard)
          #expect(await page.status() == status, "\(text)")
        }
      }
    }

    @Test("a list is filtered with its form, and its files hold what it shows")
    func exports() async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(.reader, server, page)
        for hand in BrowserPage.Hand.allCases {
          try await page.open("/console/deliveries")
          try await page.evaluate("document.getElementById('f-status').value = 'refused'")
          try await page.fill("#f-user", with: "kim", by: hand)
          try await page.go("form.filter button.main", by: hand)
          #expect(try await page.path() == "/console/deliveries?status=refused&user=kim")
        }
        let listed = try await page.lines(
          "[...document.querySelectorAll('main tbody th .id')].map((id) => id.title)")
        #expect(!listed.isEmpty)
        let csv = try await Self.file(".csv", page).split(separator: "\r\n")
        let names = csv[0].split(separator: ",")
        let column = try #require(names.firstIndex(of: "message_id"))
        #expect(csv.dropFirst().map { String($0.split(separator: ",")[column]) } == listed)
        let lines = try await Self.file(".ndjson", page)
        let objects = try await page.lines(
          """
          \(BrowserPage.quoted(lines)).trim().split('\\n')
            .map((line) => JSON.parse(line).message_id)
          """)
        #expect(objects == listed)
        #expect(await page.complaints() == [])
      }
    }

    /// What a link of the list leads to, which a browser would save.
    private static func file(_ end: String, _ page: BrowserPage) async throws -> String {
      try await page.text(
        """
        fetch(document.querySelector('main a[href*="deliveries\(end)"]').href).then((answer) =>
          answer.headers.get('content-disposition').startsWith('attachment')
            ? answer.text() : 'is no file')
        """)
    }
  }
}

import Ledger
import Testing

extension InABrowser {
  @Suite("Use the keyboard")
  struct UseTheKeyboard {
    /// Pages that are gone through as narrow as a phone, too: tables are blocks there.
    private static let onPhones: Set<String> = [
      "sign-in", "overview", "message", "user", "operate",
    ]

    @Test("one signs in, searches, goes past the head and signs out without a mouse")
    func needsNoMouse() async throws {
      try await InABrowser.look { server, page in
        try await page.open("/console")
        #expect(try await page.isFocused("#key"), "the field is ready")
        try await page.type(try await server.key([.read]))
        try await page.loading { try await page.press(.enter) }
        #expect(try await page.path() == "/console")

        try await page.press(.tab)
        #expect(try await page.isFocused(".skip"))
        let isSeen = "document.activeElement.getBoundingClientRect().top >= 0"
        #expect(try await page.isTrue(isSeen), "the way past the head is to be seen")
        try await page.press(.enter)
        #expect(try await page.isFocused("main"))
        try await page.press(.tab)
        #expect(try await page.isTrue("!!document.activeElement.closest('main')"))

        try await page.press(.slash)
        #expect(try await page.isFocused("#q"))
        try await page.type("a/b")
        #expect(try await page.text("document.getElementById('q').value") == "a/b")
        try await page.loading { try await page.press(.enter) }
        #expect(try await page.path() == "/console/search?q=a%2Fb")

        try await page.open("/console")
        try await page.tab(to: ".leave button")
        try await page.loading { try await page.press(.enter) }
        #expect(try await page.path() == "/console/sign-in")
        try await page.open("/console")
        #expect(try await page.path() == "/console/sign-in")
      }
    }

    @Test(
      "Tab reaches all of a page, in its order, and the focus is to be seen",
      arguments: [KnownPage.Visitor.nobody, .admin])
    func reachesEverything(visitor: KnownPage.Visitor) async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(visitor, server, page)
        for known in KnownPage.all where known.isFor(visitor) && !known.isVariant {
          for look in Self.onPhones.contains(known.name) ? PageLook.some : [PageLook.some[0]] {
            try await page.show(look.size, look.scheme)
            try await page.open(known.path)
            let faults = try await page.keyboardFaults()
            #expect(faults == [], "\(known), \(look)")
          }
        }
      }
    }
  }
}

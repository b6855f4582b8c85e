import Ledger
import PushCore
import Testing

extension InABrowser {
  @Suite("Sign in with a browser")
  struct SignInWithABrowser {
    @Test("a wrong key is told so, and a right one leads to where one was going")
    func tellsKeysApart() async throws {
      try await InABrowser.look { server, page in
        let key = try await server.key([.read])
        try await page.open("/console?span=week")
        #expect(try await page.path() == "/console/sign-in?next=%2Fconsole%3Fspan%3Dweek")
        try await page.click("#key")
        try await page.type(key + "0")
        try await page.loading { try await page.click("button.main") }
        #expect(await page.status() == 401)
        #expect(try await page.text("document.getElementById('refusal').innerText").contains("key"))
        #expect(try await page.isTrue("document.getElementById('refusal').role === 'alert'"))
        #expect(try await page.isFocused("#key[aria-invalid][aria-describedby=refusal]"))
        let holdsKey = "document.documentElement.outerHTML.includes(\(BrowserPage.quoted(key)))"
        #expect(try await !page.isTrue(holdsKey), "a key is in the page")
        #expect(try await page.structureFaults() + page.lookFaults(.desktop) == [])

        try await page.type(key)
        try await page.loading { try await page.click("button.main") }
        #expect(try await page.path() == "/console?span=week")
        #expect(try await page.text("document.querySelector('h1').innerText") == "Overview")
        #expect(try await page.text("document.querySelector('.app').innerText").contains("chat"))
        #expect(try await !page.isTrue(holdsKey), "a key is in the page")
      }
    }

    @Test("no script can read the session, and nothing of it stays behind")
    func keepsTheSession() async throws {
      try await InABrowser.look { server, page in
        try await page.signIn(try await server.key([.read]))
        #expect(try await page.text("document.cookie").isEmpty)
        let stored = "localStorage.length + sessionStorage.length"
        #expect(try await page.evaluate(stored).integer == 0)
        let cookies = try await page.send("Network.getCookies")["cookies"]?.array ?? []
        #expect(cookies.count == 1)
        #expect(cookies.first?["httpOnly"] == true && cookies.first?["sameSite"] == "Lax")
        #expect(cookies.first?["path"] == "/console")

        try await page.loading { try await page.click(".leave button") }
        #expect(try await page.path() == "/console/sign-in")
        let left = try await page.send("Network.getCookies")["cookies"]?.array ?? []
        #expect(left.isEmpty)
        // The way back leads to no page that was kept.
        try await page.loading { try await page.evaluate("history.back()") }
        #expect(try await page.path() == "/console/sign-in")
        #expect(try await page.isTrue("!document.querySelector('.app')"))
      }
    }
  }
}

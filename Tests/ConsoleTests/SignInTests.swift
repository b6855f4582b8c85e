import HTTPTypes
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Sign in", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct SignIn {
  @Test("a page asks who one is first, and comes back to where one was going")
  func asksFirst() async throws {
    try await ConsoleRig.run { rig in
      let asked = try await rig.get("/console?span=week")
      #expect(asked.status == 303)
      #expect(asked.headers[.location] == "/console/sign-in?next=%2Fconsole%3Fspan%3Dweek")
      let form = try await rig.get("/console/sign-in?next=%2Fconsole%3Fspan%3Dweek")
      #expect(form.status == 200 && form.body.contains(#"name="next" value="/console?span=week""#))
      let signed = try await rig.post(
        "/console/sign-in", ["key": try await rig.key(), "next": "/console?span=week"])
      #expect(signed.status == 303 && signed.headers[.location] == "/console?span=week")
      let page = try await rig.get("/console?span=week", session: signed.session)
      #expect(page.status == 200 && page.body.contains("chat"))
    }
  }

  @Test("a cookie that scripts and other sites cannot have, and that the database does not hold")
  func keepsTheCookie() async throws {
    try await ConsoleRig.run { rig in
      let key = try await rig.key()
      let plain = try #require(try await rig.post("/console/sign-in", ["key": key]).cookie)
      for part in ["HttpOnly", "SameSite=Lax", "Path=/console", "Max-Age=28800"] {
        #expect(plain.contains(part), "\(plain)")
      }
      #expect(!plain.contains("Secure"))
      let behindTLS = HTTPField.Name("X-Forwarded-Proto").map { [$0: "https"] as HTTPFields }
      let secure = try await rig.post("/console/sign-in", ["key": key], behindTLS ?? [:])
      #expect(secure.cookie?.contains("Secure") == true)
      let secret = try #require(plain.split(separator: ";").first?.split(separator: ".").last)
      let rows = try await rig.pool.query(
        "select s::text from ledger.console_sessions s union all select a::text from ledger.audit a"
      )
      for row in rows { #expect(!(try row.get(0, as: String.self).contains(secret))) }
    }
  }

  @Test("a wrong key, a revoked one, and one that may not read sign nobody in")
  func refusesKeys() async throws {
    try await ConsoleRig.run { rig in
      let good = try await rig.key()
      let wrong = String(good.dropLast()) + (good.last == "a" ? "b" : "a")
      for key in [wrong, "", "plk_", String(repeating: "x", count: 5_000)] {
        let refused = try await rig.post("/console/sign-in", ["key": key])
        #expect(refused.status == 401 && refused.cookie == nil)
        #expect(refused.body.contains("This is no key, or a wrong or a revoked one."))
        #expect(key.isEmpty || !refused.body.contains(key), "a key is shown again")
      }
      let sender = try await rig.post("/console/sign-in", ["key": try await rig.key([.send])])
      #expect(sender.status == 403 && sender.cookie == nil)
      let session = try await rig.signIn()
      _ = try await rig.pool.query("update ledger.api_keys set revoked_at = now()")
      #expect(try await rig.get("/console", session: session).status == 303)
    }
  }

  @Test("a session ends: at sign-out, by time, and as the oldest of too many")
  func ends() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      let page = try await rig.get("/console", session: session)
      let token = try #require(page.formToken)
      let other = try await rig.signIn()
      let forged = try await rig.post("/console/sign-out", ["csrf": token], session: other)
      #expect(forged.status == 400, "a form of another session")
      #expect(try await rig.post("/console/sign-out", [:], session: session).status == 400)
      let out = try await rig.post("/console/sign-out", ["csrf": token], session: session)
      #expect(out.status == 303 && out.cookie?.contains("Max-Age=0") == true)
      #expect(try await rig.get("/console", session: session).status == 303)
      #expect(try await rig.get("/console", session: other).status == 200)
      let audit = try await rig.pool.query("select action from ledger.audit order by entry")
      #expect(
        try audit.map { try $0.get(0, as: String.self) } == ["sign_in", "sign_in", "sign_out"])
      _ = try await rig.pool.query(
        """
        update ledger.console_sessions
        set created_at = created_at - interval '9 h', expires_at = expires_at - interval '9 h'
        """)
      #expect(try await rig.get("/console", session: other).status == 303)
    }
  }

  @Test("another secret, another session and noise are nobody")
  func refusesCookies() async throws {
    try await ConsoleRig.run { rig in
      let one = try await rig.signIn()
      let two = try await rig.signIn()
      let parts = [one, two].map { $0.split(separator: "=")[1].split(separator: ".") }
      let name = one.split(separator: "=")[0]
      for value in [
        "\(parts[0][0]).\(parts[1][1])", "\(parts[0][0])", "\(parts[0][0]).", ".", "",
        "\(parts[0][0]).\(parts[0][1].dropLast(2))", "\(parts[0][0])'.\(parts[0][1])",
      ] {
        let answer = try await rig.get("/console", session: "\(name)=\(value)")
        #expect(answer.status == 303, "\(value)")
      }
      #expect(try await rig.get("/console", session: one).status == 200)
    }
  }

  @Test(
    "a link to it leads to no other site",
    arguments: [
      "https://example.org/", "//example.org", "/console/../x", #"/\example.org"#, "/v1/status",
      "/consoles", "/console/sign-in", "javascript:alert(1)", "/console\r\nSet-Cookie: a=b",
    ])
  func staysHere(next: String) async throws {
    try await ConsoleRig.run { rig in
      let signed = try await rig.post(
        "/console/sign-in", ["key": try await rig.key(), "next": next])
      let location = try #require(signed.headers[.location])
      #expect(signed.status == 303)
      #expect(location == "/console" || location == "/console/../x", "\(location)")
    }
  }

  @Test("a form that another site sent signs nobody in")
  func refusesOtherSites() async throws {
    try await ConsoleRig.run { rig in
      let key = try await rig.key()
      let name = try #require(HTTPField.Name("Sec-Fetch-Site"))
      for site in ["cross-site", "same-site"] {
        let refused = try await rig.post("/console/sign-in", ["key": key], [name: site])
        #expect(refused.status == 400 && refused.cookie == nil)
      }
      for (origin, status) in [
        ("http://evil.example", 400), ("null", 400), ("http://localhost", 303),
      ] {
        let answer = try await rig.post("/console/sign-in", ["key": key], [.origin: origin])
        #expect(answer.status == status, "\(origin)")
      }
      let own = try await rig.post("/console/sign-in", ["key": key], [name: "same-origin"])
      #expect(own.status == 303)
    }
  }
}

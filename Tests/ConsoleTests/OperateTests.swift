import HTTPTypes
import Ledger
import Postgres
import Projections
import PushCore
import TestSupport
import Testing

@Suite("Operate", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct Operate {
  /// Every order, with fields that it takes.
  private static let orders: [(name: String, fields: [(String, String)])] = [
    ("pause", [("provider", "apns")]), ("resume", [("provider", "all")]),
    ("pause-projection", [("projection", "notifications")]),
    ("resume-projection", [("projection", "notifications")]),
    ("skip", [("projection", "notifications"), ("position", "1")]), ("rebuild", []),
    ("erase", [("user", "ann")]),
    ("deliveries", [("order", "cancel"), ("id.6ba7b810-9dad-11d1-80b4-00c04fd430c8", "on")]),
  ]

  @Test("nothing is done without the scope, the form's token, or from another site")
  func refuses() async throws {
    try await ConsoleRig.run { rig in
      try await rig.device(of: "ann")
      let reader = try await rig.signIn()
      let admin = try await rig.signIn([.admin])
      let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
      for (name, fields) in Self.orders {
        let scoped = try await rig.order(name, fields, session: reader)
        #expect(scoped.status == 403 && scoped.body.contains("admin"), "\(name)")
        let path = "/console/operate/\(name)"
        #expect(try await rig.post(path, fields, session: admin).status == 400, "\(name)")
        let forged = [("csrf", try await rig.token(reader))] + fields
        #expect(try await rig.post(path, forged, session: admin).status == 400, "\(name)")
        let good = [("csrf", try await rig.token(admin))] + fields
        let foreign = try await rig.post(path, good, session: admin, [site: "cross-site"])
        #expect(foreign.status == 400, "\(name)")
        #expect(try await rig.post(path, good).status == 401, "\(name)")
        guard name != "deliveries" else { continue }
        let query = fields.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        #expect(try await rig.get("\(path)?\(query)", session: reader).status == 403, "\(name)")
      }
      #expect(try await rig.audit() == [])
      #expect(try await rig.count("dispatch.pauses") == 0)
    }
  }

  @Test("a key that reads sees how things are, and no button")
  func showsStates() async throws {
    try await ConsoleRig.run { rig in
      try await rig.device(of: "ann")
      #expect(
        try await DispatchPauses(rig.pool).pause(.apns, of: ConsoleRig.app, reason: "<b>two</b>"))
      let page = try await rig.get("/console/operate", session: try await rig.signIn())
      #expect(page.status == 200)
      for shown in ["apns", "paused", "&lt;b&gt;two&lt;/b&gt;", "command", "notifications"] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      for hidden in [#"class="button""#, "Erase a user", "<b>two", "fcm"] {
        #expect(!page.body.contains(hidden), "\(hidden)")
      }
      let admin = try await rig.get("/console/operate", session: try await rig.signIn([.admin]))
      #expect(admin.body.contains(#"href="/console/operate/resume?provider=apns""#))
      #expect(admin.body.contains(#"href="/console/operate/pause?provider=all""#))
      #expect(admin.body.contains("Erase a user"))
    }
  }

  @Test("a provider, and the app, is paused and resumed; each is asked for and written down")
  func pauses() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      try await rig.device(of: "ann")
      let session = try await rig.signIn([.admin])
      let asked = try await rig.get("/console/operate/pause?provider=apns", session: session)
      #expect(asked.status == 200 && asked.body.contains("Nothing is pushed through apns"))
      #expect(try await rig.count("dispatch.pauses") == 0, "asking does nothing")
      let done = try await rig.order(
        "pause", [("provider", "apns"), ("reason", "doubled")], session: session)
      #expect(done.status == 303 && done.headers[.location] == "/console/operate")
      let pauses = DispatchPauses(rig.pool)
      let pause = try #require(try await pauses.list(of: ConsoleRig.app).first)
      #expect(pause.provider == .apns && pause.reason == "doubled" && pause.keyID != nil)
      #expect(try await pauses.list(of: ConsoleRig.other).isEmpty)
      let again = try await rig.get("/console/operate/pause?provider=apns", session: session)
      #expect(again.body.contains("paused already") && again.formToken != nil)
      #expect(!again.body.contains(#"action="/console/operate/pause""#))
      for (name, provider) in [("pause", "all"), ("resume", "apns"), ("resume", "all")] {
        let done = try await rig.order(name, [("provider", provider)], session: session)
        #expect(done.status == 303)
      }
      #expect(try await pauses.list().isEmpty)
      #expect(
        try await rig.audit() == [
          "chat pause_pushes", "chat pause_pushes", "chat resume_pushes", "chat resume_pushes",
        ])
      let page = try await rig.get("/console/operate", session: session)
      #expect(page.body.contains("reason doubled, provider apns"))
      // Another app's key sees nothing of it.
      let stranger = try await rig.signIn([.admin], of: ConsoleRig.other)
      let theirs = try await rig.get("/console/operate", session: stranger)
      for hidden in ["doubled", ">apns<", "provider=apns", ">chat<"] {
        #expect(!theirs.body.contains(hidden), "\(hidden)")
      }
    }
  }

  @Test("bad parameters are refused by name")
  func namesWhatIsWrong() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn([.admin])
      let long = String(repeating: "x", count: 300)
      for (path, name) in [
        ("pause?provider=pigeon", "provider"), ("pause", "provider"),
        ("pause-projection", "projection"), ("skip?projection=notifications", "position"),
        ("skip?projection=notifications&position=-1", "position"), ("erase", "user"),
        ("erase?user=\(long)", "user"),
      ] {
        let answer = try await rig.get("/console/operate/\(path)", session: session)
        #expect(answer.status == 400 && answer.body.contains(name), "\(path)")
      }
      let reason = try await rig.order(
        "pause", [("provider", "all"), ("reason", long)], session: session)
      #expect(reason.status == 400 && reason.body.contains("reason has 300 bytes"))
      for fields in [
        [("order", "burn"), ("id.6ba7b810-9dad-11d1-80b4-00c04fd430c8", "on")],
        [("order", "cancel")], [("order", "cancel"), ("id.7", "on")],
      ] {
        #expect(try await rig.order("deliveries", fields, session: session).status == 400)
      }
      let unknown = try await rig.get(
        "/console/operate/pause-projection?projection=nothing", session: session)
      #expect(unknown.status == 404)
    }
  }

  @Test("deliveries of another app are not there")
  func keepsDeliveriesApart() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      try await rig.device(of: "ann")
      try await rig.message("m1", to: "ann")
      try await rig.project()
      let id: String = try await rig.pool.query(
        "select delivery_id::text from pushledger.deliveries where app = 'chat'")[0].get(0)
      let session = try await rig.signIn([.admin], of: ConsoleRig.other)
      for sure in [[], [("sure", "yes")]] {
        let answer = try await rig.order(
          "deliveries", [("order", "cancel"), ("id.\(id)", "on")] + sure, session: session)
        #expect(answer.status == 404 && !answer.body.contains("ann"))
      }
      #expect(try await rig.count("dispatch.due") == 1)
      #expect(try await rig.audit() == [])
    }
  }
}

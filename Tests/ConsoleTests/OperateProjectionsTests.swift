import HTTPTypes
import Ledger
import Postgres
import Projections
import PushCore
import TestSupport
import Testing

@Suite("Operate projections", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct OperateProjectionsAndErase {
  /// Lets the app's projection stand still before an event, as if it could not be folded.
  private func poison(_ rig: ConsoleRig, at position: Position, of app: AppID) async throws {
    _ = try await rig.pool.query(
      """
      update ledger.checkpoints
      set position = $2 - 1, failed_at = now(), failed_position = $2, failure = 'a <new> version'
      where app = $1 and projection = 'notifications'
      """, [app.rawValue, position])
  }

  private func condition(
    _ rig: ConsoleRig, _ app: AppID = ConsoleRig.app
  ) async throws -> ProjectionState.Condition? {
    try await ProjectionControl(rig.pool).states(of: .notifications, app: app).first?.condition
  }

  @Test("a projection is paused and goes on, for this app alone")
  func pauses() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      try await rig.device(of: "ann")
      try await rig.device(of: "ben", to: ConsoleRig.other)
      let session = try await rig.signIn([.admin])
      let field = [("projection", "notifications")]
      let asked = try await rig.get(
        "/console/operate/pause-projection?projection=notifications", session: session)
      #expect(asked.status == 200 && asked.body.contains("unread counts stand still"))
      #expect(try await condition(rig) == .follows)
      #expect(try await rig.order("pause-projection", field, session: session).status == 303)
      #expect(try await condition(rig) == .paused)
      #expect(try await condition(rig, ConsoleRig.other) == .follows)
      let page = try await rig.get("/console/operate", session: session)
      #expect(page.body.contains("/console/operate/resume-projection?projection=notifications"))
      #expect(try await rig.order("resume-projection", field, session: session).status == 303)
      #expect(try await condition(rig) == .follows)
      #expect(try await rig.audit() == ["chat pause_projection", "chat resume_projection"])
    }
  }

  @Test("one that sets right what is due is said to, on the overview and where it is operated")
  func mends() async throws {
    try await ConsoleRig.run { rig in
      try await rig.device(of: "ann")
      try await rig.project()
      let session = try await rig.signIn([.admin])
      let says = "sets right what is due"
      #expect(try await !rig.get("/console/operate", session: session).body.contains(says))
      #expect(try await condition(rig) == .follows)
      _ = try await rig.pool.query("update ledger.checkpoints set mended_to = 0, cleared_to = 0")
      for path in ["/console", "/console/operate"] {
        let page = try await rig.get(path, session: session)
        #expect(page.body.contains(says), "\(path)")
      }
      #expect(try await condition(rig) == .mending)
    }
  }

  @Test("a poisoned event is shown with its type and error, and skipped; another app's is not")
  func skips() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      for app in [ConsoleRig.app, ConsoleRig.other] {
        try await rig.device(of: "ann", to: app)
        try await rig.message("m1", to: "ann", in: app)
        try await poison(rig, at: 2, of: app)
      }
      let session = try await rig.signIn([.admin])
      let fields = [("projection", "notifications"), ("position", "2")]
      let asked = try await rig.get(
        "/console/operate/skip?projection=notifications&position=2", session: session)
      for shown in ["message.sent", "a &lt;new&gt; version", "Skip position 2"] {
        #expect(asked.body.contains(shown), "\(shown)")
      }
      let wrong = try await rig.get(
        "/console/operate/skip?projection=notifications&position=1", session: session)
      #expect(wrong.status == 404)
      #expect(try await rig.order("skip", fields, session: session).status == 303)
      #expect(try await condition(rig) == .follows)
      #expect(try await condition(rig, ConsoleRig.other) == .failed)
      #expect(try await rig.order("skip", fields, session: session).status == 409)
      try await rig.project()
      let skipped = try await rig.pool.query(
        "select app from ledger.events where type = 'projection.event_skipped'")
      #expect(try skipped.map { try $0.get(0, as: String.self) } == ["chat"])
      let page = try await rig.get("/console/operate", session: session)
      #expect(page.body.contains("position 2 of notifications skipped"))
    }
  }

  @Test("a rebuild runs beside and serves; its progress is live, and it is not two at once")
  func rebuilds() async throws {
    try await ConsoleRig.run { rig in
      try await rig.device(of: "ann")
      for number in 1...5 { try await rig.message("m\(number)", to: "ann") }
      try await rig.project()
      _ = try await rig.pool.query("delete from dispatch.due")
      let session = try await rig.signIn([.admin])
      let asked = try await rig.get("/console/operate/rebuild", session: session)
      #expect(asked.status == 200 && asked.body.contains("nothing can be appended"))
      let stream = LiveText(rig, "/console/live/operate", session)
      _ = try await stream.next { $0.contains("Nothing was ordered") }
      #expect(try await rig.order("rebuild", [], session: session).status == 303)
      let done = try await stream.next { $0.contains("It serves.") }
      #expect(done.contains("5 rows of what is due were set right"))
      stream.stop()
      await stream.ended()
      #expect(try await rig.count("dispatch.due") == 5)
      #expect(try await rig.count("ledger.rebuilds") == 0)
      #expect(try await rig.audit() == ["chat rebuild_projection"])
    }
  }

  @Test("a rebuild is of all apps, so one app's key does not start it where there are others")
  func refusesOthersRebuild() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      let session = try await rig.signIn([.admin])
      for path in ["/console/operate", "/console/operate/rebuild"] {
        let page = try await rig.get(path, session: session)
        #expect(page.body.contains("pushledger projections rebuild notifications"), "\(path)")
        #expect(!page.body.contains("other<"), "\(path)")
      }
      let refused = try await rig.order("rebuild", [], session: session)
      #expect(refused.status == 409)
      #expect(try await rig.audit() == [])
      #expect(try await rig.count("ledger.rebuilds") == 0)
    }
  }

  @Test("a user is erased after a page that says what goes; another app's user stays")
  func erases() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      for app in [ConsoleRig.app, ConsoleRig.other] {
        try await rig.append(
          .userUpdated, ["user": "ann"], ["nickname": "Mia"], to: app)
        try await rig.device(of: "ann", to: app)
      }
      let session = try await rig.signIn([.admin])
      let asked = try await rig.get("/console/operate/erase?user=ann", session: session)
      for shown in ["device.registered", "user.updated", "Erase for good", "the hash chain"] {
        #expect(asked.body.contains(shown), "\(shown)")
      }
      let none = try await rig.get(
        "/console/operate/erase?user=%3Cb%3Enobody", session: session)
      #expect(none.status == 200 && none.body.contains("Erase &lt;b&gt;nobody?"))
      #expect(!none.body.contains("Erase for good"))
      #expect(try await rig.count("ledger.events where type = 'content.erased'") == 0)
      let fields = [("user", "ann"), ("reason", "request 4711")]
      #expect(try await rig.order("erase", fields, session: session).status == 303)
      try await eventually {
        try await rig.get("/console/operate", session: session).body.contains("events is erased")
      }
      let kept = try await rig.pool.query(
        "select app from ledger.events where content is not null and stream like '%ann%' group by 1"
      )
      #expect(try kept.map { try $0.get(0, as: String.self) } == ["other"])
      #expect(try await rig.audit() == ["chat erase_user"])
      for app in [ConsoleRig.app, ConsoleRig.other] {
        #expect(try await Verifier(rig.pool).verify(app).isSound)
      }
      let page = try await rig.get("/console/operate", session: session)
      #expect(page.body.contains("request 4711"))
      // What was ordered of one app shows nowhere else.
      let stranger = try await rig.signIn([.admin], of: ConsoleRig.other)
      let theirs = try await rig.get("/console/operate", session: stranger)
      #expect(theirs.body.contains("Nothing was ordered") && !theirs.body.contains("request 4711"))
    }
  }
}

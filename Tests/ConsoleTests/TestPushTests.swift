import HTTPTypes
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Send a test push", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct SendATestPush {
  @Test("asks for a device, says how it stands, sends, and leads to the message")
  func sends() async throws {
    try await ConsoleRig.run { rig in
      try await rig.device(of: "ann")
      let session = try await rig.signIn([.admin])
      let empty = try await rig.get("/console/test", session: session)
      #expect(empty.status == 200 && empty.body.contains(#"name="user""#))
      let choices = try await rig.get("/console/test?user=ann&device=", session: session)
      #expect(choices.body.contains("/console/test?user=ann&amp;device=phone"))
      let page = try await rig.get("/console/test?user=ann&device=phone", session: session)
      for shown in ["org.example.chat", "no credential", "Send it", "Test push"] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      #expect(!page.body.contains("token-ann"), "G13")
      #expect(try await DispatchPauses(rig.pool).pause(.apns, of: ConsoleRig.app))
      let paused = try await rig.get("/console/test?user=ann&device=phone", session: session)
      #expect(paused.body.contains("apns is paused"))
      let sent = try await rig.post(
        "/console/test",
        [
          ("csrf", try await rig.token(session)), ("user", "ann"), ("device", "phone"),
          ("title", "A test"), ("text", "Hello"),
        ], session: session)
      #expect(sent.status == 303)
      #expect(sent.headers[.location]?.hasPrefix("/console/messages/") == true)
      #expect(try await rig.audit() == ["chat test_push"])
    }
  }

  @Test("refuses who may not, other sites, bad fields, and devices of others")
  func refuses() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      try await rig.device(of: "ann")
      try await rig.device(of: "ben", to: ConsoleRig.other)
      let reader = try await rig.signIn()
      let admin = try await rig.signIn([.admin])
      let good = [("user", "ann"), ("device", "phone"), ("title", ""), ("text", "Hello")]
      #expect(try await rig.get("/console/test", session: reader).status == 403)
      let scoped = [("csrf", try await rig.token(reader))] + good
      #expect(try await rig.post("/console/test", scoped, session: reader).status == 403)
      #expect(try await rig.post("/console/test", good, session: admin).status == 400)
      let token = [("csrf", try await rig.token(admin))]
      let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
      let foreign = try await rig.post(
        "/console/test", token + good, session: admin, [site: "cross-site"])
      #expect(foreign.status == 400)
      for (user, device) in [("ben", "phone"), ("ann", "tablet"), ("nobody", "phone")] {
        let path = "/console/test?user=\(user)&device=\(device)"
        let page = try await rig.get(path, session: admin)
        #expect(page.status == 404, "\(path)")
        let sent = try await rig.post(
          "/console/test",
          token + [("user", user), ("device", device), ("title", ""), ("text", "Hello")],
          session: admin)
        #expect(sent.status == 404, "\(path)")
      }
      for (title, text) in [
        ("", ""), (String(repeating: "x", count: 257), "Hello"),
        ("", String(repeating: "x", count: 1_025)), ("", "a\0b"),
      ] {
        let sent = try await rig.post(
          "/console/test",
          token + [("user", "ann"), ("device", "phone"), ("title", title), ("text", text)],
          session: admin)
        #expect(sent.status == 400)
      }
      #expect(try await rig.audit() == [])
      let hostile = try await rig.get(
        "/console/test?user=%3Cscript%3E&device=phone", session: admin)
      #expect(hostile.status == 404 && hostile.body.contains("&lt;script&gt;"))
    }
  }
}

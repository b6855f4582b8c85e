import PushCore
import Simulators
import Testing

@testable import Providers

/// What vivo's simulator does not take, whoever calls it.
@Suite struct HoldVivosRules {
  struct Change: CustomTestStringConvertible, Sendable {
    var field: String
    var value: JSON
    var code: String
    var testDescription: String { "\(field) \(code)" }

    init(_ field: String, _ value: JSON, _ code: String) {
      self.field = field
      self.value = value
      self.code = code
    }
  }

  private static func text(_ length: Int) -> JSON {
    .string(String(repeating: "x", count: length))
  }

  @Test(arguments: [
    Change("title", "", "10055"), Change("title", text(41), "10056"),
    Change("content", "", "10057"), Change("content", text(101), "10058"),
    Change("notifyType", 5, "10054"), Change("notifyType", "4", "10054"),
    Change("timeToLive", 59, "10059"), Change("timeToLive", 86_401, "10059"),
    Change("skipType", 0, "10060"), Change("skipContent", text(1_025), "10060"),
    Change("clientCustomMap", ["ext": text(1_022)], "10065"),
    Change("clientCustomMap", ["ext": 7], "10065"),
    Change("extra", ["callback": text(129)], "10067"),
    Change("extra", ["callback.param": text(65)], "10067"),
    Change("notifyId", -1, "10082"), Change("pushMode", 2, "10082"),
    Change("classification", 2, "10095"), Change("category", "CHAT", "10096"),
    Change("category", "SOCIAL", "10097"), Change("appId", 7, "10094"),
  ])
  func refusesAFieldThatIsNotAsItMustBe(_ change: Change) async throws {
    try await VivoRig.with { rig async throws in
      var scope = try rig.scope()
      scope.session = try await VivoChannel.openSession(scope).get().text
      let prepared = try VivoChannel.prepare(rig.request("reg-1"), scope)
      let push = PreparedPush(
        prepared.request, content: prepared.content.setting(change.field, to: change.value))
      let verdicts = await VivoChannel.send([push], scope)
      #expect(verdicts.map(\.reason) == [change.code])
      #expect(rig.simulator.acceptedCount == 0)
    }
  }

  private func ask(
    _ path: String, _ body: JSON, session: SecretText = SecretText(""), _ rig: VivoRig
  ) async throws -> Int64? {
    let call = HTTPCall.json(
      rig.simulator.url + path, body, headers: [("authToken", session.reveal())])
    return try await rig.scope().call(call).get().json?["result"]?.integer
  }

  @Test func refusesWhatAsksForASessionWrongly() async throws {
    try await VivoRig.with { rig async throws in
      let whole: JSON = [
        "appId": 10004, "appKey": "key-of-app",
        "timestamp": .integer(rig.clock.now.microseconds / 1_000), "sign": "00",
      ]
      let changes: [(String, JSON, Int64)] = [
        ("appId", .null, 10200), ("appKey", "", 10201), ("appKey", "another", 10202),
        ("timestamp", .null, 10203), ("sign", "", 10204), ("appId", 7, 10205),
        ("sign", "00", 10206),
      ]
      for (field, value, code) in changes {
        let body = whole.setting(field, to: value)
        let answered = try await ask("/message/auth", body, rig)
        #expect(answered == code)
      }
      #expect(rig.simulator.sessionsIssued == 0)
    }
  }

  @Test func refusesListsThatAreNone() async throws {
    try await VivoRig.with { rig async throws in
      let scope = try rig.scope()
      let session = try await VivoChannel.openSession(scope).get().text
      let content = try VivoChannel.prepare(rig.request("reg-1"), scope).content
      func list(_ tokens: [JSON], _ task: String, _ id: String) async throws -> Int64? {
        let body: JSON = [
          "appId": 10004, "taskId": .string(task), "regIds": .array(tokens),
          "requestId": .string(id),
        ]
        return try await ask("/message/pushToList", body, session: session, rig)
      }
      func save(_ id: String) async throws -> Int64? {
        let body = content.setting("requestId", to: .string(id))
        return try await ask("/message/saveListPayload", body, session: session, rig)
      }
      #expect(try await save("s-1") == 0)
      #expect(try await save("s-1") == 10353)
      #expect(try await save("") == 10352)
      #expect(try await save(String(repeating: "x", count: 65)) == 10352)
      let many = (0...1_000).map { JSON.string("reg-\($0)") }
      #expect(try await list(["a"], "700000001", "r-1") == 10150)
      #expect(try await list(["a", "a"], "700000001", "r-1") == 10150)
      #expect(try await list(many, "700000001", "r-1") == 10150)
      #expect(try await list(["a", "b"], "7", "r-1") == 10152)
      #expect(try await list(["a", "b"], "700000001", "s-1") == 10353)
      #expect(try await list(["a", "b"], "700000001", "r-1") == 0)
      #expect(rig.simulator.acceptedCount == 2)
    }
  }

  @Test func limitsRequestsASecond() async throws {
    try await VivoRig.with(app: { $0.requestsPerSecond = 1 }) { rig async throws in
      #expect(try await rig.send("reg-1").outcome == .accepted)
      let result = try await rig.send("reg-2")
      #expect(result.blame == .pace)
      #expect(result.reason == "10072")
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("reg-2", attempt: 2).outcome == .accepted)
    }
  }
}

import Foundation
import Ledger
import NIOHTTP1
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ServeStreams {
  @Test("G9: what waited comes first, in order, then what becomes due; acknowledged, it is done")
  func tellsAndIsAcknowledged() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1", "m2", "m3"])
      var stream = try await rig.openStream()
      #expect(stream.status == 200)
      #expect(stream.head.lowercased().contains("content-type: text/event-stream"))
      #expect(await stream.line() == "retry: 3000")
      let waited = try await stream.events(3)
      #expect(waited.map(\.message) == ["m1", "m2", "m3"])
      #expect(waited.map(\.name) == ["notification", "notification", "notification"])
      #expect(waited.map(\.id) == ["2", "3", "4"])
      try await rig.sendAndFold(["m4"])
      let live = try #require(try await stream.event())
      #expect(live.message == "m4")

      let answer = try await rig.acknowledge(live.id)
      #expect(answer.status == 202 && answer.json == ["acknowledged": 4], "\(answer.text)")
      #expect(try await rig.rows(of: "dispatch.due") == 0)
      #expect(try await rig.rows(of: "dispatch.sent") == 0)
      #expect(
        try await rig.attempts() == [
          "m1 1 accepted", "m2 1 accepted", "m3 1 accepted", "m4 1 accepted",
        ])
      let head = try await rig.head()
      #expect(try await rig.acknowledge(live.id).json == ["acknowledged": 0])
      #expect(try await rig.head() == head, "a repeat stores nothing")
      let report = try await rig.get("/v1/messages/m1?at_least=\(head)")
      let delivery = try #require(report.json["deliveries"]?.array?.first)
      #expect(delivery["status"] == "accepted" && delivery["delivered_at"] != nil)
      try await stream.close()
    }
  }

  @Test("G10: each attempt in the ledger says who sent it, and is as the door would take it")
  func recordsWhole() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1"])
      var stream = try await rig.openStream()
      let told = try #require(try await stream.event())
      _ = try await rig.acknowledge(told.id)
      let events = try await rig.events().map(\.event)
      let attempted = try #require(events.first { $0.type == .pushAttempted })
      let delivered = try #require(events.first { $0.type == .pushDelivered })
      let data = try JSON.parse(attempted.data)
      #expect(data["provider"] == "callback" && data["badge"] == 1)
      #expect(data["dispatcher"]?.string?.hasPrefix("streams-") == true)
      #expect(data["delivery_id"] == told.data["delivery_id"])
      let delivery = try #require(UUID(uuidString: told.data["delivery_id"]?.string ?? ""))
      #expect(attempted.id == DeliveryID.attemptEvent(delivery: delivery, attempt: 1))
      #expect(
        delivered.id == EventID.receipt(.pushDelivered, delivery: delivery, app: APIRig.demo))
      // The app's own receipt of the same changes nothing.
      let receipt = try await rig.post(
        "/v1/receipts", ["delivery_id": JSON(delivery), "event": "delivered"])
      #expect(receipt.json["new"] == 0)
    }
  }

  @Test("tells what Tencent's callback told")
  func tellsAll() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      _ = try await rig.put("/v1/users/ann", ["nickname": "Mia"])
      _ = try await rig.put("/v1/groups/g1", ["name": "Team"])
      _ = try await rig.put("/v1/groups/g1/members/ann", ["name_card": "Boss"])
      _ = try await rig.put("/v1/groups/g1/members/bob", [:])
      _ = try await rig.post(
        "/v1/messages",
        [
          "id": "m1", "from": "ann", "to": ["group": "g1"], "text": "hello",
          "sent_at": "2099-01-31T09:30:00Z", "expires_at": "2099-02-01T00:00:00Z",
          "offline_push": ["Ext": "page=7", "ApnsInfo": ["Sound": "ding.caf"]],
        ])
      try await rig.sendAndFold(["m2"])
      var stream = try await rig.openStream()
      let group = try #require(try await stream.event())
      let check = SchemaCheck(schemas: try JSON.parse(PackageResources.schemas_json))
      let schema: JSON = ["$ref": "#/components/schemas/Notification"]
      #expect(check.faults(group.data, schema) == [])
      for (name, value) in [
        ("message_id", "m1"), ("title", "Team"), ("text", "Boss\u{FF1A} hello"), ("ext", "page=7"),
        ("sender", ["user": "ann", "nickname": "Boss"]),
        ("conversation", ["group": "g1", "name": "Team"]), ("sound", "ding.caf"), ("badge", 1),
        ("sent_at", "2099-01-31T09:30:00Z"), ("expires_at", "2099-02-01T00:00:00Z"),
      ] as [(String, JSON)] {
        #expect(group.data[name] == value, "\(name)")
      }
      #expect(group.data["position"]?.integer.map(String.init) == group.id)
      let single = try #require(try await stream.event())
      #expect(check.faults(single.data, schema) == [])
      #expect(single.data["title"] == "ann" && single.data["text"] == "Hello")
      #expect(single.data["sender"] == ["user": "ann", "nickname": "Mia"])
      #expect(single.data["conversation"] == ["user": "ann"])
      #expect(single.data["badge"] == 2)
    }
  }

  @Test("G9: what waits for many pages comes once and in order, as does what comes meanwhile")
  func readsPages() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      let count = APILimits.streamPage * 3 + 10
      let ids = (0..<count * 2).map { "m\($0)" }
      let many = ids.map { PostMessages.message($0) }
      let first = try await rig.post("/v1/messages", .array(Array(many[..<count])))
      _ = try await rig.get("/v1/users/bob/devices?at_least=\(first.position ?? 0)")
      var stream = try await rig.openStream()
      async let sent = rig.post("/v1/messages", .array(Array(many[count...])))
      let told = try await stream.events(count * 2)
      #expect(try await sent.status == 202)
      #expect(told.map(\.message) == ids)
      #expect(
        try await rig.acknowledge(told.last?.id).json == ["acknowledged": .integer(count * 2)])
      #expect(try await rig.rows(of: "dispatch.due") == 0)
    }
  }

  @Test("a user who signs holds the stream of a device of theirs")
  func servesSigners() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream("ann")
      try await rig.sendAndFold(["m1"], to: ["user": "ann"])
      _ = try await rig.post(
        "/v1/messages", ["id": "m2", "from": "bob", "to": ["user": "ann"], "text": "Hello"])
      let path = "/v1/me/devices/phone/notifications"
      var stream = try await StreamClient(
        path, port: rig.port, authorization: "UserSig \(rig.signature)")
      let told = try #require(try await stream.event())
      #expect(told.message == "m2", "nobody is told of what they sent themselves")
      let answer = try await rig.send(
        .POST, path + "/ack", JSON.object([.init("up_to", .string(told.id ?? ""))]).serialized(),
        key: .some(nil), headers: [("Authorization", "UserSig \(rig.signature)")])
      #expect(answer.json == ["acknowledged": 1])
      let unsigned = try await StreamClient(
        path, port: rig.port, authorization: "Bearer \(rig.key)")
      #expect(unsigned.status == 401)
    }
  }

  @Test("G12: only a device that is told on a stream has one, and only its own app sees it")
  func refusesOthers() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      try await rig.sendAndFold(["m1"])
      _ = try await rig.put("/v1/users/bob/devices/iphone", ReportMessages.registration)
      _ = try await rig.put(
        "/v1/users/bob/devices/hook",
        ["platform": "other", "provider": "callback", "token": "https://chat.example/hook"])
      for device in ["iphone", "hook", "nothing"] {
        let refused = try await rig.get(APIRig.stream(of: "bob", device))
        #expect(refused.status == 409 && refused.code == "not_on_stream", "\(device)")
        let unheard = try await rig.acknowledge("1", "bob", device)
        #expect(unheard.status == 409 && unheard.code == "not_on_stream", "\(device)")
      }
      let foreign = try await rig.get(APIRig.stream(of: "bob"), key: rig.otherKey)
      #expect(foreign.status == 409 && foreign.code == "not_on_stream")
      let devices = try await rig.get("/v1/users/bob/devices").json["devices"]?.array ?? []
      #expect(
        devices.compactMap { $0["topic"]?.string }.sorted().suffix(2) == ["stream", "webhook"])

      var stream = try await rig.openStream()
      let told = try #require(try await stream.event())
      #expect(try await rig.acknowledge(told.id, key: rig.otherKey).code == "not_on_stream")
      #expect(try await rig.rows(of: "dispatch.sent") == 1, "G12")
      #expect(try await rig.acknowledge("x").field == "up_to")
      let header = try await rig.send(
        .GET, APIRig.stream(of: "bob"), headers: [("Last-Event-ID", "x")])
      #expect(header.status == 400 && header.field == "Last-Event-ID")
      let headOnly = try await rig.send(.HEAD, APIRig.stream(of: "bob"))
      #expect(headOnly.status == 200)
      #expect(try await rig.acknowledge(told.id).json == ["acknowledged": 1], "it is still held")
    }
  }

  @Test("a topic that does not go with the token is refused, through either door")
  func refusesTopics() async throws {
    try await APIRig.run { rig in
      for (token, topic, isTaken) in [
        ("stream", "stream", true), ("stream", "webhook", false), ("stream", "com.example", false),
        ("https://a.example", "webhook", true), ("https://a.example", "stream", false),
        ("a.example", "stream", true),
      ] {
        let device: JSON = [
          "platform": "android", "provider": "callback", "token": .string(token),
          "topic": .string(topic),
        ]
        let answer = try await rig.put("/v1/users/bob/devices/d", device)
        #expect((answer.status == 202) == isTaken, "\(token) \(topic)")
        if !isTaken { #expect(answer.field == "topic" && answer.code == "unknown_value") }
        let event: JSON = [
          "type": "device.registered",
          "data": [
            "user": "bob", "device": "sql", "platform": "android", "provider": "callback",
            "topic": .string(topic),
          ], "content": ["token": .string(token)],
        ]
        let stored = try? await rig.pool.query(
          "select pushledger.append($1, $2::text::jsonb)",
          [APIRig.demo.rawValue, JSON.array([event]).text])
        #expect((stored != nil) == isTaken, "\(token) \(topic)")
      }
      let datas = try await rig.events().map { try JSON.parse($0.event.data) }
      for pair in stride(from: 0, to: datas.count, by: 2) {
        #expect(datas[pair]["topic"] == datas[pair + 1]["topic"])
        #expect(datas[pair]["token_sha256"] == datas[pair + 1]["token_sha256"])
      }
    }
  }

  @Test("what a vendor refused for good comes on the stream that is the next way, in its turn")
  func isTheNextWay() async throws {
    try await APIRig.run { rig in
      let answer = try await rig.put(
        "/v1/users/bob/devices/phone",
        [
          "platform": "android", "provider": "huawei", "token": "h",
          "fallbacks": [["provider": "callback", "token": "s"]],
        ])
      #expect(answer.status == 202, "\(answer.text)")
      try await rig.sendAndFold(["m1", "m2"])
      var stream = try await rig.openStream()
      let device = try await rig.get("/v1/users/bob/devices").json["devices"]?.array?.first
      let fallback = try #require(device?["fallbacks"]?.array?.first)
      #expect(fallback["provider"] == "callback" && fallback["topic"] == "stream")
      #expect(fallback["token"] == nil && fallback["token_valid"] == true)
      for id in ["m2", "m1"] {
        let report = try await rig.get("/v1/messages/\(id)").json
        let delivery = try #require(report["deliveries"]?.array?.first?["delivery_id"])
        let event: JSON = [
          "event_id": JSON(UUID()), "type": "push.attempted", "occurred_at": "2026-01-01T00:00:00Z",
          "data": [
            "delivery_id": delivery, "message_id": .string(id), "user": "bob", "device": "phone",
            "attempt": 1, "provider": "huawei", "outcome": "rejected", "reason": "80300007",
            "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z",
          ],
        ]
        let call = AppendStatement.call([try EventDoor.event(from: event)], to: APIRig.demo)
        _ = try await rig.pool.query(call.sql, call.parameters)
        let head = try await rig.head()
        _ = try await rig.get("/v1/users/bob/devices?at_least=\(head)")
        let told = try #require(try await stream.event())
        #expect(told.message == id && told.id == String(head))
        #expect(told.data["position"]?.integer == (id == "m1" ? 2 : 3), "the message's")
      }
      let last = try await rig.head()
      #expect(try await rig.acknowledge(String(last)).json == ["acknowledged": 2])
      #expect(try await rig.rows(of: "dispatch.due") == 0)
      #expect(
        try await rig.attempts() == [
          "m2 1 rejected", "m1 1 rejected", "m2 2 accepted", "m1 2 accepted",
        ])
      try await stream.close()
    }
  }

  @Test(
    "a way that is wrong is refused by its name, through either door",
    arguments: [
      ([["provider": "huawei", "token": "x"]], "fallbacks[0].provider", "unknown_value"),
      (
        [["provider": "fcm", "token": "x"], ["provider": "fcm", "token": "y"]],
        "fallbacks[1].provider", "unknown_value"
      ),
      ([["provider": "fcm"]], "fallbacks[0].token", "missing"),
      ([["provider": "fcm", "token": ""]], "fallbacks[0].token", "missing"),
      ([["provider": "fcm", "token": 1]], "fallbacks[0].token", "wrong_type"),
      ([["provider": "nobody", "token": "x"]], "fallbacks[0].provider", "unknown_value"),
      ([["token": "x"]], "fallbacks[0].provider", "missing"),
      (
        [["provider": "callback", "token": "x", "topic": "webhook"]], "fallbacks[0].topic",
        "unknown_value"
      ),
      (["fcm"], "fallbacks[0]", "wrong_type"),
      (
        [["provider": "fcm", "token": .string(String(repeating: "x", count: 4_097))]],
        "fallbacks[0].token", "too_long"
      ),
      (
        .array(
          ["fcm", "honor", "xiaomi", "oppo"].map { ["provider": .string($0), "token": "x"] }),
        "fallbacks", "too_long"
      ),
    ] as [(JSON, String, String)])
  func refusesWays(_ fallbacks: JSON, _ field: String, _ code: String) async throws {
    try await APIRig.run { rig in
      let device: JSON = [
        "platform": "android", "provider": "huawei", "token": "h", "fallbacks": fallbacks,
      ]
      let answer = try await rig.put("/v1/users/bob/devices/d", device)
      #expect(
        answer.status == 400 && answer.field == field && answer.code == code, "\(answer.text)")
      let ways = fallbacks.array?.map { way in
        way.members.map { JSON.object($0.filter { $0.key != "token" }) } ?? way
      }
      let event: JSON = [
        "type": "device.registered",
        "data": [
          "user": "bob", "device": "d", "platform": "android", "provider": "huawei",
          "fallbacks": .array(ways ?? []),
        ],
        "content": [
          "token": "h",
          "fallback_tokens": .array(fallbacks.array?.map { $0["token"] ?? nil } ?? []),
        ],
      ]
      await #expect(throws: PostgresError.self) {
        _ = try await rig.pool.query(
          "select pushledger.append($1, $2::text::jsonb)",
          [APIRig.demo.rawValue, JSON.array([event]).text])
      }
      #expect(try await rig.head() == 0)
    }
  }

  @Test("both doors complete a device's other ways alike")
  func completesWays() async throws {
    try await APIRig.run { rig in
      let fallbacks: [JSON] = [
        ["provider": "callback", "token": "https://a.example"],
        [
          "provider": "webpush", "credential": "c",
          "token": RefuseTokens.subscription.setting("é", to: "a member of its own"),
        ],
      ]
      let device: JSON = [
        "platform": "android", "provider": "huawei", "token": "h", "fallbacks": .array(fallbacks),
      ]
      #expect(try await rig.put("/v1/users/bob/devices/d", device).status == 202)
      let event: JSON = [
        "type": "device.registered",
        "data": [
          "user": "bob", "device": "d", "platform": "android", "provider": "huawei",
          "fallbacks": [["provider": "callback"], ["provider": "webpush", "credential": "c"]],
        ],
        "content": [
          "token": "h", "fallback_tokens": .array(fallbacks.map { $0["token"] ?? nil }),
        ],
      ]
      _ = try await rig.pool.query(
        "select pushledger.append($1, $2::text::jsonb)",
        [APIRig.demo.rawValue, JSON.array([event]).text])
      let events = try await rig.events().map { try JSON.parse($0.event.data).canonical() }
      #expect(events.count == 2 && events[0] == events[1])
    }
  }

  @Test("devices may give the same token: it names none of them")
  func sharesTokens() async throws {
    try await APIRig.run { rig in
      for user in ["bob", "cid"] { try await rig.registerStream(user) }
      try await rig.sendAndFold(["m1"])
      try await rig.sendAndFold(["m2"], to: ["user": "cid"])
      var bob = try await rig.openStream("bob")
      var cid = try await rig.openStream("cid")
      #expect(try await bob.event()?.message == "m1")
      #expect(try await cid.event()?.message == "m2")
    }
  }
}

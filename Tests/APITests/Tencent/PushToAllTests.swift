import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct PushToAllAsTencent {
  private static let service = "all_member_push/"

  private static func started(_ backend: TencentBackend) async throws -> [Broadcast] {
    try await backend.rig.events().compactMap { event in
      guard case .broadcastStarted(let broadcast) = try event.event.body() else { return nil }
      return broadcast
    }
  }

  @Test("im_push: each kind of condition is kept, and a TaskId answered")
  func pushes() async throws {
    try await TencentBackend.run { backend, clock in
      func label(_ text: String) -> Label { Label(unchecked: text) }
      let cases: [(JSON?, BroadcastCondition?)] = [
        (nil, nil), (["TagsOr": ["a", "b"]], .anyTag([label("a"), label("b")])),
        (["TagsAnd": ["a"]], .allTags([label("a")])),
        (["AttrsOr": ["sex": "f"]], .anyAttribute([label("sex"): "f"])),
        (
          ["AttrsAnd": ["sex": "f", "city": "Ulm"]],
          .allAttributes([label("sex"): "f", label("city"): "Ulm"])
        ),
        ([:], nil),
      ]
      for (index, (condition, expected)) in cases.enumerated() {
        let answer = try await backend.call(
          Self.service + "im_push",
          SendAsTencent.message([
            "MsgRandom": .integer(index), "Condition": condition ?? .null, "MsgLifeTime": 60,
            "OfflinePushInfo": ["Desc": "d"],
          ]), at: clock.now)
        #expect(answer["ErrorCode"] == 0)
        let broadcast = try await Self.started(backend).last
        #expect(answer["TaskId"]?.string == broadcast?.id.rawValue)
        #expect(broadcast?.condition == expected)
        #expect(broadcast?.onlineOnly == false)
        #expect(broadcast?.expiresAt == clock.now + .seconds(60))
        #expect(broadcast?.sender.rawValue == "administrator")
      }
      let old = try await backend.call(
        "openim/im_push", SendAsTencent.message(["MsgRandom": 99]), at: clock.now)
      #expect(old["ErrorCode"] == 0)
      let broadcast = try await Self.started(backend).last
      #expect(broadcast?.onlineOnly == true && broadcast?.expiresAt == nil, "MsgLifeTime is 0")
    }
  }

  @Test("the same MsgRandom and content within seven days is one push")
  func dropsRepeats() async throws {
    try await TencentBackend.run { backend, clock in
      func push(_ random: Int64, _ text: String = "hi") async throws -> String? {
        try await backend.call(
          Self.service + "im_push",
          SendAsTencent.message([
            "MsgRandom": .integer(random),
            "MsgBody": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]],
          ]), at: clock.now)["TaskId"]?.string
      }
      let first = try await push(1)
      clock.advance(.seconds(6 * 86_400))
      let repeated = try await push(1)
      #expect(first != nil && repeated == first)
      let others = [try await push(2), try await push(1, "ho")]
      #expect(Set(others + [first]).count == 3)
      for more in [
        ["Condition": ["TagsOr": ["a"]]], ["Condition": ["TagsOr": ["b"]]],
        ["From_Account": "news"], ["MsgLifeTime": 60],
      ] as [KeyValuePairs<String, JSON>] {
        let body = SendAsTencent.message(more).setting("MsgRandom", to: 1)
          .setting("MsgBody", to: [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]])
        let task = try await backend.call(Self.service + "im_push", body, at: clock.now)["TaskId"]
        #expect(task?.string != first, "to others, from another, or for another time")
      }
      clock.advance(.seconds(2 * 86_400))
      let late = try await push(1)
      #expect(late != first)
      #expect(try await Self.started(backend).count == 8)
    }
  }

  @Test("im_get_push_report: how far each task is, and nothing of one that there is not")
  func reports() async throws {
    try await TencentBackend.run { backend, clock in
      let task =
        try await backend.call(
          Self.service + "im_push", SendAsTencent.message(), at: clock.now)["TaskId"] ?? .null
      func report() async throws -> [JSON] {
        try await backend.call(
          Self.service + "im_get_push_report", ["TaskIds": [task, "none"]], at: clock.now
        )["Reports"]?.array ?? []
      }
      let waiting = try await report()
      #expect(waiting.count == 1 && waiting[0]["TaskId"] == task)
      #expect(waiting[0]["Status"] == 0 && waiting[0]["Finished"] == 0)
      _ = try await backend.rig.pool.query(
        """
        insert into reactions.broadcasts
          (app, broadcast_id, position, after_user, recipients, total, finished)
        values ('demo', $1, 1, 'm', 500, 1200, false)
        """, [task.string ?? ""])
      let running = try await report()
      #expect(running.first?["Status"] == 1 && running.first?["Finished"] == 500)
      #expect(running.first?["Total"] == 1_200)
      _ = try await backend.rig.pool.query("update reactions.broadcasts set finished = true")
      #expect(try await report().first?["Status"] == 2)
    }
  }

  @Test("attributes and tags: set, shown, removed")
  func keepsLabels() async throws {
    try await TencentBackend.run { backend, clock in
      func call(_ command: String, _ body: JSON) async throws -> JSON {
        let answer = try await backend.call(Self.service + command, body, at: clock.now)
        #expect(answer["ErrorCode"] == 0, "\(command): \(answer)")
        return answer
      }
      #expect(try await call("im_get_attr_name", [:])["AttrNames"] == [:])
      _ = try await call("im_set_attr_name", ["AttrNames": ["0": "sex", "1": "city"]])
      let names = try await call("im_get_attr_name", [:])["AttrNames"]
      #expect(names?["0"] == "sex" && names?["1"] == "city")
      _ = try await call(
        "im_set_attr",
        [
          "UserAttrs": [
            ["To_Account": "ann", "Attrs": ["sex": "f", "city": "Ulm"]],
            ["To_Account": "ben", "Attrs": ["sex": "m"]],
          ]
        ])
      _ = try await call(
        "im_remove_attr", ["UserAttrs": [["To_Account": "ann", "Attrs": ["sex"]]]])
      let attributes = try await call("im_get_attr", ["To_Account": ["ann", "ben", "new"]])
      #expect(
        attributes["UserAttrs"] == [
          ["To_Account": "ann", "Attrs": ["city": "Ulm"]],
          ["To_Account": "ben", "Attrs": ["sex": "m"]], ["To_Account": "new", "Attrs": [:]],
        ])
      _ = try await call(
        "im_add_tag",
        [
          "UserTags": [
            ["To_Account": "ann", "Tags": ["b", "a"]], ["To_Account": "ben", "Tags": ["c"]],
          ]
        ]
      )
      _ = try await call("im_remove_tag", ["UserTags": [["To_Account": "ann", "Tags": ["b"]]]])
      let tags = try await call("im_get_tag", ["To_Account": ["ann", "ben"]])
      #expect(
        tags["UserTags"] == [
          ["To_Account": "ann", "Tags": ["a"]], ["To_Account": "ben", "Tags": ["c"]],
        ])
      _ = try await call("im_remove_all_tags", ["To_Account": ["ann"]])
      let left = try await call("im_get_tag", ["To_Account": ["ann"]])
      #expect(left["UserTags"] == [["To_Account": "ann", "Tags": []]])
    }
  }

  @Test("every mistake has Tencent's code, and stores nothing")
  func refuses() async throws {
    let long = JSON.string(String(repeating: "x", count: 51))
    let eleven = JSON.array((0...10).map { .string("t\($0)") })
    let many = JSON.array((0...100).map { .string("u\($0)") })
    func with(_ condition: JSON) -> JSON { SendAsTencent.message(["Condition": condition]) }
    func tags(_ tags: JSON) -> JSON { ["UserTags": [["To_Account": "ann", "Tags": tags]]] }
    func attributes(_ json: JSON) -> JSON { ["UserAttrs": [["To_Account": "ann", "Attrs": json]]] }
    let fat = JSON.string(String(repeating: "x", count: 12_288))
    let cases: [(command: String, body: JSON, code: Int64)] = [
      ("im_push", SendAsTencent.message(["MsgRandom": .null]), 90005),
      ("im_push", SendAsTencent.message(["MsgBody": []]), 90007),
      ("im_push", SendAsTencent.message(["MsgLifeTime": 604_801]), 90026),
      ("im_push", SendAsTencent.message(["OfflinePushInfo": 1]), 90043),
      ("im_push", SendAsTencent.message(["CloudCustomData": fat]), 90056),
      ("im_push", with("x"), 90010), ("im_push", with(["TagsOr": ["a"], "TagsAnd": ["b"]]), 90010),
      ("im_push", with(["TagOr": ["a"]]), 90010), ("im_push", with(["Foo": 1]), 90010),
      ("im_set_attr_name", ["AttrNames": ["00": "x"]], 90033),
      ("im_push", with(["TagsOr": "a"]), 90010), ("im_push", with(["TagsOr": []]), 90040),
      ("im_push", with(["TagsOr": [""]]), 90040), ("im_push", with(["TagsOr": [long]]), 90034),
      ("im_push", with(["TagsAnd": eleven]), 90032),
      ("im_push", with(["TagsAnd": ["a", "a"]]), 90022),
      ("im_push", with(["AttrsOr": ["a"]]), 90033), ("im_push", with(["AttrsAnd": [:]]), 90033),
      ("im_push", with(["AttrsAnd": ["sex": 1]]), 90033),
      ("im_get_push_report", [:], 90010), ("im_get_push_report", ["TaskIds": "x"], 90010),
      ("im_set_attr_name", [:], 90033), ("im_set_attr_name", ["AttrNames": ["10": "x"]], 90033),
      ("im_set_attr_name", ["AttrNames": ["0": long]], 90033),
      ("im_set_attr", [:], 90003), ("im_set_attr", attributes(["unnamed": "x"]), 90033),
      ("im_set_attr", attributes([:]), 90033),
      ("im_set_attr", ["UserAttrs": [["Attrs": [:]]]], 90003),
      ("im_remove_attr", attributes([]), 90033), ("im_get_attr", ["To_Account": [7]], 90003),
      ("im_add_tag", tags([long]), 90034), ("im_add_tag", tags([]), 90040),
      ("im_add_tag", tags(["a", "a"]), 90022), ("im_remove_tag", tags(eleven), 90032),
      ("im_get_tag", ["To_Account": many], 90018),
      ("im_remove_all_tags", ["To_Account": many], 90018),
    ]
    try await TencentBackend.run { backend, clock in
      for (command, body, code) in cases {
        let answer = try await backend.call(Self.service + command, body, at: clock.now)
        #expect(answer["ErrorCode"] == .integer(code), "\(command) \(body.text.prefix(100))")
        #expect(answer["ActionStatus"] == "FAIL")
      }
      #expect(try await backend.rig.head() == 0)
    }
  }

  @Test("a refused sendmsg is kept where a webhook wants to be told, and only there")
  func keepsRefusals() async throws {
    try await TencentBackend.run { backend, clock in
      func send() async throws {
        let answer = try await backend.call(
          "openim/sendmsg",
          SendAsTencent.message([
            "From_Account": "ann", "MsgSeq": 5, "OfflinePushInfo": "x", "CloudCustomData": "c",
          ]), at: clock.now)
        #expect(answer["ErrorCode"] == 90043)
      }
      try await send()
      #expect(try await backend.rig.head() == 0)
      try await TencentWebhooks(backend.rig.pool).put(
        TencentBackend.sdkAppID, of: APIRig.demo, url: "https://chat.example/cb", token: nil,
        commands: ["C2C.CallbackAfterSendMsg"], allowsPrivate: false)
      // What servers know of an SDKAppID is good for a few seconds.
      try await eventually {
        try await send()
        return try await backend.rig.head() > 0
      }
      let event = try #require(try await backend.rig.events().first)
      guard case .messageRefused(let refusal) = try event.event.body() else {
        Issue.record("\(event.event.type)")
        return
      }
      #expect(refusal.sender.rawValue == "ann" && refusal.recipient.rawValue == "ben")
      #expect(refusal.code == 90043 && TencentMessageKey(refusal.message)?.sequence == 5)
      let content = try JSON.parse(event.event.content ?? [])
      #expect(content["elements"] == SendAsTencent.text && content["cloud_custom_data"] == "c")
      let unread = try await backend.rig.get("/v1/users/ben/unread?at_least=1")
      #expect(unread.json["total"] == 0)
    }
  }
}

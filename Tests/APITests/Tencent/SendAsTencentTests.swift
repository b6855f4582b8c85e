import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct SendAsTencent {
  static let element: JSON = ["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi, beauty"]]
  static let text: JSON = [element]

  static func message(_ more: KeyValuePairs<String, JSON> = [:]) -> JSON {
    let given: [(String, JSON)] = [
      ("To_Account", "ben"), ("MsgRandom", 1_287_657), ("MsgBody", text),
    ]
    let changed = Dictionary(more.map { ($0.key, $0.value) }) { $1 }
    var members = given.compactMap { name, value in
      let value = changed[name] ?? value
      return value == .null ? nil : JSON.Member(name, value)
    }
    members += more.filter { change in !given.contains { $0.0 == change.key } }
      .map { JSON.Member($0.key, $0.value) }
    return .object(members)
  }

  private func messages(_ backend: TencentBackend) async throws -> [(Message, NewEvent)] {
    try await backend.rig.events().compactMap { event in
      guard case .messageSent(let message) = try event.event.body() else { return nil }
      return (message, event.event)
    }
  }

  @Test("sendmsg: a message with everything it carries is stored, and its MsgKey is answered")
  func sends() async throws {
    try await TencentBackend.run { backend, clock in
      let answer = try await backend.call(
        "openim/sendmsg",
        Self.message([
          "From_Account": "ann", "MsgSeq": 93_847_636, "MsgLifeTime": 60,
          "SyncOtherMachine": 2, "CloudCustomData": "cloud", "SendMsgControl": ["NoUnread"],
          "OfflinePushInfo": [
            "PushFlag": 0, "Title": "T", "Desc": "D", "Ext": "{}",
            "ApnsInfo": ["BadgeMode": 1, "Sound": "bell.caf"],
          ], "Unknown": ["ignored"],
        ]), at: clock.now)
      let key = "93847636_1287657_\(clock.now.seconds)"
      #expect(
        answer == [
          "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0,
          "MsgTime": .integer(clock.now.seconds), "MsgKey": .string(key),
        ])
      let (message, event) = try #require(try await messages(backend).first)
      #expect(message.sender.rawValue == "ann" && message.conversation == .user("ben"))
      #expect(message.expiresAt == clock.now + .seconds(60) && !message.countsUnread)
      #expect(message.overMute && message.push && !message.onlineOnly)
      var facts = MessageFacts(shows: true, pushFlag: 0, badgeMode: 1)
      facts.sound = "bell.caf"
      #expect(message.facts == facts)
      let content = try JSON.parse(try #require(event.content))
      #expect(content["elements"] == Self.text && content["cloud_custom_data"] == "cloud")
      #expect(content["offline_push"]?["ApnsInfo"]?["Sound"] == "bell.caf")
    }
  }

  @Test("sendmsg: numbers may be texts, the sender is the administrator, and a life of 0 is online")
  func takesTexts() async throws {
    try await TencentBackend.run { backend, clock in
      let answer = try await backend.call(
        "openim/sendmsg",
        Self.message([
          "MsgRandom": "7", "MsgSeq": "8", "MsgLifeTime": "0",
          "SendMsgControl": ["WithMuteNotifications", "NoLastMsg", "Other"],
        ]), at: clock.now)
      #expect(answer["MsgKey"] == .string("8_7_\(clock.now.seconds)"))
      let (message, _) = try #require(try await messages(backend).first)
      #expect(message.sender.rawValue == "administrator")
      #expect(message.onlineOnly && !message.overMute && message.countsUnread)
    }
  }

  @Test("sendmsg: the same within 120 seconds is one message, whichever window it falls in")
  func dropsRepeats() async throws {
    try await TencentBackend.run { backend, clock in
      let body = Self.message(["From_Account": "ann", "MsgSeq": 5])
      // Ten seconds before a window ends.
      clock.advance(.seconds(OpenIM.repeatSeconds - clock.now.seconds % OpenIM.repeatSeconds - 10))
      let first = try await backend.call("openim/sendmsg", body, at: clock.now)
      #expect(try await backend.call("openim/sendmsg", body, at: clock.now) == first)
      clock.advance(.seconds(100))
      #expect(try await backend.call("openim/sendmsg", body, at: clock.now) == first)
      #expect(try await messages(backend).count == 1)
      for other in [
        Self.message(["From_Account": "ann", "MsgSeq": 6]),
        Self.message(["From_Account": "ann", "MsgSeq": 5, "MsgRandom": 1]),
        Self.message(["From_Account": "cem", "MsgSeq": 5]),
        Self.message(["From_Account": "ann", "MsgSeq": 5, "To_Account": "cem"]),
        Self.message([
          "From_Account": "ann", "MsgSeq": 5,
          "MsgBody": [["MsgType": "TIMFaceElem", "MsgContent": ["Index": 1]]],
        ]),
      ] {
        #expect(try await backend.call("openim/sendmsg", other, at: clock.now)["ErrorCode"] == 0)
      }
      #expect(try await messages(backend).count == 6)
      clock.advance(.seconds(21))
      let later = try await backend.call("openim/sendmsg", body, at: clock.now)
      #expect(later["MsgKey"] != first["MsgKey"] && later["ErrorCode"] == 0)
      #expect(try await messages(backend).count == 7)
      // Without a MsgSeq one is made up, so nothing is a repeat.
      for _ in 0..<2 {
        _ = try await backend.call("openim/sendmsg", Self.message(), at: clock.now)
      }
      #expect(try await messages(backend).count == 9)
    }
  }

  @Test("batchsendmsg: each receiver gets it, and those who can't be named are")
  func sendsToMany() async throws {
    try await TencentBackend.run { backend, clock in
      let batch = Self.message(["To_Account": ["ben", "cem", "ben"], "MsgSeq": 3])
      let answer = try await backend.call("openim/batchsendmsg", batch, at: clock.now)
      #expect(answer["ActionStatus"] == "OK")
      #expect(answer["MsgKey"] == .string("3_1287657_\(clock.now.seconds)"))
      #expect(
        Set(try await messages(backend).map(\.0.conversation)) == [.user("ben"), .user("cem")])
      _ = try await backend.call("openim/batchsendmsg", batch, at: clock.now)
      #expect(try await messages(backend).count == 2)

      let long = String(repeating: "x", count: 33)
      let partly = try await backend.call(
        "openim/batchsendmsg", Self.message(["To_Account": ["dan", .string(long), 7]]),
        at: clock.now)
      #expect(partly["ActionStatus"] == "SomeError" && partly["ErrorCode"] == 0)
      #expect(
        partly["ErrorList"] == [
          ["To_Account": .string(long), "ErrorCode": 90003], ["To_Account": 7, "ErrorCode": 90003],
        ])
      let none = try await backend.call(
        "openim/batchsendmsg", Self.message(["To_Account": [7]]), at: clock.now)
      #expect(none["ActionStatus"] == "FAIL" && none["ErrorCode"] == 90003)
      #expect(try await messages(backend).count == 3)
    }
  }

  @Test(
    "importmsg: counts or not as it says, is never pushed, and a repeat is known by its numbers")
  func importsMessages() async throws {
    try await TencentBackend.run { backend, clock in
      _ = try await backend.rig.put(
        "/v1/users/ben/devices/phone",
        ["platform": "ios", "provider": "apns", "token": "aabbcc", "topic": "t"])
      let time = clock.now.seconds - 86_400
      func old(_ more: KeyValuePairs<String, JSON>) -> JSON {
        var body = Self.message([
          "From_Account": "ann", "MsgSeq": 1, "MsgTimeStamp": .integer(time),
          "SyncFromOldSystem": 5,
        ])
        for (name, value) in more { body = body.setting(name, to: value) }
        return body
      }
      for body in [
        old([:]), old(["MsgBody": [["MsgType": "TIMFaceElem", "MsgContent": [:]]]]),
        old(["From_Account": "ben", "To_Account": "ann"]), old(["MsgSeq": 2]),
        old(["MsgSeq": 3, "SyncFromOldSystem": 2]),
      ] {
        #expect(try await backend.call("openim/importmsg", body, at: clock.now)["ErrorCode"] == 0)
      }
      let stored = try await messages(backend)
      #expect(stored.count == 3)
      #expect(stored.allSatisfy { !$0.0.push && $0.1.occurredAt.seconds == time })
      let unread = try await backend.call(
        "openim/get_c2c_unread_msg_num", ["To_Account": "ben"], at: clock.now)
      #expect(unread["AllC2CUnreadMsgNum"] == 2)
      let head = try await backend.rig.head()
      _ = try await backend.rig.get("/v1/users/ben/unread?at_least=\(head)")
      let due: Int64 = try await backend.rig.pool.query("select count(*) from dispatch.due")[0]
        .get(0)
      #expect(due == 0)
    }
  }

  @Test("what was sent counts as unread until it is read or recalled")
  func countsUnread() async throws {
    try await TencentBackend.run { backend, clock in
      func unread(_ peers: JSON? = nil) async throws -> JSON {
        let body: JSON = .object(
          present: [("To_Account", "ben"), ("Peer_Account", peers)])
        return try await backend.call("openim/get_c2c_unread_msg_num", body, at: clock.now)
      }
      var keys: [JSON] = []
      for (sender, sequence) in [("ann", 1), ("ann", 2), ("cem", 3)] {
        let answer = try await backend.call(
          "openim/sendmsg",
          Self.message(["From_Account": .string(sender), "MsgSeq": .integer(sequence)]),
          at: clock.now)
        keys.append(try #require(answer["MsgKey"]))
      }
      #expect(try await unread()["AllC2CUnreadMsgNum"] == 3)
      #expect(
        try await unread(["ann", "dan"])["C2CUnreadMsgNumList"] == [
          ["Peer_Account": "ann", "C2CUnreadMsgNum": 2],
          ["Peer_Account": "dan", "C2CUnreadMsgNum": 0],
        ])
      func withdraw(_ key: JSON, from: JSON = "ann") async throws -> JSON? {
        try await backend.call(
          "openim/admin_msgwithdraw",
          ["From_Account": from, "To_Account": "ben", "MsgKey": key], at: clock.now)["ErrorCode"]
      }
      #expect(try await withdraw(keys[0]) == 0)
      #expect(try await withdraw(keys[0]) == 20023)
      #expect(try await withdraw(keys[2]) == 20022, "it is another sender's")
      #expect(try await withdraw(keys[2], from: "cem") == 0)
      #expect(try await withdraw("1_2_3") == 20022)
      for bad: JSON in ["1_2", "a_b_c", "", 5, "1_2_3_4", "-1_2_3"] {
        #expect(try await withdraw(bad) == 90054, "\(bad)")
      }
      #expect(try await unread()["AllC2CUnreadMsgNum"] == 1)
      let read = try await backend.call(
        "openim/admin_set_msg_read", ["Report_Account": "ben", "Peer_Account": "ann"],
        at: clock.now)
      #expect(read == ["ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0])
      #expect(try await unread()["AllC2CUnreadMsgNum"] == 0)
    }
  }

  @Test("admin_set_msg_read: MsgReadTime reads up to that second")
  func readsUpToATime() async throws {
    try await TencentBackend.run { backend, clock in
      _ = try await backend.call(
        "openim/sendmsg", Self.message(["From_Account": "ann"]), at: clock.now)
      let event = try #require(try await backend.rig.events().first)
      func read(_ seconds: Int64) async throws -> JSON? {
        _ = try await backend.call(
          "openim/admin_set_msg_read",
          [
            "Report_Account": "ben", "Peer_Account": "ann", "MsgReadTime": .integer(seconds),
          ], at: clock.now)
        return try await backend.call(
          "openim/get_c2c_unread_msg_num", ["To_Account": "ben"], at: clock.now)[
            "AllC2CUnreadMsgNum"]
      }
      // The ledger goes by the database's clock; the server's must not be behind it.
      clock.advance(event.recordedAt - clock.now + .seconds(60))
      #expect(try await read(event.recordedAt.seconds - 1) == 1)
      #expect(try await read(event.recordedAt.seconds) == 0)
    }
  }
}

extension Peer {
  fileprivate static func user(_ name: String) -> Peer { .user(UserID(unchecked: name)) }
}

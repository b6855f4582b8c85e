import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Reactions

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CallWebhooks {
  /// Appends some events and tells a webhook of them.
  private func told(
    _ commands: [String] = TencentWebhooks.commands,
    _ happen: @escaping @Sendable (ReactionRig) async throws -> Void,
    _ check: @escaping @Sendable ([Sink.Call]) throws -> Void
  ) async throws {
    try await ReactionRig.run { rig in
      let webhook = try await rig.setWebhook(commands: commands)
      try await happen(rig)
      try await rig.project()
      let caller = rig.caller()
      _ = try await caller.tell(webhook)
      await caller.close()
      try check(rig.sink.calls)
    }
  }

  @Test("signs with the token and the time, as Tencent's example does")
  func signs() {
    #expect(
      WebhookCall.sign(token: "xxxxyyyy", time: 1_669_872_112)
        == "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061")
    let call = WebhookCall(command: "A.B", body: [:], platform: "RESTAPI", position: 1)
    #expect(
      call.query(sdkAppID: 14, token: nil, now: 5)
        == "SdkAppid=14&CallbackCommand=A.B&contenttype=json&ClientIP=&OptPlatform=RESTAPI")
  }

  @Test("a one-to-one message that was sent, in Tencent's shape")
  func tellsMessages() async throws {
    try await told { rig in
      try await rig.send("c2c-1_2_1770000000-abcd")
      try await rig.send("mine", ["user": "bob"])
    } _: { calls in
      #expect(calls.count == 2)
      #expect(
        calls.first?.query
          == "SdkAppid=1400000000&CallbackCommand=C2C.CallbackAfterSendMsg&contenttype=json"
          + "&ClientIP=&OptPlatform=RESTAPI"
          + "&Sign=17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"
          + "&RequestTime=1669872112")
      #expect(
        calls.first?.body == [
          "CallbackCommand": "C2C.CallbackAfterSendMsg", "From_Account": "ann",
          "To_Account": "bob", "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 1_770_000_000,
          "MsgKey": "1_2_1770000000", "OnlineOnlyFlag": 0, "SendMsgResult": 0,
          "ErrorInfo": "send msg succeed", "UnreadMsgNum": 2, "MsgBody": [ReactionRig.text],
          "CloudCustomData": "c",
        ])
      #expect(calls.last?.body["MsgKey"] == "mine")
    }
  }

  @Test("a group's message, a refused one, a recall and a read mark")
  func tellsTheRest() async throws {
    try await told { rig in
      try await rig.append(
        .groupUpdated, ["group": "g1", "kind": "Public"], ["name": "Team"])
      try await rig.send(
        "group-77_1770000000-ab", to: ["group": "g1"], ["by": "administrator"])
      try await rig.append(
        .messageRefused,
        [
          "message_id": "c2c-8_9_1770000000-x", "from": "ann", "conversation": ["user": "bob"],
          "code": 90_043,
        ], ["elements": [ReactionRig.text]])
      try await rig.send("c2c-1_2_1770000000-abcd")
      try await rig.append(
        .conversationRead,
        ["user": "bob", "conversation": ["user": "ann"], "up_to": "c2c-1_2_1770000000-abcd"])
      try await rig.append(
        .messageRecalled, ["message_id": "c2c-1_2_1770000000-abcd", "by": "ann"])
    } _: { calls in
      #expect(
        calls.map { $0.body["CallbackCommand"]?.string } == [
          "Group.CallbackAfterSendMsg", "C2C.CallbackAfterSendMsg", "C2C.CallbackAfterSendMsg",
          "C2C.CallbackAfterMsgReport", "C2C.CallbackAfterMsgWithDraw",
        ])
      guard calls.count == 5 else { return }
      #expect(
        calls[0].body == [
          "CallbackCommand": "Group.CallbackAfterSendMsg", "GroupId": "g1", "Type": "Public",
          "From_Account": "ann", "Operator_Account": "administrator", "Random": 77, "MsgSeq": 2,
          "MsgTime": 1_770_000_000, "OnlineOnlyFlag": 0, "MsgBody": [ReactionRig.text],
          "CloudCustomData": "c", "TopicId": "", "EventTime": 1_770_000_000_000,
        ])
      #expect(calls[1].body["SendMsgResult"] == 90_043 && calls[1].body["UnreadMsgNum"] == -1)
      #expect(calls[1].body["MsgSeq"] == 8 && calls[1].body["MsgBody"] == [ReactionRig.text])
      #expect(
        calls[3].body == [
          "CallbackCommand": "C2C.CallbackAfterMsgReport", "Report_Account": "bob",
          "Peer_Account": "ann", "LastReadTime": 1_770_000_000, "UnreadMsgNum": 0,
        ])
      #expect(
        calls[4].body == [
          "CallbackCommand": "C2C.CallbackAfterMsgWithDraw", "From_Account": "ann",
          "To_Account": "bob", "MsgKey": "1_2_1770000000", "UnreadMsgNum": 0,
        ])
    }
  }

  @Test("logins with whom they kicked, logouts and lost connections")
  func tellsStates() async throws {
    @Sendable func device(_ id: String) -> JSON { ["user": "bob", "device": .string(id)] }
    try await told { rig in
      for id in ["old", "new"] {
        try await rig.append(
          .deviceLoggedIn, device(id).setting("platform", to: "ios").setting("kicks", to: ["ios"]))
      }
      try await rig.append(.deviceKilled, device("new"))
      try await rig.append(.deviceKilled, device("new").setting("reason", to: "timed_out"))
      try await rig.append(.deviceLoggedOut, device("new"))
      // What comes after it changes nothing of what is told.
      try await rig.append(
        .deviceLoggedIn, device("old").setting("platform", to: "ios").setting("kicks", to: []))
      try await rig.append(.deviceUnregistered, device("new"))
    } _: { calls in
      let told = calls.map { call in
        let info = call.body["Info"]
        return [
          info?["Action"]?.string, info?["Reason"]?.string,
          call.body["KickedDevice"].map { $0.text },
        ].compactMap(\.self).joined(separator: " ")
      }
      #expect(
        told == [
          "Login Register []", "Login Register [{\"Platform\":\"iOS\"}]", "Disconnect LinkClose",
          "Disconnect TimeOut", "Logout Unregister", "Login Register []",
        ])
      #expect(calls.allSatisfy { $0.query.contains("OptPlatform=IOS&") })
      #expect(calls.first?.body["EventTime"] == 1_770_000_000_000)
      #expect(calls.first?.body["Info"]?["To_Account"] == "bob")
    }
  }

  @Test("who deleted the account in between kicked nobody")
  func forgetsDeletedDevices() async throws {
    try await told(["State.StateChange"]) { rig in
      for device in ["a", "b"] {
        try await rig.append(
          .deviceLoggedIn,
          ["user": "bob", "device": .string(device), "platform": "ios", "kicks": ["ios"]])
        if device == "a" { try await rig.append(.userDeleted, ["user": "bob"]) }
      }
    } _: { calls in
      #expect(calls.map { $0.body["KickedDevice"] } == [[], []])
    }
  }

  @Test("each platform has its name, in the URL and among those that were kicked")
  func namesPlatforms() async throws {
    let names = [
      ("ios", "IOS", "iOS"), ("android", "Android", "Android"), ("web", "Web", "Web"),
      ("windows", "Windows", "Windows"), ("ipad", "iPad", "iPad"), ("mac", "macOS", "Mac"),
      ("linux", "Linux", "Linux"), ("other", "Unknown", "Unknown"),
    ]
    try await told { rig in
      for (platform, _, _) in names {
        for device in ["a", "b"] {
          try await rig.append(
            .deviceLoggedIn,
            [
              "user": "bob", "device": .string(platform + device), "platform": .string(platform),
              "kicks": [.string(platform)],
            ])
        }
      }
    } _: { calls in
      #expect(calls.count == names.count * 2)
      for (index, (_, url, body)) in names.enumerated() where calls.count == names.count * 2 {
        let call = calls[index * 2 + 1]
        #expect(call.query.contains("OptPlatform=\(url)&"), "\(call.query)")
        #expect(call.body["KickedDevice"] == [["Platform": .string(body)]])
      }
    }
  }

  @Test("a push of a group's message names the group")
  func tellsGroupPushes() async throws {
    try await told(["Push.OfflinePush"]) { rig in
      try await rig.append(.memberAdded, ["group": "g1", "user": "bob"])
      try await rig.append(
        .deviceRegistered,
        ["user": "bob", "device": "phone", "platform": "ios", "provider": "apns"],
        ["token": "aa"])
      try await rig.send("group-77_1770000000-ab", to: ["group": "g1"])
      try await rig.append(
        .pushAttempted,
        [
          "delivery_id": .string(Self.delivery("group-77_1770000000-ab")),
          "message_id": "group-77_1770000000-ab", "user": "bob", "device": "phone", "attempt": 1,
          "provider": "apns", "outcome": "accepted", "status": 200,
          "started_at": "2026-02-02T02:40:00Z", "finished_at": "2026-02-02T02:40:01Z",
        ])
    } _: { calls in
      let event = calls.first?.body["Events"]?.array?.first
      #expect(event?["EventType"] == 2 && event?["GroupID"] == "g1" && event?["MsgKey"] == nil)
      #expect(event?["MsgSeq"] == 3 && event?["MsgRandom"] == 77)
    }
  }

  @Test("a push that goes another way is told once it has come to its end, by that way's provider")
  func tellsTheLastWay() async throws {
    try await told(["Push.OfflinePush"]) { rig in
      try await rig.append(
        .deviceRegistered,
        [
          "user": "bob", "device": "phone", "platform": "android", "provider": "huawei",
          "fallbacks": [["provider": "fcm"]],
        ], ["token": "aa", "fallback_tokens": ["bb"]])
      try await rig.send("c2c-1_2_1770000000-abcd")
      for (number, provider) in [(1, "huawei"), (2, "fcm")] {
        try await rig.append(
          .pushAttempted,
          [
            "delivery_id": .string(Self.delivery("c2c-1_2_1770000000-abcd")),
            "message_id": "c2c-1_2_1770000000-abcd", "user": "bob", "device": "phone",
            "attempt": .integer(number), "provider": .string(provider), "outcome": "rejected",
            "reason": .string(provider), "started_at": "2026-02-02T02:40:00Z",
            "finished_at": "2026-02-02T02:40:01Z",
          ])
      }
    } _: { calls in
      let events = calls.flatMap { $0.body["Events"]?.array ?? [] }
      #expect(events.map { $0["ErrInfo"] } == ["fcm"])
    }
  }

  @Test("pushes that were made, delivered and opened, up to a hundred in a call")
  func tellsPushes() async throws {
    try await told(["Push.OfflinePush", "Push.AllMemberPush"]) { rig in
      try await rig.append(
        .deviceRegistered,
        ["user": "bob", "device": "phone", "platform": "ios", "provider": "apns"],
        ["token": "aa"])
      try await rig.send("c2c-1_2_1770000000-abcd")
      try await rig.send("broadcast-x", to: ["user": "bob"], ["broadcast": "task-1"])
      func attempt(_ message: String, _ outcome: String, _ status: Int64) async throws {
        try await rig.append(
          .pushAttempted,
          [
            "delivery_id": .string(Self.delivery(message)), "message_id": .string(message),
            "user": "bob", "device": "phone", "attempt": 1, "provider": "apns",
            "outcome": .string(outcome), "status": .integer(status), "reason": "Because",
            "started_at": "2026-02-02T02:40:00Z", "finished_at": "2026-02-02T02:40:01Z",
          ])
      }
      try await attempt("c2c-1_2_1770000000-abcd", "retry", 503)
      for _ in 0..<101 { try await attempt("c2c-1_2_1770000000-abcd", "accepted", 200) }
      try await attempt("broadcast-x", "rejected", 400)
      for type in [EventType.pushDelivered, .pushOpened] {
        try await rig.append(
          type,
          [
            "delivery_id": .string(Self.delivery("c2c-1_2_1770000000-abcd")),
            "message_id": "c2c-1_2_1770000000-abcd", "at": "2026-02-02T02:41:00Z",
          ])
      }
    } _: { calls in
      let counts = calls.map { $0.body["Events"]?.array?.count }
      #expect(counts == [100, 1, 1, 2])
      guard calls.count == 4 else { return }
      #expect(
        calls[0].body["Events"]?.array?.first == [
          "CallbackCommand": "Push.OfflinePush", "EventType": 1, "EventTime": 1_770_000_001,
          "From_Account": "ann", "To_Account": "bob", "PushPlatform": 1,
          "MsgKey": "1_2_1770000000", "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 1_770_000_000,
          "PushID": .string(Self.delivery("c2c-1_2_1770000000-abcd")), "PushStage": 1,
          "ErrCode": 0, "ErrInfo": "",
        ])
      #expect(
        calls[2].body["Events"]?.array?.first == [
          "CallbackCommand": "Push.AllMemberPush", "EventType": 1, "TaskId": "task-1",
          "DataId": "", "TaskTime": 1_770_000_000, "EventTime": 1_770_000_001,
          "To_Account": "bob", "PushPlatform": 1, "DeviceType": 0, "PushStage": 1,
          "ErrCode": 400, "ErrInfo": "Because",
        ])
      let stages = calls[3].body["Events"]?.array?.map { $0["PushStage"] }
      #expect(stages == [2, 3])
      #expect(!calls[0].query.contains("ClientIP") && !calls[0].query.contains("OptPlatform"))
      #expect(calls[0].query.contains("&Sign="))
    }
  }

  private static func delivery(_ message: String) -> String {
    DeliveryID.make(
      app: ReactionRig.app, message: MessageID(unchecked: message), user: UserID(unchecked: "bob"),
      device: DeviceID(unchecked: "phone")
    ).uuidString.lowercased()
  }

  @Test("tells only what was asked for, and nothing of what forbids it or came in a batch")
  func keepsQuiet() async throws {
    try await told(["C2C.CallbackAfterSendMsg"]) { rig in
      try await rig.send("m1", to: ["user": "bob"], ["callback": false])
      try await rig.send("m2", to: ["group": "g1"])
      try await rig.append(.deviceLoggedOut, ["user": "bob", "device": "phone"])
      try await rig.send("m3", to: ["user": "bob"], ["broadcast": "b"])
      try await rig.append(
        .unreadSet, ["user": "bob", "conversation": ["group": "g1"], "unread": 3])
      try await rig.send("m4", to: ["user": "bob"], ["online_only": true])
    } _: { calls in
      #expect(calls.map { $0.body["MsgKey"] } == ["m4"])
      #expect(calls.first?.body["OnlineOnlyFlag"] == 1)
    }
  }
}

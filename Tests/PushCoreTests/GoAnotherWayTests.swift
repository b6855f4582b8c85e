import Foundation
import PushCore
import TestSupport
import Testing

@Suite struct GoAnotherWay {
  /// A phone of bob's by Huawei, then FCM, then a stream.
  private static func register(
    _ rig: inout FoldRig, _ user: String = "bob", tokens: [String] = ["h", "f", "s"]
  ) throws {
    try rig.apply(
      "device.registered",
      [
        "user": .string(user), "device": "phone", "platform": "android", "provider": "huawei",
        "fallbacks": [["provider": "fcm"], ["provider": "callback"]],
      ],
      [
        "token": .string(tokens[0]),
        "fallback_tokens": [.string(tokens[1]), .string(tokens[2])],
      ])
  }

  private static func attempt(
    _ rig: inout FoldRig, _ number: Int, by provider: String, _ outcome: String
  ) throws {
    let id = DeliveryID.make(
      app: RandomHistory.app, message: MessageID(unchecked: "m1"), user: UserID(unchecked: "bob"),
      device: DeviceID(unchecked: "phone"))
    try rig.apply(
      "push.attempted",
      [
        "delivery_id": JSON(id), "message_id": "m1", "user": "bob", "device": "phone",
        "attempt": .integer(number), "provider": .string(provider), "outcome": .string(outcome),
        "started_at": JSON(FoldRig.noon), "finished_at": JSON(FoldRig.noon),
      ])
  }

  private static func invalidate(_ rig: inout FoldRig, _ token: String) throws {
    try rig.apply(
      "device.token_invalidated",
      [
        "user": "bob", "device": "phone",
        "token_sha256": .string(DeviceRegistration.fingerprint(.string(token))),
      ])
  }

  private static func state(_ rig: FoldRig) -> String? {
    rig.deliveries.deliveries.values.first.map {
      "\($0.status.rawValue) \($0.provider.rawValue) \($0.attempts)"
    }
  }

  @Test("tries the next way when one was refused for good, and ends with the last")
  func triesTheNext() throws {
    var rig = FoldRig()
    try Self.register(&rig)
    #expect(try rig.send("m1") == "push")
    #expect(Self.state(rig) == "due huawei 0")
    try Self.attempt(&rig, 1, by: "huawei", "retry")
    #expect(Self.state(rig) == "due huawei 1", "a retry goes the same way")
    try Self.attempt(&rig, 2, by: "huawei", "token_invalid")
    #expect(Self.state(rig) == "due fcm 2")
    try Self.attempt(&rig, 2, by: "huawei", "rejected")
    #expect(Self.state(rig) == "due fcm 2", "a late answer of a way that was left says nothing")
    try Self.attempt(&rig, 3, by: "fcm", "rejected")
    #expect(Self.state(rig) == "due callback 3")
    try Self.attempt(&rig, 4, by: "callback", "rejected")
    #expect(Self.state(rig) == "rejected callback 4")
  }

  @Test(
    "what was accepted, or expired, goes no other way", arguments: ["accepted", "expired"])
  func ends(_ outcome: String) throws {
    var rig = FoldRig()
    try Self.register(&rig)
    _ = try rig.send("m1")
    try Self.attempt(&rig, 1, by: "huawei", outcome)
    #expect(Self.state(rig) == "\(outcome) huawei 1")
  }

  @Test("a device that was registered anew without the way goes on by its first one")
  func goesOnAsRegistered() throws {
    var rig = FoldRig()
    try Self.register(&rig)
    _ = try rig.send("m1")
    try rig.register("bob", token: "a")
    try Self.attempt(&rig, 1, by: "huawei", "rejected")
    #expect(Self.state(rig) == "due apns 1")
    try Self.attempt(&rig, 1, by: "huawei", "rejected")
    #expect(Self.state(rig) == "due apns 1", "a late answer of the old way ends nothing")
    try Self.attempt(&rig, 2, by: "apns", "rejected")
    #expect(Self.state(rig) == "rejected apns 2")
  }

  @Test("decides for the first way that is not refused for good")
  func decidesForWhatWorks() throws {
    var rig = FoldRig()
    try Self.register(&rig)
    try Self.invalidate(&rig, "h")
    #expect(try rig.send("m1") == "push")
    #expect(Self.state(rig) == "due fcm 0")
    try Self.invalidate(&rig, "s")
    try Self.attempt(&rig, 1, by: "fcm", "token_invalid")
    #expect(Self.state(rig) == "token_invalid fcm 1", "the stream was refused before")
    try Self.invalidate(&rig, "f")
    #expect(try rig.send("m2") == "token_invalid")
    try Self.register(&rig)
    #expect(try rig.send("m3") == "push", "registered anew, all ways are tried")
  }

  @Test("a phone that changed hands is known by any of its tokens")
  func changesHands() throws {
    for token in ["h", "f"] {
      var rig = FoldRig()
      try Self.register(&rig)
      let tokens = token == "h" ? ["h", "f2", "s"] : ["h2", "f", "s"]
      try Self.register(&rig, "cid", tokens: tokens)
      #expect(try rig.send("m1") == "logged_out", "\(token)")
    }
    var rig = FoldRig()
    try Self.register(&rig)
    try Self.register(&rig, "cid", tokens: ["h2", "f2", "s"])
    #expect(try rig.send("m1") == "push", "what a stream gives names no phone")
  }

  @Test("keeps what every way may show")
  func keepsWhatIsShown() throws {
    var rig = FoldRig()
    try rig.apply(
      "device.registered",
      [
        "user": "bob", "device": "phone", "platform": "ios", "provider": "apns",
        "fallbacks": [["provider": "callback"]],
      ], ["token": "t", "fallback_tokens": ["s"]])
    let event = try EventDoor.event(
      from: [
        "type": "message.sent",
        "data": ["message_id": "m", "from": "ann", "conversation": ["user": "bob"]],
        "content": ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]],
      ], makeID: { UUID() }, now: FoldRig.noon)
    let outputs = rig.fold.apply(
      try event.body(), at: 9, occurredAt: FoldRig.noon, recordedAt: FoldRig.noon)
    guard case .decided(let decided) = try #require(outputs.first) else {
      Issue.record("decides nothing")
      return
    }
    #expect(decided.notification.android != nil && decided.notification.callback != nil)
  }
}

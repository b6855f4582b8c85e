import PushCore
import TestSupport
import Testing

@Suite("Ask what if")
struct AskWhatIf {
  private func history(_ settle: (inout ReplayRig) throws -> Void) throws -> ReplayRig {
    var rig = ReplayRig()
    try rig.register("bob")
    try settle(&rig)
    try rig.send("m1")
    return rig
  }

  private func outcomes(_ differences: [DecisionDifference]) -> [String] {
    differences.map { "\($0.message) \($0.base?.line ?? "–") → \($0.other?.line ?? "–")" }
  }

  @Test("without quiet hours the phone rings")
  func quietHours() throws {
    let rig = try history {
      try $0.add(
        "user.updated",
        [
          "user": "bob",
          "quiet_hours": ["from": "00:00", "to": "24:00", "time_zone": "UTC"],
        ])
    }
    let found = try rig.compare(["users": ["bob": ["quiet_hours": nil]]])
    #expect(outcomes(found.differences) == ["m1 suppressed quiet → push apns badge 1"])
  }

  @Test("a device in another state decides otherwise")
  func devices() throws {
    let rig = try history { try $0.add("device.foregrounded", ["user": "bob", "device": "phone"]) }
    let found = try rig.compare(["devices": ["bob/phone": ["activity": "background"]]])
    #expect(outcomes(found.differences) == ["m1 suppressed foreground → push apns badge 1"])
    let pushed = try history { _ in }
    for (values, reason): (JSON, String) in [
      (["activity": "foreground"], "foreground"),
      (["settings": ["push": false]], "push_off_on_device"),
      (["token_valid": false], "token_invalid"), (["logged_out": true], "logged_out"),
      (["offline": true], "offline"),
    ] {
      let found = try pushed.compare(["devices": ["bob/phone": values]])
      #expect(
        outcomes(found.differences) == ["m1 push apns badge 1 → suppressed \(reason)"])
    }
  }

  @Test("another receive option, badge or language decides or shows otherwise")
  func others() throws {
    var rig = try history { try $0.send("m0") }
    try rig.add(
      "message.sent", ["message_id": "m2", "from": "ann", "conversation": ["user": "bob"]],
      ["elements": [["MsgType": "TIMImageElem", "MsgContent": [:]]]])
    let muted = try rig.compare(["receive": ["bob": ["user/ann": "silent"]]])
    #expect(
      outcomes(muted.differences) == [
        "m1 push apns badge 2 → suppressed muted", "m2 push apns badge 3 → suppressed muted",
      ])
    let derived = try history {
      try $0.add(
        "device.backgrounded", ["user": "bob", "device": "phone", "unread": ["c2c": 7]])
    }
    #expect(
      outcomes(try derived.compare(["users": ["bob": ["badge": "derived"]]]).differences)
        == ["m1 push apns badge 8 → push apns badge 1"])
    let chinese = try rig.compare(["language": "zh"])
    #expect(chinese.differences.map(\.message.rawValue) == ["m2"])
    #expect(chinese.differences[0].base?.text == "[image]")
    #expect(chinese.differences[0].other?.text == "[图片]")
    #expect(chinese.differences[0].isOfText && !muted.differences[0].isOfText)
    #expect(chinese.differences[0].json["another_text"] == .bool(true))
    #expect(!chinese.differences[0].json.text.contains("图片"))
  }

  @Test("a call-off that was switched off leaves the delivery due")
  func callOffs() throws {
    var rig = try history { _ in }
    try rig.add(
      "conversation.read", ["user": "bob", "conversation": ["user": "ann"], "up_to": "m1"])
    let found = try rig.compare(["cancel_on_read": false])
    #expect(found.differences.isEmpty)
    let endings = found.replay.endings(limit: 5)
    #expect(endings.count == 1)
    #expect(endings.first.first?.base.status == .cancelled)
    #expect(endings.first.first?.other.status == .due)
  }

  @Test("a device held in the background is not called off by coming to the foreground")
  func heldDevices() throws {
    var rig = try history { _ in }
    try rig.add("device.foregrounded", ["user": "bob", "device": "phone"])
    try rig.send("m2")
    let found = try rig.compare(["devices": ["bob/phone": ["activity": "background"]]])
    #expect(outcomes(found.differences).count == 1)
    #expect(found.replay.endings(limit: 5).first.map(\.other.status) == [.due])
  }

  @Test("from a position or a message on, and not before")
  func begins() throws {
    var rig = try history { _ in }
    try rig.send("m2")
    let off: JSON = ["devices": ["bob/phone": ["settings": ["push": false]]]]
    #expect(try rig.compare(off).differences.map(\.message.rawValue) == ["m1", "m2"])
    #expect(
      try rig.compare(off.setting("from_position", to: 3)).differences.map(\.message.rawValue)
        == ["m2"])
    #expect(try rig.compare(off, message: "m2").differences.map(\.message.rawValue) == ["m2"])
  }

  @Test("what no event knows is named")
  func missing() throws {
    let rig = try history { _ in }
    let found = try rig.compare([
      "users": ["zoe": ["badge": "derived"], "bob": ["badge": "derived"]],
      "devices": ["bob/watch": ["offline": true]],
      "receive": ["bob": ["group/g": "silent"]],
    ])
    #expect(
      found.replay.missing.map(\.description) == [
        "user zoe", "device bob/watch", "group/g of bob",
      ])
  }

  @Test(
    "G7: other settings of one user change no decision of another",
    arguments: Array(UInt64(100)..<130))
  func staysWithTheUser(seed: UInt64) throws {
    let found = try ReplayRig.random(seed).compare([
      "users": ["bob": ["quiet_hours": nil, "muted_until": nil, "badge": "derived"]],
      "devices": ["bob/phone": ["activity": "killed", "logged_out": false, "token_valid": true]],
      "receive": ["bob": ["group/g1": "notify", "user/ann": "notify"]],
    ])
    let bob = UserID(unchecked: "bob")
    #expect(found.replay.whatIf.onlyUsers == [bob])
    #expect(found.differences.allSatisfy { $0.user == bob }, "seed \(seed)")
    let same = try ReplayRig.random(seed).compare(["language": "en"])
    #expect(same.differences.isEmpty && same.replay.endings(limit: 1).count == 0, "seed \(seed)")
  }

  @Test(
    "an error names the field, what it is and what is expected",
    arguments: [
      (["quiet": true], "quiet: is not a field here"),
      ([:], "names nothing that is to be otherwise"),
      (["language": "fr"], "language: is \"fr\"; one of en, zh is expected."),
      (["users": ["bob": ["badge": "some"]]], "users.bob.badge: is \"some\""),
      (["users": ["bob": ["quiet_hours": ["from": "25:00"]]]], "users.bob.quiet_hours.from"),
      (["devices": ["phone": ["offline": true]]], "devices: holds a name that is no device's"),
      (["devices": ["bob/phone": ["activity": 1]]], "devices.bob/phone.activity: is a number"),
      (["receive": ["bob": ["g1": "notify"]]], "receive: holds a name that is no conversation's"),
      (["receive": ["bob": ["group/g1": "loud"]]], "receive.bob.group/g1: is \"loud\""),
      (["language": "zh", "from_position": 0], "from_position: is 0"),
      ([1], "is an array; an object is expected."),
    ] as [(JSON, String)])
  func refuses(_ json: JSON, says: String) {
    let error = #expect(throws: FieldError.self) { try WhatIf(json) }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }
}

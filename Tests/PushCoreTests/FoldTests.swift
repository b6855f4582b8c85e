import Foundation
import PushCore
import TestSupport
import Testing

/// Applies events given as JSON, one position after the other.
struct FoldRig {
  var fold = Fold()
  var deliveries = DeliveryFold(app: RandomHistory.app)
  var position: Position = 0
  private(set) var lines: [JSON] = []

  mutating func apply(_ json: JSON) throws {
    let event = try EventDoor.event(from: json, makeID: { UUID() }, now: Self.noon)
    position += 1
    let outputs = fold.apply(
      try event.body(), at: position, occurredAt: event.occurredAt, recordedAt: event.occurredAt)
    for output in outputs {
      deliveries.apply(output)
      guard case .decided(let decided) = output else { continue }
      var bytes: [UInt8] = []
      decided.write(into: &bytes)
      for line in bytes.split(separator: UInt8(ascii: "\n")) { lines.append(try JSON.parse(line)) }
    }
  }

  mutating func apply(_ type: String, _ data: JSON, _ content: JSON? = nil) throws {
    try apply(.object(present: [("type", .string(type)), ("data", data), ("content", content)]))
  }

  mutating func register(_ user: String, _ device: String = "phone", token: String = "t") throws {
    try apply(
      "device.registered",
      ["user": .string(user), "device": .string(device), "platform": "ios", "provider": "apns"],
      ["token": .string(token)])
  }

  /// - Returns: The reason of the message's only decision, or `push`.
  mutating func send(
    _ id: String, from: String = "ann", to conversation: JSON = ["user": "bob"],
    _ more: [(String, JSON)] = [], content: JSON? = nil
  ) throws -> String? {
    var data: JSON = [
      "message_id": .string(id), "from": .string(from), "conversation": conversation,
    ]
    for (key, value) in more { data = data.setting(key, to: value) }
    let before = lines.count
    try apply(
      "message.sent", data,
      content ?? ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
    guard lines.count > before, let last = lines.last else { return nil }
    return last["reason"]?.string ?? last["decision"]?.string
  }

  func unread(_ user: String, _ key: ConversationKey) -> Int64 {
    fold.state.conversations[key]?.unread(of: UserID(unchecked: user)) ?? 0
  }

  static let noon = Timestamp(microseconds: 1_767_268_800_000_000)  // 2026-01-01T12:00:00Z
  static let pair = ConversationKey.pair(UserID(unchecked: "ann"), UserID(unchecked: "bob"))
  static let group = ConversationKey.group(GroupID(unchecked: "g"))
}

@Suite("Decide")
struct Decide {
  @Test("gives each row of the table its reason, the first that holds")
  func followsTheTable() throws {
    var rig = FoldRig()
    #expect(try rig.send("m0") == "no_device")
    try rig.register("bob")
    #expect(try rig.send("m1") == "push")
    #expect(try rig.send("m2", [("online_only", true), ("push", false)]) == "online_only")
    #expect(try rig.send("m3", [("push", false)]) == "push_off_by_sender")
    #expect(try rig.send("m4", content: ["elements": []]) == "nothing_to_show")
    try rig.apply("device.foregrounded", ["user": "bob", "device": "phone"])
    #expect(try rig.send("m5") == "foreground")
    try rig.apply(
      "device.settings_changed",
      ["user": "bob", "device": "phone", "settings": ["push": false]])
    #expect(try rig.send("m6") == "push_off_on_device")
    try rig.apply("device.logged_out", ["user": "bob", "device": "phone"])
    #expect(try rig.send("m7") == "logged_out")
    try rig.apply("user.updated", ["user": "bob", "muted_until": "2026-01-01T12:00:01Z"])
    #expect(try rig.send("m8") == "quiet")
    for (option, reason) in [("silent", "muted"), ("reject", "rejected")] {
      try rig.apply(
        "conversation.receive_changed",
        ["user": "bob", "conversation": ["user": "ann"], "receive": .string(option)])
      #expect(try rig.send("m-\(option)") == reason)
      let over = try rig.send("m-over-\(option)", [("over_mute", true)])
      #expect(over == (option == "silent" ? "quiet" : "rejected"))
    }
  }

  @Test func asksForAMention() throws {
    var rig = FoldRig()
    try rig.register("bob")
    try rig.apply(
      "group.member_added", ["group": "g", "user": "bob", "receive": "mentions"])
    let group: JSON = ["group": "g"]
    #expect(try rig.send("m1", to: group) == "not_mentioned")
    #expect(try rig.send("m2", to: group, [("mentions", ["bob"])]) == "push")
    #expect(try rig.send("m3", to: group, [("mention_all", true)]) == "push")
    #expect(try rig.send("m4", to: group, [("targets", ["bob"])]) == "push")
    #expect(try rig.send("m4", to: group) == nil, "a repeat decides nothing")
    try rig.apply("group.receive_changed", ["group": "g", "user": "bob", "receive": "silent"])
    #expect(try rig.send("m5", to: group, [("over_mute", true)]) == "muted")
  }

  @Test("takes a phone that changed hands from its old owner")
  func movesTokens() throws {
    var rig = FoldRig()
    try rig.register("bob")
    #expect(try rig.send("m1") == "push")
    try rig.register("cho")
    #expect(try rig.send("m2") == "logged_out")
    #expect(rig.deliveries.deliveries.values.map(\.reason) == ["logged_out"])
    try rig.register("bob")
    #expect(try rig.send("m3") == "push")
  }

  @Test("keeps a token that was registered anew after it was called invalid")
  func honoursTheInvalidationsTime() throws {
    var rig = FoldRig()
    try rig.register("bob", token: "t")
    let invalid: JSON = [
      "user": "bob", "device": "phone", "provider": "apns", "reason": "Unregistered",
      "token_sha256": .string(DeviceRegistration.fingerprint("t")),
    ]
    try rig.apply(
      "device.token_invalidated", invalid.setting("invalid_since", to: "2026-01-01T11:59:59Z"))
    #expect(try rig.send("m1") == "push")
    try rig.apply(
      "device.token_invalidated", invalid.setting("invalid_since", to: "2026-01-01T12:00:00Z"))
    #expect(try rig.send("m2") == "token_invalid")
    try rig.register("bob", token: "t")
    #expect(try rig.send("m3") == "push")
  }

  @Test(
    "is quiet from inclusive to exclusive, over midnight, in the user's zone",
    arguments: [
      ("12:00", "13:00", "UTC", true), ("11:00", "12:00", "UTC", false),
      ("13:00", "12:00", "UTC", false), ("13:00", "12:01", "UTC", true),
      ("20:00", "21:00", "Asia/Shanghai", true), ("12:00", "12:00", "UTC", false),
    ])
  func keepsQuietHours(_ from: String, _ to: String, _ zone: String, _ quiet: Bool) throws {
    var rig = FoldRig()
    try rig.register("bob")
    try rig.apply(
      "user.updated",
      [
        "user": "bob",
        "quiet_hours": ["from": .string(from), "to": .string(to), "time_zone": .string(zone)],
      ])
    #expect(try rig.send("m") == (quiet ? "quiet" : "push"))
  }
}

@Suite("Count unread")
struct CountUnread {
  private let group: JSON = ["group": "g"]

  private func groupOfThree() throws -> FoldRig {
    var rig = FoldRig()
    for user in ["ann", "bob", "cho"] {
      try rig.apply("group.member_added", ["group": "g", "user": .string(user)])
    }
    return rig
  }

  @Test func leavesOutOwnRecalledAndUncounted() throws {
    var rig = try groupOfThree()
    for id in ["m1", "m2", "m3"] { _ = try rig.send(id, to: group) }
    _ = try rig.send("m4", to: group, [("counts_unread", false)])
    try rig.apply("message.recalled", ["message_id": "m2", "by": "ann"])
    try rig.apply("message.recalled", ["message_id": "m2", "by": "ann"])
    #expect(rig.unread("ann", FoldRig.group) == 0)
    #expect(rig.unread("bob", FoldRig.group) == 2)
  }

  @Test func movesTheMarkOnlyForward() throws {
    var rig = try groupOfThree()
    for id in ["m1", "m2", "m3"] { _ = try rig.send(id, to: group) }
    for (mark, left) in [("m2", 1), ("m1", 1), ("m3", 0), ("unknown", 0)] as [(JSON, Int64)] {
      try rig.apply("conversation.read", ["user": "bob", "conversation": group, "up_to": mark])
      #expect(rig.unread("bob", FoldRig.group) == left)
    }
  }

  @Test func standsStillWhileRejecting() throws {
    var rig = try groupOfThree()
    _ = try rig.send("m1", to: group)
    try rig.apply("group.receive_changed", ["group": "g", "user": "bob", "receive": "reject"])
    for id in ["m2", "m3"] { _ = try rig.send(id, to: group) }
    #expect(rig.unread("bob", FoldRig.group) == 1)
    try rig.apply("group.receive_changed", ["group": "g", "user": "bob", "receive": "notify"])
    _ = try rig.send("m4", to: group)
    #expect(rig.unread("bob", FoldRig.group) == 2)
    try rig.apply("message.recalled", ["message_id": "m3", "by": "ann"])
    try rig.apply("conversation.read", ["user": "bob", "conversation": group, "up_to": "m1"])
    #expect(rig.unread("bob", FoldRig.group) == 1)
  }

  @Test func startsAnewForWhoComesBack() throws {
    var rig = try groupOfThree()
    _ = try rig.send("m1", to: group)
    try rig.apply("group.member_removed", ["group": "g", "user": "bob"])
    #expect(rig.unread("bob", FoldRig.group) == 0)
    try rig.apply("group.member_added", ["group": "g", "user": "bob"])
    #expect(rig.unread("bob", FoldRig.group) == 0)
    _ = try rig.send("m2", to: group)
    #expect(rig.unread("bob", FoldRig.group) == 1)
  }

  @Test("notes how members stand where an event moves them, and else not")
  func notesStandings() throws {
    var rig = try groupOfThree()
    for id in ["m1", "m2", "m3"] { _ = try rig.send(id, to: group) }
    _ = try rig.send("m4")
    try rig.apply("group.member_added", ["group": "g", "user": "cho"], ["name_card": "Cho"])
    for mark in ["m2", "m1"] as [JSON] {
      try rig.apply("conversation.read", ["user": "bob", "conversation": group, "up_to": mark])
    }
    try rig.apply("group.dissolved", ["group": "g"])
    let noted = rig.fold.state.changes.standings.map { standing in
      let state = standing.state.map { "\($0.readPosition) \($0.readSequence) \($0.adjustment)" }
      return "\(standing.position) \(standing.member.user) \(state ?? "left")"
    }
    #expect(
      noted == [
        "1 ann 1 0 0", "2 bob 2 0 0", "3 cho 3 0 0", "7 ann 0 0 -1", "7 bob 0 0 0", "9 bob 5 2 0",
        "11 ann left", "11 bob left", "11 cho left",
      ])
  }

  @Test("shows the sum of unread to who wants it derived")
  func derivesBadges() throws {
    var rig = try groupOfThree()
    try rig.register("bob")
    try rig.apply("user.updated", ["user": "bob", "badge": "derived"])
    _ = try rig.send("m1", to: group)
    _ = try rig.send("m2")
    #expect(rig.lines.last?["badge"] == 2)
    try rig.apply("conversation.read", ["user": "bob", "conversation": group, "up_to": "m1"])
    _ = try rig.send("m3")
    #expect(rig.lines.last?["badge"] == 2)
  }
}

@Suite("Call off")
struct CallOff {
  @Test("calls a due delivery off for the reason that came first")
  func callsOff() throws {
    for (event, reason) in [
      (
        ("conversation.read", ["user": "bob", "conversation": ["user": "ann"], "up_to": "m1"]),
        "read"
      ),
      (("message.recalled", ["message_id": "m1", "by": "ann"]), "recalled"),
      (("device.foregrounded", ["user": "bob", "device": "phone"]), "foreground"),
      (("device.logged_out", ["user": "bob", "device": "phone"]), "logged_out"),
      (("device.unregistered", ["user": "bob", "device": "phone"]), "logged_out"),
    ] as [((String, JSON), String)] {
      var rig = FoldRig()
      try rig.register("bob")
      #expect(try rig.send("m1") == "push")
      try rig.apply(event.0, event.1)
      #expect(rig.deliveries.deliveries.values.first?.status == .cancelled)
      #expect(rig.deliveries.deliveries.values.first?.reason == reason)
    }
  }

  @Test("lets an answer that came too late to be called off stand")
  func acceptedStands() {
    #expect(DeliveryStatus.cancelled.moved(to: .accepted) == .accepted)
    #expect(DeliveryStatus.accepted.moved(to: .rejected) == .accepted)
    #expect(DeliveryStatus.due.moved(to: .cancelled) == .cancelled)
  }
}

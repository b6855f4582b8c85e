import PushCore
import TestSupport
import Testing

@Suite("Watch replays")
struct WatchReplays {
  private func history() throws -> ReplayRig {
    var rig = ReplayRig()
    try rig.register("bob")
    try rig.register("cho")
    try rig.send("m1")
    try rig.send("m2")
    try rig.add("device.foregrounded", ["user": "bob", "device": "phone"])
    try rig.add("message.recalled", ["message_id": "m2", "by": "ann"])
    return rig
  }

  @Test("tells what an event changes of a user, before and after")
  func tellsChanges() throws {
    let steps = try history().steps(ReplayFilter(users: [UserID(unchecked: "bob")]))
    #expect(steps.map(\.event.position) == [1, 3, 4, 5, 6])
    let second = steps[2]
    #expect(second.decisions.map(\.verdict.line) == ["push apns badge 2"])
    #expect(
      second.changes.map(\.line) == [
        "device bob/phone badge: 1 → 2", "user/ann of bob unread: 1 → 2",
        "delivery m2 to bob/phone status: – → due", "delivery m2 to bob/phone provider: – → apns",
        "delivery m2 to bob/phone badge: – → 2",
      ])
    let foreground = steps[3].changes.map(\.line)
    #expect(foreground.contains("device bob/phone activity: – → foreground"))
    #expect(foreground.contains("device bob/phone badge: 2 → 0"))
    #expect(foreground.contains("delivery m1 to bob/phone status: due → cancelled"))
    #expect(foreground.contains("delivery m1 to bob/phone reason: – → foreground"))
    #expect(steps[4].changes.map(\.line) == ["user/ann of bob unread: 2 → 1"])
  }

  @Test("tells what becomes of one message, whatever event does it")
  func watchesMessages() throws {
    let steps = try history().steps(ReplayFilter(message: MessageID(unchecked: "m2")))
    #expect(steps.map(\.event.position) == [4, 5, 6])
    #expect(
      steps[1].changes.map(\.line).contains("delivery m2 to bob/phone status: due → cancelled"))
    #expect(steps[2].changes.map(\.line) == ["message m2 recalled: false → true"])
  }

  @Test("shows only the types that were asked for, with the state as all events left it")
  func watchesTypes() throws {
    let steps = try history().steps(
      ReplayFilter(users: [UserID(unchecked: "bob")], types: [.deviceForegrounded]))
    #expect(steps.map(\.event.position) == [5])
    #expect(steps[0].changes.map(\.line).contains("device bob/phone badge: 2 → 0"))
  }

  @Test("no token stands in what is told")
  func hidesTokens() throws {
    for step in try history().steps(ReplayFilter()) {
      for change in step.changes {
        #expect(!change.line.contains("bob phone") && !change.json.text.contains("bob phone"))
      }
    }
  }

  @Test(
    "every change of a user's unread count and devices is told", arguments: Array(UInt64(0)..<20))
  func tellsEverything(seed: UInt64) throws {
    let rig = try ReplayRig.random(seed)
    let user = UserID(unchecked: "bob")
    let steps = rig.steps(ReplayFilter(users: [user]))
    // The fields that the told changes lead to are those that the state ends with.
    var told: [[UInt8]: JSON] = [:]
    for change in steps.flatMap(\.changes) where !change.subject.hasPrefix("delivery") {
      told[Array("\(change.subject) \(change.field)".utf8)] = change.after
    }
    let state = rig.replay().fold.state
    var subjects: [StateSubject] = [.user(user)]
    subjects += (state.users[user]?.devices ?? []).map {
      .device(DeviceKey(user: user, device: $0.id))
    }
    for (key, conversation) in state.conversations where conversation.members[user] != nil {
      subjects.append(.member(MemberKey(conversation: key, user: user)))
    }
    var held: [[UInt8]: JSON] = [:]
    for subject in subjects {
      for field in state.fields(of: subject) {
        held[Array("\(subject.description) \(field.key)".utf8)] = field.value
      }
    }
    #expect(told == held, "seed \(seed)")
    #expect(!held.isEmpty)
  }
}

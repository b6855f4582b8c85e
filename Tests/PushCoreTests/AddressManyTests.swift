import PushCore
import TestSupport
import Testing

/// A group keeps its members in order with their receive options, so that a message to it looks
/// nobody up twice: that list is to stay what the members are.
@Suite("Address many")
struct AddressMany {
  private static let group = "team"

  @Test(
    "a message goes to who is a member then, in order, as each wants it",
    arguments: [UInt64(1), 2, 3])
  func followsTheMembers(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var rig = FoldRig()
    var members: [String: String] = [:]
    var joins = 0
    var leaves = 0
    for step in 0..<300 {
      let user = "u\(Int.random(in: 0..<12, using: &random))"
      let receive = random.pick(["notify", "silent", "reject"])
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        if members[user] == nil { joins += 1 }
        members[user] = receive
        try rig.apply(
          "group.member_added",
          ["group": .string(Self.group), "user": .string(user), "receive": .string(receive)])
      case 1:
        if members.removeValue(forKey: user) != nil { leaves += 1 }
        try rig.apply(
          "group.member_removed", ["group": .string(Self.group), "user": .string(user)])
      default:
        if members[user] != nil { members[user] = receive }
        try rig.apply(
          "group.receive_changed",
          ["group": .string(Self.group), "user": .string(user), "receive": .string(receive)])
      }
      let sender = "u\(Int.random(in: 0..<12, using: &random))"
      let before = rig.lines.count
      _ = try rig.send("m\(step)", from: sender, to: ["group": .string(Self.group)])
      let decided = rig.lines[before...].map {
        "\($0["user"]?.string ?? "") \($0["reason"]?.string ?? "")"
      }
      let reasons = ["notify": "no_device", "silent": "muted", "reject": "rejected"]
      let expected = members.filter { $0.key != sender }.sorted { $0.key < $1.key }
        .map { "\($0.key) \(reasons[$0.value] ?? "")" }
      #expect(decided == expected, "after step \(step)")
    }
    #expect(joins > 10 && leaves > 10)
  }
}

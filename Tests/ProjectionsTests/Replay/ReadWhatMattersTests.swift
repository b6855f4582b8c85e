import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite("Read what matters", .enabled(if: TestDatabase.isAvailable))
struct ReadWhatMatters {
  /// What a replay decides and counts for some users, and how much it read.
  private struct Outcome: Equatable {
    var decisions: [String]
    var unread: JSON
  }

  private func replay(
    _ rig: ProjectionRig, _ app: AppID, upTo: Position, reading users: Set<UserID>,
    watching watched: Set<UserID>
  ) async throws -> (outcome: Outcome, read: Int, isPartial: Bool) {
    var reader = try await ReplayReader(rig.pool, app: app, upTo: upTo, users: users)
    let filter = ReplayFilter(users: watched)
    var replay = Replay(filter: filter)
    var bytes: [UInt8] = []
    var read = 0
    while let events = try await reader.next() {
      read += events.count
      for event in events {
        for case .decided(var decided) in replay.apply(event) {
          decided.keep(filter)
          decided.write(into: &bytes)
        }
      }
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    return (
      Outcome(decisions: lines, unread: replay.unread(of: watched)), read, reader.isPartial
    )
  }

  @Test(
    "G7: decides the same for a user from the few events that can matter, wherever it ends",
    arguments: 0..<6)
  func decidesTheSame(_ block: Int) async throws {
    try await ProjectionRig.run { rig in
      var left = 0
      for offset in 0..<15 {
        let seed = UInt64(9_000 + block * 100 + offset)
        var random = SeededRandom(seed: seed ^ 0x5EED)
        let app = AppID(unchecked: "random-\(seed)")
        try await rig.create(app)
        var history = RandomHistory(seed: seed, app: app)
        let events = try history.events(250).map { try EventDoor.event(from: $0) }
        // Some of it is not projected yet.
        let cut =
          random.chance(50) ? events.count : Int.random(in: 1...events.count, using: &random)
        try await rig.append(Array(events[..<cut]), to: app)
        try await rig.project(app, batch: 100)
        try await rig.append(Array(events[cut...]), to: app)
        let end = Position(
          random.chance(50) ? events.count : Int.random(in: 1...events.count, using: &random))
        for name in ["ann", "bob", "a/b%", "é", "e\u{301}", "nobody"] {
          let user = UserID(unchecked: name)
          let whole = try await replay(rig, app, upTo: end, reading: [], watching: [user])
          let some = try await replay(rig, app, upTo: end, reading: [user], watching: [user])
          #expect(!whole.isPartial && whole.read == Int(end))
          #expect(some.isPartial)
          #expect(
            some.outcome == whole.outcome,
            "seed \(seed), \(name), up to \(end): \(difference(some.outcome, whole.outcome))")
          left += whole.read - some.read
        }
        let two: Set<UserID> = [UserID(unchecked: "cho"), UserID(unchecked: "dee")]
        let whole = try await replay(rig, app, upTo: end, reading: [], watching: two)
        let some = try await replay(rig, app, upTo: end, reading: two, watching: two)
        #expect(
          some.outcome == whole.outcome,
          "seed \(seed), two, up to \(end): \(difference(some.outcome, whole.outcome))")
      }
      #expect(left > 0)
    }
  }

  /// The first decision that differs, or the unread counts.
  private func difference(_ some: Outcome, _ whole: Outcome) -> String {
    let pair = zip(some.decisions + ["end"], whole.decisions + ["end"]).first { $0 != $1 }
    return pair.map { "\($0) for \($1)" } ?? "\(some.unread.text) for \(whole.unread.text)"
  }

  @Test("reads nothing of others' conversations")
  func leavesOthersOut() async throws {
    try await ProjectionRig.run { rig in
      var events: [JSON] = []
      func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
        events.append(
          .object(present: [
            ("event_id", .string(SeededIDs.next(events.count))), ("type", .string(type)),
            ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
          ]))
      }
      for user in ["bob", "cho"] {
        add(
          "device.registered",
          [
            "user": .string(user), "device": "phone", "platform": "ios", "provider": "apns",
          ], ["token": .string(user)])
      }
      for index in 0..<50 {
        add(
          "message.sent",
          [
            "message_id": .string("m\(index)"), "from": "ann",
            "conversation": ["user": .string(index == 0 ? "bob" : "cho")],
          ], ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
      }
      try await rig.append(try events.map { try EventDoor.event(from: $0) })
      try await rig.project(rig.app, batch: 1_000)
      let bob = UserID(unchecked: "bob")
      let some = try await replay(rig, rig.app, upTo: 52, reading: [bob], watching: [bob])
      #expect(some.read == 2)
      #expect(some.outcome.decisions.count == 1)
      let found = try await ReplayReader.recipients(
        of: MessageID(unchecked: "m0"), app: rig.app, rig.pool)
      #expect(found == [bob])
      let unknown = try await ReplayReader.recipients(
        of: MessageID(unchecked: "none"), app: rig.app, rig.pool)
      #expect(unknown == nil)
    }
  }

  @Test(
    "a membership lasts from the first to the last of those that are watched, and ends with the group"
  )
  func spans() {
    let (group, ann, bob) = (
      GroupID(unchecked: "g"), UserID(unchecked: "ann"), UserID(unchecked: "bob")
    )
    var spans = MembershipSpans(everything: false)
    func add(_ type: EventType, _ user: UserID?, _ position: Position) {
      spans.add(type: type.rawValue, group: group, user: user, at: position)
    }
    add(.memberAdded, nil, 1)
    add(.memberAdded, ann, 2)
    add(.memberAdded, bob, 3)
    add(.memberRemoved, ann, 4)
    add(.memberRemoved, bob, 5)
    add(.memberRemoved, bob, 6)
    add(.memberAdded, bob, 7)
    add(.groupDissolved, nil, 8)
    add(.memberAdded, ann, 9)
    #expect(
      spans.finished() == [
        MembershipSpan(group: group, from: 2, upTo: 5),
        MembershipSpan(group: group, from: 7, upTo: 8),
        MembershipSpan(group: group, from: 9, upTo: .max),
      ])
  }
}

/// Event ids that are the same in every run.
enum SeededIDs {
  static func next(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
  }
}

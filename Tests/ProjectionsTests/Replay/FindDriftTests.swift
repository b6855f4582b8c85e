import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite("Find drift", .enabled(if: TestDatabase.isAvailable))
struct FindDrift {
  private func diff(
    _ rig: ProjectionRig, _ app: AppID? = nil, limit: Int = 20
  ) async throws -> DriftReport {
    try await ProjectionDiff(rig.pool, app: app ?? rig.app, limit: limit).run()
  }

  @Test(
    "G6: finds none, whatever happened and however it was cut into batches", arguments: 0..<4)
  func findsNone(_ block: Int) async throws {
    try await ProjectionRig.run { rig in
      for offset in 0..<20 {
        let seed = UInt64(4_000 + block * 100 + offset)
        var random = SeededRandom(seed: seed)
        let app = AppID(unchecked: "random-\(seed)")
        try await rig.create(app)
        var history = RandomHistory(seed: seed, app: app)
        let events = try history.events(150).map { try EventDoor.event(from: $0) }
        try await rig.append(events, to: app)
        if offset.isMultiple(of: 5) {
          _ = try await rig.pool.query(
            "update ledger.apps set suppressed_rows_limit = 2 where app = $1", [app.rawValue])
        }
        try await rig.project(app, batch: random.pick([1, 7, 40, 1_000]))
        let report = try await diff(rig, app)
        #expect(report.checkpoint == 150)
        #expect(
          report.drifts.isEmpty && !report.isCut,
          "seed \(seed): \(report.drifts.prefix(3).map(\.json.text))")
        #expect(report.rows.count >= 9)
      }
    }
  }

  /// One message to bob's phone that was tried, one that is due, one to a group of three.
  private func history(_ rig: ProjectionRig) async throws {
    var events: [JSON] = []
    func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
      events.append(
        .object(present: [
          ("event_id", .string(SeededIDs.next(events.count))), ("type", .string(type)),
          ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
        ]))
    }
    func send(_ id: String, _ conversation: JSON) {
      add(
        "message.sent",
        ["message_id": .string(id), "from": "ann", "conversation": conversation],
        ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
    }
    add("user.updated", ["user": "bob"], ["nickname": "Bob"])  // 1
    add(  // 2
      "device.registered",
      [
        "user": "bob", "device": "phone", "platform": "ios", "provider": "apns",
        "fallbacks": [["provider": "fcm"]],
      ], ["token": "secret-token", "fallback_tokens": ["other-token"]])
    for user in ["ann", "bob", "cho", "dee"] {  // 3 to 6
      add("group.member_added", ["group": "g", "user": .string(user)])
    }
    send("m1", ["user": "bob"])  // 7
    send("m2", ["user": "bob"])  // 8
    send("m3", ["group": "g"])  // 9
    let id = delivery("m1", rig)
    add(  // 10
      "push.attempted",
      [
        "delivery_id": JSON(id), "message_id": "m1", "user": "bob", "device": "phone",
        "attempt": 1, "provider": "apns", "outcome": "accepted",
        "started_at": "2026-01-01T12:00:01Z", "finished_at": "2026-01-01T12:00:02Z",
      ])
    add(  // 11
      "message.recalled", ["message_id": "m2", "by": "ann"])
    try await rig.append(try events.map { try EventDoor.event(from: $0) })
    _ = try await rig.pool.query("update ledger.apps set suppressed_rows_limit = 2")
    try await rig.project(rig.app, batch: 1_000)
  }

  private func delivery(_ message: String, _ rig: ProjectionRig) -> UUID {
    DeliveryID.make(
      app: rig.app, message: MessageID(unchecked: message), user: UserID(unchecked: "bob"),
      device: DeviceID(unchecked: "phone"))
  }

  /// A change behind PushLedger's back, and how it must be named.
  struct Corruption: Sendable, CustomTestStringConvertible {
    var sql: String
    var names: String
    var testDescription: String { sql }

    init(_ sql: String, _ names: String) {
      self.sql = sql
      self.names = names
    }

    static let all = [
      Corruption(
        "update notifications_v1.users set nickname = 'Rob' where user_id = 'bob'",
        #"notifications_v1.users (user_id bob) nickname "Bob" "Rob" at 1 user.updated"#),
      Corruption(
        "update notifications_v1.devices set badge = 9",
        "notifications_v1.devices (user_id bob, device_id phone) badge 3 9 at 9 message.sent"),
      Corruption(
        "update notifications_v1.fallbacks set token_valid = false",
        "notifications_v1.fallbacks (user_id bob, device_id phone, provider fcm) token_valid "
          + "true false at 2 device.registered"),
      Corruption(
        "update notifications_v1.conversations set sequence = 5 where group_id = 'g'",
        "notifications_v1.conversations (conversation group/g) sequence 1 5 at 9 message.sent"),
      Corruption(
        "update notifications_v1.members set adjustment = 3 where user_id = 'bob' "
          + "and conversation = 'pair/ann/bob'",
        "notifications_v1.members (conversation pair/ann/bob, user_id bob) adjustment -1 3 at 11 "
          + "message.recalled"),
      Corruption(
        "update notifications_v1.members set receive = 'silent' where user_id = 'cho'",
        #"notifications_v1.members (conversation group/g, user_id cho) receive "notify" "silent" "#
          + "at 5 group.member_added"),
      Corruption(
        "update notifications_v1.standings set read_sequence = 4 where user_id = 'dee'",
        "notifications_v1.standings (position 6, conversation group/g, user_id dee) read_sequence "
          + "0 4 at 6 group.member_added"),
      Corruption(
        "delete from notifications_v1.standings where user_id = 'ann' and position = 7",
        "notifications_v1.standings (position 7, conversation pair/ann/bob, user_id ann) missing "
          + "at 7 message.sent"),
      Corruption(
        "update notifications_v1.messages set pushes = 7 where message_id = 'm1'",
        "notifications_v1.messages (message_id m1) pushes 1 7 at 7 message.sent"),
      Corruption(
        "update notifications_v1.messages set recalled_at = null where message_id = 'm2'",
        "notifications_v1.messages (message_id m2) recalled_at 11 null at 11 message.recalled"),
      Corruption(
        "update notifications_v1.messages set position = 77 where message_id = 'm3'",
        "notifications_v1.messages (message_id m3) position 9 77 at 9 message.sent"),
      Corruption(
        "update notifications_v1.deliveries set status = 'due' where status = 'accepted'",
        #"notifications_v1.deliveries (delivery_id M1) status "accepted" "due" at 10 "#
          + "push.attempted"),
      Corruption(
        "update notifications_v1.deliveries set badge = 5 where status = 'cancelled'",
        "notifications_v1.deliveries (delivery_id M2) badge 2 5 at 8 message.sent"),
      Corruption(
        "delete from notifications_v1.deliveries where status = 'cancelled'",
        "notifications_v1.deliveries (delivery_id M2) missing at 8 message.sent"),
      Corruption(
        "update notifications_v1.deliveries set position = 1 where status = 'cancelled'",
        "notifications_v1.deliveries (delivery_id M2) position 8 1 at 8 message.sent"),
      Corruption(
        "update notifications_v1.attempts set outcome = 'retry'",
        #"notifications_v1.attempts (position 10) outcome "accepted" "retry" at 10 push.attempted"#
      ),
      Corruption(
        "update notifications_v1.suppressed_counts set count = 3",
        "notifications_v1.suppressed_counts (position 9, reason no_device) count 2 3 at 9 "
          + "message.sent"),
      Corruption(
        "delete from dispatch.due",
        "dispatch.due (delivery_id M3) missing at 9 message.sent"),
      Corruption(
        "update dispatch.due set lane = 63",
        "dispatch.due (delivery_id M3) lane LANE 63 at 9 message.sent"),
      Corruption(
        "insert into notifications_v1.users (app, user_id) select app, 'zoe' from ledger.apps",
        "notifications_v1.users (user_id zoe) unexpected"),
      Corruption(
        copy("notifications_v1.deliveries", #"{"delivery_id": "\#(stranger)"}"#)
          + " where status = 'accepted'",
        "notifications_v1.deliveries (delivery_id \(stranger)) unexpected at 7"),
      Corruption(
        copy("notifications_v1.messages", #"{"message_id": "m9", "position": 12}"#)
          + " where message_id = 'm3'",
        "notifications_v1.messages (message_id m9) unexpected at 12"),
      Corruption(
        copy("dispatch.due", #"{"delivery_id": "\#(stranger)"}"#),
        "dispatch.due (delivery_id \(stranger)) unexpected at 9"),
      Corruption(
        "delete from notifications_v1.members where user_id = 'dee'",
        "notifications_v1.members (conversation group/g, user_id dee) missing at 6 "
          + "group.member_added"),
    ]

    private static let stranger = "00000000-0000-4000-8000-0000000000aa"

    /// A row once more, and what is otherwise in it.
    private static func copy(_ table: String, _ otherwise: String) -> String {
      "insert into \(table) select (jsonb_populate_record(t, '\(otherwise)')).* from \(table) t"
    }
  }

  @Test(
    "G6: names the table, row, column, both values and position of what was changed from outside",
    arguments: Corruption.all)
  func namesTheRow(_ corruption: Corruption) async throws {
    try await ProjectionRig.run { rig in
      try await history(rig)
      #expect(try await diff(rig).drifts == [])
      _ = try await rig.pool.query(corruption.sql)
      let report = try await diff(rig)
      let expected = ["M1", "M2", "M3"].reduce(corruption.names) { text, name in
        text.replacing(
          name, with: delivery(name.lowercased(), rig).uuidString.lowercased())
      }.replacing("LANE", with: "\(Lane.of(UserID(unchecked: "bob"), count: 8))")
      #expect(report.drifts.map(text) == [expected])
      #expect(report.firstPosition == report.drifts.first?.position)
      #expect(!report.isCut)
    }
  }

  private func text(_ drift: Drift) -> String {
    var words = ["\(drift.table) (\(drift.keyText))"]
    if let column = drift.column {
      words += [column, drift.expected?.text ?? "null", drift.found?.text ?? "null"]
    } else {
      words.append(drift.kind.rawValue)
    }
    if let position = drift.position { words.append("at \(position)") }
    if let type = drift.type { words.append(type.rawValue) }
    return words.joined(separator: " ")
  }

  @Test(
    "G6: says whose a delivery is, that differs, is missing or should not be there",
    arguments: [
      "update notifications_v1.deliveries set badge = 5 where status = 'accepted'",
      "delete from notifications_v1.deliveries where status = 'accepted'",
      "update notifications_v1.deliveries set delivery_id = gen_random_uuid() "
        + "where status = 'accepted'",
    ])
  func saysWhose(_ corruption: String) async throws {
    try await ProjectionRig.run { rig in
      try await history(rig)
      _ = try await rig.pool.query(corruption)
      let drifts = try await diff(rig).drifts
      #expect(!drifts.isEmpty)
      for drift in drifts {
        #expect(drift.rowText == drift.keyText + ", user_id bob, device_id phone, position 7")
        #expect(drift.position == 7)
      }
    }
  }

  @Test("G13: names a changed token without showing one")
  func hidesTokens() async throws {
    try await ProjectionRig.run { rig in
      try await history(rig)
      _ = try await rig.pool.query("update notifications_v1.devices set token = 'stolen-token'")
      _ = try await rig.pool.query("delete from notifications_v1.fallbacks")
      let report = try await diff(rig)
      #expect(report.drifts.map(\.column) == ["token", nil])
      #expect(report.drifts.allSatisfy { !$0.json.text.contains("-token") })
      #expect(report.drifts.allSatisfy { $0.json.text.contains("sha256 ") })
    }
  }

  @Test("ends at the limit, and says so")
  func endsAtTheLimit() async throws {
    try await ProjectionRig.run { rig in
      try await history(rig)
      _ = try await rig.pool.query("update notifications_v1.members set name_card = 'X'")
      let report = try await diff(rig, limit: 3)
      #expect(report.drifts.count == 3)
      #expect(report.isCut)
    }
  }

  @Test("what was attempted after the checkpoint may be due no more")
  func allowsTheDispatcherToBeAhead() async throws {
    try await ProjectionRig.run { rig in
      try await history(rig)
      let id = delivery("m3", rig)
      try await rig.append([
        try EventDoor.event(from: [
          "event_id": .string(SeededIDs.next(500)), "type": "push.attempted",
          "occurred_at": "2026-01-01T12:00:03Z",
          "data": [
            "delivery_id": JSON(id), "message_id": "m3", "user": "bob", "device": "phone",
            "attempt": 1, "provider": "apns", "outcome": "accepted",
            "started_at": "2026-01-01T12:00:01Z", "finished_at": "2026-01-01T12:00:02Z",
          ],
        ])
      ])
      _ = try await rig.pool.query("delete from dispatch.due")
      let report = try await diff(rig)
      #expect(report.drifts == [])
      #expect(report.head == report.checkpoint + 1)
    }
  }

  @Test("an app that nothing was projected of is named")
  func needsAProjection() async throws {
    try await ProjectionRig.run { rig in
      await #expect(throws: DriftError.notProjected(rig.app)) { try await diff(rig) }
      let unknown = AppID(unchecked: "none")
      await #expect(throws: LedgerReadError.unknownApp(unknown)) { try await diff(rig, unknown) }
    }
  }

  @Test("changes nothing")
  func changesNothing() async throws {
    try await ProjectionRig.run { rig in
      try await history(rig)
      let before = try await rows(rig)
      _ = try await diff(rig)
      #expect(try await rows(rig) == before)
    }
  }

  private func rows(_ rig: ProjectionRig) async throws -> String {
    try await rig.pool.query(
      """
      select query_to_xml('select * from ledger.checkpoints', true, false, '')::text
        || query_to_xml('select * from dispatch.due order by position', true, false, '')::text
        || query_to_xml('select * from notifications_v1.deliveries order by position', true, false,
          '')::text
      """)[0].get(0)
  }
}

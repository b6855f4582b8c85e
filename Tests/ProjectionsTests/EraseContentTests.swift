import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite("Erase content", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct EraseContent {
  private static let ann = UserID(unchecked: "ann")
  /// Stands in everything that ann wrote or can be known by, and nowhere else.
  private static let marker = "Gone4711"

  // MARK: A history that says everything

  private struct Writer {
    var events: [JSON] = []

    mutating func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
      let number = String(events.count + 1)
      let id =
        "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - number.count) + number
      events.append(
        .object(present: [
          ("event_id", .string(id)), ("type", .string(type)),
          ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
        ]))
    }

    mutating func send(
      _ id: String, from user: String, to conversation: JSON, _ text: String,
      _ more: [(String, JSON?)] = []
    ) {
      add(
        "message.sent",
        ["message_id": .string(id), "from": .string(user), "conversation": conversation],
        .object(
          present: [
            (
              "elements",
              [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]
            )
          ] + more))
    }
  }

  private static func history() throws -> [NewEvent] {
    let text = marker
    var writer = Writer()
    writer.add("user.updated", ["user": "ann"], ["nickname": .string("Ann \(text)")])
    writer.add("user.updated", ["user": "bob"], ["nickname": "Bob"])
    writer.add("group.updated", ["group": "g", "owner": "bob"], ["name": "Team"])
    for user in ["ann", "bob", "cho"] {
      writer.add(
        "group.member_added", ["group": "g", "user": .string(user)],
        user == "ann" ? ["name_card": .string("Card \(text)")] : nil)
    }
    for (user, provider) in [("ann", "fcm"), ("bob", "fcm"), ("cho", "callback")] {
      writer.add(
        "device.registered",
        [
          "user": .string(user), "device": "phone", "platform": "android",
          "provider": .string(provider), "fallbacks": [["provider": "xiaomi"]],
        ],
        user == "ann"
          ? ["token": .string("token-\(text)"), "fallback_tokens": [.string("other-\(text)")]]
          : ["token": .string("token-\(user)"), "fallback_tokens": [.string("other-\(user)")]])
    }
    let push: JSON = [
      "Title": .string(text), "Desc": .string(text), "Ext": .string(text),
      "AndroidInfo": ["Sound": "bell.mp3"], "ApnsInfo": ["Sound": "bell.caf"],
      "MultiLanguageContent": [["Language": "en", "Title": .string(text), "Desc": .string(text)]],
    ]
    writer.send("m1", from: "ann", to: ["user": "bob"], "to bob \(text)")
    writer.send("m2", from: "ann", to: ["group": "g"], "to all \(text)")
    writer.send(
      "m3", from: "ann", to: ["user": "bob"], text,
      [
        ("offline_push", push), ("cloud_custom_data", .string(text)),
        ("sender_name", .string(text)),
      ])
    writer.send("m4", from: "bob", to: ["user": "ann"], "Hello")
    writer.send("m5", from: "bob", to: ["group": "g"], "Hello all")
    writer.add(
      "message.refused",
      ["message_id": "m6", "from": "ann", "conversation": ["user": "cho"], "code": 20_007],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]])
    writer.add(
      "broadcast.started", ["broadcast": "b1", "from": "ann"],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]])
    return try writer.events.map { try EventDoor.event(from: $0) }
  }

  // MARK: Looking

  /// Tables, of whatever schema, in which a text stands, and columns whose statistics hold it.
  private func places(of text: String, _ rig: ProjectionRig) async throws -> [String] {
    let tables = try await rig.pool.query(
      """
      select c.oid::regclass::text from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and n.nspname not like 'pg\\_%'
        and n.nspname <> 'information_schema'
      order by 1
      """)
    #expect(tables.count > 25)
    var found: [String] = []
    for row in tables {
      let table: String = try row.get(0)
      let count: Int64 = try await rig.pool.query(
        """
        select count(*) from \(table) t
        where t::text like '%' || $1 || '%'
          or t::text like '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'
        """, [text])[0].get(0)
      if count > 0 { found.append(table) }
    }
    for row in try await rig.pool.query(
      """
      select format('statistics of %s.%s', s.tablename, s.attname) from pg_stats s
      where s::text like '%' || $1 || '%'
      """, [text])
    {
      found.append(try row.get(0))
    }
    return found
  }

  private func decisions(_ rig: ProjectionRig, upTo last: Position) async throws -> [[Decision]] {
    let events = try await LedgerReader(rig.pool).events(of: rig.app, after: 0, limit: Int(last))
    var fold = Fold()
    var decisions: [[Decision]] = []
    for event in events {
      let outputs = fold.apply(
        try event.event.body(), at: event.position, occurredAt: event.event.occurredAt,
        recordedAt: event.recordedAt)
      for case .decided(let decided) in outputs { decisions.append(decided.decisions) }
    }
    return decisions
  }

  /// G5, G6: the ledger verifies, and the projection is what it says.
  private func holds(_ rig: ProjectionRig, _ what: String) async throws {
    let report = try await Verifier(rig.pool).verify(rig.app)
    #expect(report.flaw == nil, "\(what)")
    let drift = try await ProjectionDiff(rig.pool, app: rig.app, limit: 20).run()
    #expect(drift.drifts.isEmpty, "\(what): \(drift.drifts.prefix(3).map(\.json.text))")
  }

  // MARK: Promises

  @Test("G16: a user's text stands in no table of any schema, and decisions are as they were")
  func leavesNoText() async throws {
    try await ProjectionRig.run { rig in
      let history = try Self.history()
      try await rig.append(history)
      try await rig.project(rig.app, batch: 1_000)
      let before = try await decisions(rig, upTo: Position(history.count))
      _ = try await rig.pool.query("analyze")
      let found = try await places(of: Self.marker, rig)
      #expect(
        found == [
          "ledger.events", "notifications_v1.devices", "notifications_v1.fallbacks",
          "notifications_v1.members", "notifications_v1.messages", "notifications_v1.users",
        ])
      let eraser = Eraser(rig.pool)
      let counts = try await eraser.count(.user(Self.ann), in: rig.app)
      let done = try await eraser.run(.user(Self.ann), in: rig.app, reason: "asked for")
      #expect(done.erased == 8)
      #expect(counts.total == 8)
      #expect(try await places(of: Self.marker, rig).isEmpty)
      try await holds(rig, "at once")
      try await rig.project(rig.app, batch: 1_000)
      try await holds(rig, "folded")
      #expect(try await decisions(rig, upTo: Position(history.count)) == before)
      for kept in ["Hello", "Bob", "Team", "token-bob"] {
        #expect(try await !places(of: kept, rig).isEmpty, "\(kept) is not ann's")
      }
    }
  }

  @Test("what was due of an erased message is called off, and says why")
  func callsOff() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try Self.history())
      try await rig.project(rig.app, batch: 1_000)
      let due = try await rig.due()
      #expect(due.count == 7)
      _ = try await Eraser(rig.pool).run(
        .message(MessageID(unchecked: "m2")), in: rig.app, reason: nil)
      try await rig.project(rig.app, batch: 1_000)
      let ended = try await rig.deliveries().values.filter { $0.reason == "erased" }
      #expect(ended.count == 2)
      #expect(ended.allSatisfy { $0.status == "cancelled" })
      #expect(try await rig.due().count == 5)
      #expect(try await places(of: "to all", rig).isEmpty)
      #expect(try await !places(of: "to bob", rig).isEmpty)
      try await holds(rig, "one message")
    }
  }

  @Test("doing it again changes nothing")
  func changesNothingTwice() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try Self.history())
      let eraser = Eraser(rig.pool)
      _ = try await eraser.run(.user(Self.ann), in: rig.app, reason: nil)
      let head = try await LedgerReader(rig.pool).head(of: rig.app)
      let again = try await eraser.run(.user(Self.ann), in: rig.app, reason: nil)
      #expect(again.erased == 0)
      #expect(again.events == 0)
      #expect(try await LedgerReader(rig.pool).head(of: rig.app) == head)
    }
  }

  @Test("what is old goes, with the names and tokens that were replaced since, and no others")
  func erasesWhatIsOld() async throws {
    try await ProjectionRig.run { rig in
      let text = Self.marker
      var writer = Writer()
      func name(_ name: String) {
        writer.add("user.updated", ["user": "ann"], ["nickname": .string(name)])
        writer.add(
          "device.registered",
          ["user": "ann", "device": "phone", "platform": "android", "provider": "fcm"],
          ["token": .string("token of \(name)")])
        writer.add("group.updated", ["group": "g"], ["name": .string("group of \(name)")])
        writer.add(
          "group.member_added", ["group": "g", "user": "ann"],
          ["name_card": .string("card of \(name)")])
        writer.send("to-group-\(name)", from: "ann", to: ["group": "g"], "text of \(name)")
        writer.send("to-ann-\(name)", from: "bob", to: ["user": "ann"], "text for \(name)")
      }
      name(text)
      name("kept")
      try await rig.append(try writer.events.map { try EventDoor.event(from: $0) })
      try await rig.project(rig.app, batch: 1_000)
      let moment: PostgresTimestamp = try await rig.pool.query(
        "select clock_timestamp()")[0].get(0)
      writer.events = []
      writer.send("later", from: "bob", to: ["user": "ann"], "said later")
      try await rig.append(
        try writer.events.map { event in
          try EventDoor.event(from: event.setting("event_id", to: .string(UUID().uuidString)))
        })
      let done = try await Eraser(rig.pool).run(
        .before(Timestamp(microseconds: moment.microseconds)), in: rig.app, reason: nil)
      #expect(done.erased == 8)
      #expect(try await places(of: text, rig) == ["ledger.events", "notifications_v1.messages"])
      #expect(try await places(of: "of \(text)", rig).isEmpty)
      #expect(try await places(of: "text of kept", rig).isEmpty)
      #expect(try await places(of: "text for kept", rig).isEmpty)
      for kept in ["token of kept", "group of kept", "card of kept", "said later"] {
        #expect(try await !places(of: kept, rig).isEmpty, "\(kept)")
      }
      try await rig.project(rig.app, batch: 1_000)
      try await holds(rig, "what is old")
    }
  }

  @Test("broken off between two steps, all holds, and it goes on when it is started again")
  func goesOn() async throws {
    try await ProjectionRig.run { rig in
      var writer = Writer()
      writer.add("user.updated", ["user": "ann"], ["nickname": .string(Self.marker)])
      writer.add(
        "device.registered",
        ["user": "bob", "device": "phone", "platform": "ios", "provider": "apns"],
        ["token": "t"])
      for number in 1...2_500 {
        writer.send("m\(number)", from: "ann", to: ["user": "bob"], "\(Self.marker) \(number)")
      }
      try await rig.append(try writer.events.map { try EventDoor.event(from: $0) })
      try await rig.project(rig.app, batch: 1_000)
      let step = try await rig.pool.query(
        """
        select erased, said_after from ledger.erase($1, 'ann', null, null, null,
          gen_random_uuid(), 2502, 0, 0)
        """, [rig.app.rawValue])[0]
      #expect(try step.get(0, as: Int32.self) == 2_000)
      #expect(try step.get(1, as: Int64.self) == 2_002)
      try await holds(rig, "after one step")
      let done = try await Eraser(rig.pool).run(.user(Self.ann), in: rig.app, reason: nil)
      #expect(done.erased == 501)
      #expect(try await places(of: Self.marker, rig).isEmpty)
      try await rig.project(rig.app, batch: 1_000)
      try await holds(rig, "at the end")
    }
  }

  @Test("while a rebuild is under way, what it copied goes too")
  func reachesARebuild() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try Self.history())
      try await rig.project(rig.app, batch: 1_000)
      let rebuild = Rebuild(rig.pool)
      #expect(try await rebuild.begin())
      _ = try await rebuild.fold { _ in }
      let copied = try await places(of: Self.marker, rig)
      #expect(copied.contains("notifications_v1_next.messages"))
      _ = try await Eraser(rig.pool).run(.user(Self.ann), in: rig.app, reason: nil)
      #expect(try await places(of: Self.marker, rig).isEmpty)
      _ = try await rebuild.fold { _ in }
      try await rebuild.index()
      _ = try await rebuild.swap()
      #expect(try await places(of: Self.marker, rig).isEmpty)
      try await holds(rig, "swapped")
    }
  }

  @Test(
    "G6, G7: whatever happened, however far it was folded, and a rebuild gives the same",
    arguments: 0..<6)
  func keepsEveryFold(seed: Int) async throws {
    try await ProjectionRig.run { rig in
      var history = RandomHistory(seed: UInt64(9_000 + seed), app: rig.app)
      let events = try history.events(400).map { try EventDoor.event(from: $0) }
      try await rig.append(Array(events.prefix(250)))
      try await rig.project(rig.app, batch: [1_000, 7, 60][seed % 3])
      try await rig.append(Array(events.suffix(150)))
      let before = try await decisions(rig, upTo: 400)
      let user =
        events.compactMap { event -> String? in
          event.type == .messageSent
            ? (try? JSON.parse(event.data))?["from"]?.string : nil
        }.first ?? "ann"
      let middle: PostgresTimestamp = try await rig.pool.query(
        "select recorded_at from ledger.events where position = 300")[0].get(0)
      let eraser = Eraser(rig.pool)
      let done = try await eraser.run(
        seed.isMultiple(of: 2)
          ? .user(UserID(unchecked: user))
          : .before(Timestamp(microseconds: middle.microseconds + 1)), in: rig.app, reason: nil)
      #expect(done.erased > 0)
      try await holds(rig, "seed \(seed), lagging")
      try await rig.project(rig.app, batch: [1_000, 7, 60][seed % 3])
      try await holds(rig, "seed \(seed), folded")
      #expect(try await decisions(rig, upTo: 400) == before)
      let rebuild = Rebuild(rig.pool)
      #expect(try await rebuild.begin())
      _ = try await rebuild.fold { _ in }
      try await rebuild.index()
      #expect(try await rebuild.swap().mended == 0)
      try await holds(rig, "seed \(seed), rebuilt")
    }
  }
}

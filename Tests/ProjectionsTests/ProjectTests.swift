import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite("Project notifications", .enabled(if: TestDatabase.isAvailable))
struct ProjectNotifications {
  /// Folds events in memory, as the projection must.
  private func fold(_ events: [NewEvent], _ app: AppID) throws -> (FoldState, DeliveryFold) {
    var fold = Fold()
    var deliveries = DeliveryFold(app: app)
    for (index, event) in events.enumerated() {
      let outputs = fold.apply(
        try event.body(), at: Position(index + 1), occurredAt: event.occurredAt,
        recordedAt: event.occurredAt)
      for output in outputs { deliveries.apply(output) }
    }
    return (fold.state, deliveries)
  }

  private func unique(_ events: [JSON]) throws -> [NewEvent] {
    try events.map { try EventDoor.event(from: $0) }
  }

  @Test(
    "G6: equals the fold of the ledger, whatever happens in it and however it is cut into batches",
    arguments: 0..<8)
  func equalsTheFold(_ block: Int) async throws {
    try await ProjectionRig.run { rig in
      for offset in 0..<250 {
        let seed = UInt64(block * 1_000 + offset)
        var random = SeededRandom(seed: seed ^ 0xABCD)
        let app = AppID(unchecked: "random-\(seed)")
        try await rig.create(app)
        var history = RandomHistory(seed: seed, app: app)
        let events = try unique(history.events(Int.random(in: 20...120, using: &random)))
        // Some of it is folded before the rest is there, by projectors that know nothing of each
        // other, in batches of any length.
        let cut = Int.random(in: 0...events.count, using: &random)
        try await rig.append(Array(events[..<cut]), to: app)
        try await rig.project(app, batch: random.pick([1, 3, 17, 1_000]))
        try await rig.append(Array(events[cut...]), to: app)
        try await rig.project(app, batch: random.pick([1, 5, 40, 1_000]))
        try await compare(rig, app, try fold(events, app), seed)
      }
    }
  }

  private func compare(
    _ rig: ProjectionRig, _ app: AppID, _ expected: (FoldState, DeliveryFold), _ seed: UInt64
  ) async throws {
    #expect(try await rig.unread(app) == ProjectionRig.unread(expected.0), "seed \(seed)")
    let deliveries = expected.1.deliveries.mapValues {
      ProjectionRig.DeliveryRow(
        status: $0.status.rawValue, reason: $0.reason, badge: $0.badge, attempts: $0.attempts,
        provider: $0.provider.rawValue)
    }
    let rows = try await rig.deliveries(app)
    let different = Set(rows.keys).union(deliveries.keys).filter { rows[$0] != deliveries[$0] }
    #expect(
      different.isEmpty,
      "seed \(seed): \(different.prefix(2).map { (rows[$0], deliveries[$0]) })")
    let due = deliveries.filter { $0.value.status == "due" }.compactMapValues(\.provider)
    #expect(try await rig.due(app) == due, "seed \(seed)")
    #expect(try await rig.rollUpDrift(app) == [], "seed \(seed)")
    for (id, user) in expected.0.users {
      for device in user.devices {
        let row = try await rig.device(id, device.id, app)
        let held = [
          String(device.badge), device.activity?.rawValue ?? "-", String(device.tokenValid),
          String(device.loggedOut), device.registered?.sha256 ?? "-",
          device.registered?.provider.rawValue ?? "-",
          device.settings.push.map(String.init) ?? "-", String(device.offline),
          device.kickedAt.map(String.init) ?? "-",
        ]
        #expect(row == held, "seed \(seed), \(id) \(device.id)")
        let others = device.fallbacks.map {
          "\($0.registered.provider.rawValue) \($0.registered.sha256) \($0.tokenValid)"
        }
        #expect(
          try await rig.fallbacks(id, device.id, app) == others, "seed \(seed), \(id) \(device.id)")
      }
      let labels =
        user.labels.map { labels in
          "\(labels.tags.map(\.rawValue)) "
            + "\(labels.attributes.map { ($0.rawValue, $1) }.sorted { $0 < $1 })"
        } ?? "-"
      #expect(try await rig.labels(id, app) == "\(labels) \(user.deleted)", "seed \(seed), \(id)")
    }
  }

  @Test("keeps suppressed decisions as rows up to the app's limit, as counts above it")
  func countsSuppressed() async throws {
    try await ProjectionRig.run { rig in
      var events: [JSON] = []
      func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
        events.append(
          .object(present: [
            ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
            ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
          ]))
      }
      for index in 0..<25 {
        add("group.member_added", ["group": "large", "user": .string("u\(index)")])
        if index < 5 {
          add("group.member_added", ["group": "small", "user": .string("u\(index)")])
        }
      }
      let content: JSON = ["elements": [["MsgType": "TIMImageElem", "MsgContent": [:]]]]
      for group in ["large", "small"] as [JSON] {
        add(
          "message.sent", ["message_id": group, "from": "u0", "conversation": ["group": group]],
          content)
      }
      try await rig.append(try unique(events))
      try await rig.projector().catchUp(rig.app)
      let rows = try await rig.pool.query(
        "select reason, count(*) from notifications_v1.deliveries group by reason")
      #expect(rows.count == 1)
      #expect(try rows.first?.get(0) == "no_device")
      #expect(try rows.first?.get(1, as: Int64.self) == 4)
      let counts = try await rig.pool.query(
        "select reason, count from notifications_v1.suppressed_counts")
      #expect(try counts.first?.get(1, as: Int32.self) == 24)
    }
  }

  @Test("lets one projector at a time hold an app, and another take over")
  func takesTurns() async throws {
    try await ProjectionRig.run { rig in
      var history = RandomHistory(seed: 7)
      let events = try unique(history.events(40))
      try await rig.append(Array(events[..<20]))
      let first = rig.projector()
      try await first.catchUp(rig.app)
      try await rig.append(Array(events[20...]))
      let second = rig.projector()
      try await second.catchUp(rig.app)
      #expect(try await rig.checkpoint() == 20, "the first still holds its lease")
      try await first.release()
      try await second.catchUp(rig.app)
      #expect(try await rig.checkpoint() == 40)
      try await compare(rig, rig.app, try fold(events, rig.app), 7)
    }
  }
}

@Suite("Agree with the oracle", .enabled(if: TestDatabase.isAvailable && SharedData.isAvailable))
struct AgreeWithTheOracle {
  @Test("G6: gives the oracle's unread counts and pushes after real chat")
  func realChat() async throws {
    try await ProjectionRig.run { rig in
      let events = try SharedData.smallFile()
      try await rig.append(events)
      try await rig.projector().catchUp(rig.app)
      let oracle = try SharedData.oracleUnread()
      let unread = try await rig.unread()
      let different = Set(oracle.keys).union(unread.keys).filter { oracle[$0] != unread[$0] }
      #expect(
        different.isEmpty,
        "\(different.count) of \(oracle.count), \(different.prefix(2).map { (oracle[$0], unread[$0]) })"
      )
      let pushes = try await rig.pool.query(
        "select provider, count(*) from notifications_v1.deliveries where status <> 'suppressed' group by provider order by provider"
      )
      #expect(try pushes.map { try $0.get(1, as: Int64.self) } == [103_607, 58_578])
    }
  }
}

import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite("Call off many", .enabled(if: TestDatabase.isAvailable))
struct CallOffMany {
  /// With the plan that these statistics ask for, 200,000 due deliveries and 5,000 read marks took
  /// more than five minutes.
  @Test("finds what it ends by its place, though statistics know of nothing that is due")
  func staleStatistics() async throws {
    try await ProjectionRig.run { rig in
      let insert = """
        insert into notifications_v1.deliveries (app, delivery_id, position, conversation, user_id,
          status, attempts, decided_at)
        select $1, gen_random_uuid(), i, 'pair/ann/bob', 'u' || i % 100, $2, 0, now()
        from generate_series(1, 20000) i
        """
      _ = try await rig.pool.query(insert, [rig.app.rawValue, "accepted"])
      _ = try await rig.pool.query("analyze notifications_v1.deliveries")
      _ = try await rig.pool.query(insert, [rig.app.rawValue, "due"])
      let call = try #require(
        OutcomeWriter(
          app: rig.app, tables: .serving, recalled: [], output: try Self.readMark()
        ).calls().first)
      let plan = try await rig.pool.transaction { connection in
        _ = try await connection.query("set local plan_cache_mode = force_generic_plan")
        return try await connection.query("explain (costs off) " + call.sql, call.parameters)
          .map { try $0.get(0, as: String.self) }
      }
      #expect(plan.contains { $0.contains("TID Cond: (ctid = first.place)") }, "\(plan)")
    }
  }

  /// What a user's read mark does.
  private static func readMark() throws -> BatchOutput {
    let pair: JSON = ["user": "bob"]
    var fold = Fold()
    var output = BatchOutput(suppressedRowsLimit: 20)
    let events: [JSON] = [
      [
        "event_id": "00000000-0000-0000-0000-000000000001", "type": "message.sent",
        "occurred_at": "2026-01-01T12:00:00Z",
        "data": ["message_id": "m1", "from": "ann", "conversation": pair],
        "content": ["elements": []],
      ],
      [
        "event_id": "00000000-0000-0000-0000-000000000002", "type": "conversation.read",
        "occurred_at": "2026-01-01T12:00:01Z",
        "data": ["user": "bob", "conversation": ["user": "ann"], "up_to": "m1"],
      ],
    ]
    for (index, json) in events.enumerated() {
      let event = try EventDoor.event(from: json)
      let results = fold.apply(
        try event.body(), at: Position(index + 1), occurredAt: event.occurredAt,
        recordedAt: event.occurredAt)
      for result in results { output.add(result) }
    }
    return output
  }
}

import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct StoreManyRows {
  private static let members = 120
  private static let messages = 8

  private func event(_ type: String, _ data: JSON, _ content: JSON? = nil) throws -> NewEvent {
    try EventDoor.event(
      from: .object(present: [
        ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
        ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
      ]))
  }

  /// A group whose members all have a phone; one comes to the foreground after some messages.
  private func history() throws -> [NewEvent] {
    var events: [NewEvent] = []
    for number in 0..<Self.members {
      let user: JSON = .string("u\(number)")
      let token = String(repeating: "ab", count: 30) + String(1_000 + number)
      events.append(
        try event(
          "device.registered",
          [
            "user": user, "device": "phone", "platform": "ios", "provider": "apns",
            "topic": "com.example.chat", "app_version": "1.2",
          ], ["token": .string(token)]))
      events.append(try event("group.member_added", ["group": "g", "user": user]))
    }
    for number in 0..<Self.messages {
      events.append(
        try event(
          "message.sent",
          [
            "message_id": .string("m\(number)"), "from": "u0", "conversation": ["group": "g"],
          ],
          ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hello"]]]]))
      if number == 2 {
        events.append(try event("device.foregrounded", ["user": "u7", "device": "phone"]))
        events.append(
          try event(
            "device.backgrounded",
            ["user": "u7", "device": "phone", "unread": ["c2c": 0, "group": 3]]))
      }
    }
    return events
  }

  private func rows(
    _ rig: ProjectionRig, _ app: AppID, _ table: String, _ columns: String
  ) async throws -> [String] {
    try await rig.pool.query(
      "select (\(columns))::text from \(table) where app = $1 order by position, user_id",
      [app.rawValue]
    ).map { try $0.get(0) }
  }

  @Test("G6: many rows, by COPY, are the same as few at a time, by statements")
  func areTheSame() async throws {
    try await ProjectionRig.run { rig in
      let many = AppID(unchecked: "many")
      let few = AppID(unchecked: "few")
      #expect(Self.members * Self.messages > StoredRows<DeliveryRow>.copyFrom)
      #expect(Self.members < StoredRows<DeliveryRow>.copyFrom)
      for app in [many, few] {
        try await rig.create(app)
        try await rig.append(try history(), to: app)
      }
      try await rig.project(many, batch: 1_000)
      try await rig.project(few, batch: 1)
      let delivery = """
        position, conversation, user_id, device_id, platform, app_version, provider, lane, status,
        reason, badge, sound, attempts, decided_at = (
          select e.recorded_at from ledger.events e
          where e.app = deliveries.app and e.position = deliveries.position), ended_at is null
        """
      let due = "position, user_id, device_id, provider, lane, attempts, expires_at - due_at"
      let deliveries = try await rows(rig, many, "notifications_v1.deliveries", delivery)
      #expect(deliveries.count == (Self.members - 1) * Self.messages)
      #expect(deliveries == (try await rows(rig, few, "notifications_v1.deliveries", delivery)))
      let isDue = try await rows(rig, many, "dispatch.due", due)
      #expect(isDue.count == deliveries.count - 3)
      #expect(isDue == (try await rows(rig, few, "dispatch.due", due)))
      #expect(try await rig.rollUpDrift(many) == [])
    }
  }

  @Test("a rebuild makes its keys early where events name deliveries or messages")
  func makesKeysEarly() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try history())
      try await rig.project(rig.app, batch: 1_000)
      let rebuild = Rebuild(rig.pool)
      #expect(try await rebuild.begin())
      _ = try await rebuild.fold { _ in }
      #expect(try await keys(rig) == [], "nothing named a delivery")
      try await rig.append([try event("message.recalled", ["message_id": "m1", "by": "u0"])])
      _ = try await rebuild.fold { _ in }
      #expect(try await keys(rig) == ["deliveries_position"])
      let delivery = try #require(try await rig.deliveries().first { $0.value.status == "due" })
      try await rig.append([
        try event(
          "push.delivered",
          [
            "delivery_id": .string(delivery.key.uuidString), "message_id": "m0",
            "at": "2026-01-01T12:00:01Z",
            "source": "app",
          ])
      ])
      _ = try await rebuild.fold { _ in }
      #expect(try await keys(rig) == ["deliveries_pkey", "deliveries_position"])
      try await rebuild.index()
      _ = try await rebuild.swap()
      let called = try await rig.deliveries().values.count { $0.reason == "recalled" }
      #expect(called == Self.members - 2, "the one who came to the foreground was called off then")
    }
  }

  /// Of those that a rebuild begins without.
  private func keys(_ rig: ProjectionRig) async throws -> [String] {
    try await rig.pool.query(
      """
      select relname from pg_class where relnamespace = 'notifications_v1_next'::regnamespace
        and relname in ('deliveries_pkey', 'deliveries_position') order by relname
      """
    ).map { try $0.get(0) }
  }
}

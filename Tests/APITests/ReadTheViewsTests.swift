import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ReadTheViews {
  static let views = [
    "events", "messages", "deliveries", "suppressed_counts", "attempts", "devices", "unread",
    "projection_status",
  ]

  /// Two messages of which one was pushed and tried twice, and a group.
  private func fill(_ rig: APIRig) async throws -> Position {
    _ = try await rig.put("/v1/users/b%2Fob/devices/phone", ReportMessages.registration)
    _ = try await rig.post("/v1/messages", PostMessages.message("m1", to: ["user": "b/ob"]))
    _ = try await rig.post(
      "/v1/groups/g%25/members", ["add": [["user": "ann"], ["user": "b/ob"]]])
    _ = try await rig.post("/v1/messages", PostMessages.message("m2", to: ["group": "g%"]))
    let id = DeliveryID.make(
      app: APIRig.demo, message: MessageID(unchecked: "m1"), user: UserID(unchecked: "b/ob"),
      device: DeviceID(unchecked: "phone"))
    let attempts = ["retry", "accepted"].enumerated().map { index, outcome -> JSON in
      [
        "type": "push.attempted",
        "data": [
          "delivery_id": JSON(id), "message_id": "m1", "user": "b/ob", "device": "phone",
          "attempt": .integer(index + 1), "provider": "apns", "outcome": .string(outcome),
          "status": 200, "started_at": "2026-01-31T09:30:00Z",
          "finished_at": "2026-01-31T09:30:01Z", "dispatcher": "d1",
        ],
      ]
    }
    let last = try await rig.post("/v1/events", .array(attempts))
    let position = try #require(last.position)
    _ = try await rig.get("/v1/users/b%2Fob/unread?at_least=\(position)")
    return position
  }

  private func text(_ rig: APIRig, _ sql: String) async throws -> String {
    try await rig.pool.query("select (\(sql))::text")[0].get(0)
  }

  @Test("the timeline is one message's alone, and says whose device a receipt came from")
  func tellsTheTimeline() async throws {
    try await APIRig.run { rig in
      _ = try await fill(rig)
      for message in ["m1", "m2"] {
        let id = DeliveryID.make(
          app: APIRig.demo, message: MessageID(unchecked: message),
          user: UserID(unchecked: "b/ob"), device: DeviceID(unchecked: "phone"))
        _ = try await rig.post("/v1/receipts", ["delivery_id": JSON(id), "event": "opened"])
      }
      let rows = try await rig.pool.query(
        "select type, \"user\", device, outcome from pushledger.timeline($1, 'm1')",
        [APIRig.demo.rawValue])
      let lines = try rows.map { row in
        try (0..<4).map { try row.optional($0, as: String.self) ?? "-" }.joined(separator: " ")
      }
      #expect(
        lines == [
          "message.sent - - -", "push.attempted b/ob phone retry",
          "push.attempted b/ob phone accepted", "push.opened b/ob phone -",
        ])
    }
  }

  @Test("the views tell the whole story by the callers' own ids")
  func tellTheStory() async throws {
    try await APIRig.run { rig in
      let last = try await fill(rig)
      let messages = try await rig.pool.query(
        "select message_id, sender, to_user, to_group from pushledger.messages order by position")
      let rows = try messages.map { row in
        [try row.get(0, as: String.self), try row.get(1), try row.optional(2) ?? "-"]
          + [try row.optional(3) ?? "-"]
      }
      #expect(rows == [["m1", "ann", "b/ob", "-"], ["m2", "ann", "-", "g%"]])
      #expect(
        try await text(
          rig,
          """
          select string_agg(concat_ws(' ', message_id, user_id, device_id, status, attempts), ','
            order by position, delivery_id)
          from pushledger.deliveries where app = 'demo'
          """) == "m1 b/ob phone accepted 2,m2 b/ob phone due 0")
      #expect(
        try await text(
          rig,
          """
          select string_agg(concat_ws(' ', message_id, user_id, device_id, attempt, outcome), ','
            order by attempt)
          from pushledger.attempts where app = 'demo'
          """) == "m1 b/ob phone 1 retry,m1 b/ob phone 2 accepted")
      #expect(
        try await text(
          rig,
          """
          select string_agg(concat_ws(' ', coalesce(group_id, '-'), coalesce(peer, '-'), unread),
            ',' order by group_id)
          from pushledger.unread where app = 'demo' and user_id = 'b/ob'
          """) == "g% - 1,- ann 1")
      #expect(
        try await text(
          rig,
          "select concat_ws(' ', position, lag_events, serves, lag_seconds) "
            + "from pushledger.projection_status where app = 'demo'") == "\(last) 0 t 0")
    }
  }

  @Test("the view of devices has no token") func hidesTokens() async throws {
    try await APIRig.run { rig in
      _ = try await fill(rig)
      #expect(
        try await !text(rig, "select string_agg(d::text, '') from pushledger.devices d")
          .contains("aabbcc"))
    }
  }

  @Test("finds the position of a moment") func findsPositions() async throws {
    try await APIRig.run { rig in
      _ = try await fill(rig)
      for event in try await rig.events() {
        let at = "timestamptz '\(event.recordedAt)'"
        let first = try await text(
          rig, "select max(position) from pushledger.events where recorded_at <= \(at)")
        #expect(try await text(rig, "select pushledger.position_at('demo', \(at))") == first)
      }
      #expect(try await text(rig, "select pushledger.position_at('demo', '2000-01-01')") == "0")
      #expect(try await text(rig, "select pushledger.position_at('nobody', now())") == "0")
    }
  }

  @Test("counts deliveries by time step") func countsDeliveries() async throws {
    try await APIRig.run { rig in
      _ = try await fill(rig)
      let rows = try await rig.pool.query(
        """
        select pushes, due, accepted, suppressed, accepted_share::float8
        from pushledger.delivery_rate('demo', now() - interval '2 hours', now() + interval '1 hour',
          '1 hour')
        """)
      #expect(rows.count == 3)
      let sums = try (0..<4).map { column in
        try rows.reduce(Int64(0)) { try $0 + $1.get(column) }
      }
      #expect(sums == [2, 1, 1, 0])
      #expect(try rows.compactMap { try $0.optional(4, as: Double.self) } == [1])
      for step in ["0 hours", "1 month", "1 second"] {
        let error = await #expect(throws: PostgresError.self) {
          try await rig.pool.query(
            """
            select * from pushledger.delivery_rate('demo', now() - interval '1 day', now(),
              '\(step)')
            """)
        }
        #expect(error?.sqlState == "22023")
      }
    }
  }

  @Test("everything in the schema is described, and readable by those who may")
  func describesEverything() async throws {
    try await APIRig.run { rig in
      let silent = try await rig.pool.query(
        """
        select c.relname, a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = 'pushledger'::regnamespace and c.relkind = 'v'
          and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)
        """)
      #expect(try silent.map { try $0.get(1, as: String.self) } == [])
      for view in Self.views {
        for role in ["pushledger_reader", "pushledger_writer"] {
          let may = try await rig.pool.query(
            "select has_table_privilege($1, $2, 'select')", [role, "pushledger.\(view)"])
          #expect(try may[0].get(0, as: Bool.self), "\(role) \(view)")
        }
      }
      let tables = try await rig.pool.query(
        """
        select count(*) from information_schema.role_table_grants
        where grantee = 'pushledger_reader' and table_schema <> 'pushledger'
        """)
      #expect(try tables[0].get(0, as: Int64.self) == 0)
    }
  }
}

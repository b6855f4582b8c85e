import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Show what is due", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct ShowDue {
  /// Makes deliveries due, each to a user of its own.
  private static func due(
    _ rig: ConsoleRig, _ number: Int64, by provider: String, of app: AppID = ConsoleRig.app,
    in seconds: Int64 = 0
  ) async throws {
    _ = try await rig.pool.query(
      """
      insert into dispatch.due
        (app, provider, lane, position, delivery_id, user_id, device_id, due_at, expires_at)
      select $1, $2, i % 8, i, gen_random_uuid(), 'user-' || i, 'phone',
        now() + $4::bigint * interval '1 second', now() + interval '1 day'
      from generate_series(1, $3::bigint) as i (i)
      """, [app.rawValue, provider, number, seconds])
  }

  private static func credential(_ rig: ConsoleRig, _ provider: String) async throws {
    _ = try await rig.pool.query(
      """
      insert into ledger.provider_credentials
        (app, provider, credential_id, sealed, key_id, created_at)
      values ('chat', $1, 'k', convert_to(repeat('x', 40), 'UTF8'), '0123456789abcdef', now())
      """, [provider])
  }

  @Test("what is due is counted by provider, with what it lacks; another app's is not")
  func countsFew() async throws {
    try await ConsoleRig.run { rig in
      try await rig.create(ConsoleRig.other)
      try await Self.due(rig, 3, by: "apns")
      try await Self.due(rig, 41, by: "fcm", in: 3600)
      try await Self.due(rig, 97, by: "huawei", of: ConsoleRig.other)
      try await Self.credential(rig, "fcm")
      let session = try await rig.signIn()
      let page = try await rig.get("/console", session: session)
      for shown in [
        "3 pushes by apns wait: no credential.", ">44<", ">41<", "waiting for a credential",
      ] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      for hidden in ["huawei", ">97<", "or before", "may be higher", "41+"] {
        #expect(!page.body.contains(hidden), "\(hidden)")
      }
      let operate = try await rig.get("/console/operate", session: session)
      #expect(operate.body.contains(">44<") && !operate.body.contains("was counted"))
      let theirs = try await rig.get(
        "/console", session: try await rig.signIn([.read], of: ConsoleRig.other))
      #expect(theirs.body.contains("97 pushes by huawei wait") && !theirs.body.contains("by apns"))
    }
  }

  @Test("of what is too much to count a lower bound is shown, and said to be one")
  func boundsMany() async throws {
    try await ConsoleRig.run { rig in
      try await Self.due(rig, 10_050, by: "apns")
      try await Self.due(rig, 600, by: "fcm", in: 3600)
      try await Self.credential(rig, "fcm")
      let session = try await rig.signIn([.admin])
      let page = try await rig.get("/console", session: session)
      for shown in [
        "10,000+ pushes by apns wait: no credential.", ">10,600+<", ">10,000+<", ">600<",
        ">512+<", "or before", "pushledger status",
      ] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      let operate = try await rig.get("/console/operate", session: session)
      #expect(operate.body.contains(">10,600+<") && operate.body.contains("pushledger status"))
      let asked = try await rig.get("/console/operate/pause?provider=apns", session: session)
      #expect(asked.body.contains("10,000+ deliveries are due now"))
      // The view counts all of it.
      let exact = try await rig.pool.query(
        "select provider, lacks, due from pushledger.dispatch_status order by provider")
      #expect(try exact.map { try $0.get(2, as: Int64.self) } == [10_050, 600])
      #expect(try exact[0].optional(1) == "no_credential")
    }
  }

  @Test("what only some lack is told of those that were looked at")
  func tellsApart() async throws {
    try await ConsoleRig.run { rig in
      try await Self.due(rig, 600, by: "apns")
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.devices (app, user_id, device_id, platform, provider, topic,
          environment, badge, token_valid, logged_out, offline, active_at, registered_at)
        select 'chat', 'user-' || i, 'phone', 'ios', 'apns',
          case when i % 8 = 1 then 'org.lost' else 'org.chat' end, 'production', 0, true, false,
          false, now(), now()
        from generate_series(1, 600) as i (i)
        """)
      try await Self.credential(rig, "apns")
      _ = try await rig.pool.query(
        "update ledger.provider_credentials set topics = '{org.chat}' where app = 'chat'")
      let page = try await rig.get("/console", session: try await rig.signIn())
      for shown in [
        "64+ no credential for topic", "64+ pushes by apns wait: no credential for topic.",
        ">600<",
      ] {
        #expect(page.body.contains(shown), "\(shown)")
      }
    }
  }

  @Test("what an erasure would take is looked up in a ledger too long to be counted")
  func looksUpErasures() async throws {
    try await ConsoleRig.run { rig in
      for start in stride(from: 0, to: 10_000, by: 2_000) {
        let events = try (start..<start + 2_000).map { number in
          try EventDoor.event(
            id: UUID(), type: .userUpdated,
            occurredAt: Timestamp(microseconds: 1_700_000_000_000_000),
            data: ["user": .string(number < 300 ? "ann" : "user-\(number)")],
            content: ["nickname": "Mia"])
        }
        let call = AppendStatement.call(events, to: ConsoleRig.app)
        _ = try await rig.pool.query(call.sql, call.parameters)
      }
      try await rig.device(of: "ann")
      try await rig.append(.memberAdded, ["group": "g", "user": "ann"], ["name_card": "M"])
      try await rig.append(.memberRemoved, ["group": "g", "user": "ann"])
      try await rig.message("m1", to: "ann")
      try await rig.project()
      let session = try await rig.signIn([.admin])
      let asked = try await rig.get("/console/operate/erase?user=ann", session: session)
      for shown in [
        "at least 202 events", "--dry-run", ">200+<", "device.registered", "group.member_added",
        "Erase for good",
      ] {
        #expect(asked.body.contains(shown), "\(shown)")
      }
      for hidden in ["message.sent", "group.member_removed"] {
        #expect(!asked.body.contains(hidden), "\(hidden)")
      }
      let sender = try await rig.get("/console/operate/erase?user=sender", session: session)
      #expect(sender.body.contains("at least 1 event is") && sender.body.contains("message.sent"))
      // What is in no index may still be there.
      let nobody = try await rig.get("/console/operate/erase?user=nobody", session: session)
      #expect(nobody.body.contains("found nothing") && nobody.body.contains("Erase for good"))
    }
  }
}

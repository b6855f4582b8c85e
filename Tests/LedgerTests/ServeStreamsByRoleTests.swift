import LedgerSQL
import Postgres
import PushCore
import TestSupport
import Testing

extension OnALedger {
  /// What serves the streams of devices may do that, and nothing beside.
  @Suite(.timeLimit(.minutes(2))) struct ServeStreamsByRole {
    private static let denied = "42501"
    private static let calls = [
      "select dispatch.open_stream('demo', 'ann', 'phone', 'streams-1', 1)",
      "select dispatch.list_sent('demo', '{ann}', '{phone}', '{9}')",
      "select dispatch.list_unanswered(10)",
      """
      select dispatch.hand_out_streams('demo', 'streams-1', null, null, 10, '{ann}', '{phone}',
        '{1}', '{0}', 10)
      """,
      """
      select dispatch.record_sent('demo', '{ann}', '{phone}', '{1}',
        array['0c635ef1-2e9c-55e1-8eac-92155eb4db11'::uuid], '{1}', '{true}', '{}', '{}', '{}',
        '{}', '{}', '{}')
      """,
      """
      select dispatch.close_streams('demo', 'streams-1', '{ann}', '{phone}', '{1}', '{}', '{}',
        '{}', '{}')
      """,
    ]

    @Test func letsTheWriterCallWhatServesThem() async throws {
      try await LedgerRig.run { rig in
        _ = try await rig.pool.query(
          """
          insert into notifications_v1.devices (app, user_id, device_id, platform, provider, topic,
            environment, badge, token_valid, logged_out, offline, active_at, registered_at)
          values ('demo', 'ann', 'phone', 'android', 'callback', 'stream', 'production', 0, true,
            false, false, now(), now())
          """)
        for call in Self.calls {
          #expect(try await rig.refusal(of: "pushledger_writer", call) == nil, "\(call)")
        }
      }
    }

    @Test func refusesAllOthers() async throws {
      try await LedgerRig.run { rig in
        for role in SQLFiles.roles
        where !["pushledger_writer", "pushledger_dispatcher"].contains(role) {
          for call in Self.calls { expect(try await rig.refusal(of: role, call), is: Self.denied) }
        }
      }
    }

    /// G12: what the API's process may not read or change it can't, whatever it is asked.
    @Test func keepsTheTablesFromTheWriter() async throws {
      try await LedgerRig.run { rig in
        for table in ["due", "sent", "streams", "lanes", "handed_out"] {
          for sql in ["select from dispatch.\(table)", "delete from dispatch.\(table)"] {
            expect(try await rig.refusal(of: "pushledger_writer", sql), is: Self.denied)
          }
        }
        for sql in [
          "select token from notifications_v1.devices",
          "select dispatch.take_lanes('demo', 'd', '{callback}', '{}', 1)",
        ] {
          expect(try await rig.refusal(of: "pushledger_writer", sql), is: Self.denied)
        }
      }
    }
  }
}

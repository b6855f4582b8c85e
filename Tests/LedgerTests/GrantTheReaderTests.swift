import Ledger
import LedgerSQL
import Postgres
import PushCore
import TestSupport
import Testing

extension OnALedger {
  /// What people who ask in SQL may do: read one schema, and nothing else.
  @Suite(.timeLimit(.minutes(2))) struct GrantTheReader {
    /// G12, G13: neither the tables behind the views nor their schemas.
    @Test func readsOneSchemaOnly() async throws {
      try await LedgerRig.run { rig in
        let schemas = try await rig.pool.query(
          """
          select n.nspname from pg_namespace n
          where n.oid >= 16384 and has_schema_privilege('pushledger_reader', n.oid, 'usage')
          """)
        #expect(try schemas.map { try $0.get(0, as: String.self) } == ["pushledger"])
        let tables = try await rig.pool.query(
          """
          select c.oid::regclass::text from pg_class c
          where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'S')
            and c.relnamespace <> 'pushledger'::regnamespace
            and c.relnamespace::regnamespace::text !~ '^pg_'
            and (has_table_privilege('pushledger_reader', c.oid, 'select')
              or has_any_column_privilege('pushledger_reader', c.oid, 'select'))
          """)
        #expect(try tables.map { try $0.get(0, as: String.self) } == [])
      }
    }

    /// G5: no table can be written, and no function that could write can be called.
    @Test func changesNothing() async throws {
      try await LedgerRig.run { rig in
        let written = try await rig.pool.query(
          """
          select c.oid::regclass::text from pg_class c
          where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm')
            and c.relnamespace::regnamespace::text !~ '^pg_'
            and has_table_privilege(
              'pushledger_reader', c.oid, 'insert, update, delete, truncate, trigger')
          """)
        #expect(try written.map { try $0.get(0, as: String.self) } == [])
        let called = try await rig.pool.query(
          """
          select p.oid::regprocedure::text from pg_proc p
          where p.oid >= 16384 and (p.provolatile = 'v' or p.prosecdef)
            and has_schema_privilege('pushledger_reader', p.pronamespace, 'usage')
            and has_function_privilege('pushledger_reader', p.oid, 'execute')
          """)
        #expect(try called.map { try $0.get(0, as: String.self) } == [])
      }
    }

    /// The functions read what the reader may read, with the reader's own rights.
    @Test func asksEveryFunction() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1")])
        for call in [
          "conversation_name('ann', 'bob', null)", "device_at('demo', 'ann', 'phone', 1)",
          "noisy_tokens('demo', '-infinity', 'infinity')",
          "skipped_events('demo')", "token_end('demo', 1, 'apns', 'x')",
          "void_registrations('demo', 'device/ann/phone', 1)",
          "unread_at('demo', 'ann', 1)", "why_suppressed('demo', '-infinity', 'infinity')",
          "why_suppressed('demo', '-infinity', 'infinity', 'ann')",
          "why_suppressed('demo', '-infinity', 'infinity', null, 'group/g')",
          "why_suppressed('demo', '-infinity', 'infinity', null, null, '1')",
        ] {
          let sql = "select * from pushledger.\(call)"
          #expect(try await rig.refusal(of: "pushledger_reader", sql) == nil, "\(call)")
        }
        for call in [
          "noisy_tokens('demo', '-infinity', 'infinity', 0)",
          "why_suppressed('demo', '-infinity', 'infinity', 'ann', 'group/g')",
        ] {
          let sql = "select * from pushledger.\(call)"
          #expect(try await rig.refusal(of: "pushledger_reader", sql) == "22023", "\(call)")
        }
      }
    }

    /// The rules that SQL explains are those that the fold decides by.
    @Test func explainsEveryReason() async throws {
      try await LedgerRig.run { rig in
        let rows = try await rig.pool.query("select reason from pushledger.suppression_rules")
        let reasons = try rows.map { try $0.get(0, as: String.self) }
        #expect(Set(reasons) == Set(SuppressionReason.allCases.map(\.rawValue)))
        #expect(reasons.count == Set(reasons).count)
      }
    }
  }
}

import Ledger
import LedgerSQL
import Postgres
import PushCore
import TestSupport
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct GrantTheLeast {
    private static let denied = "42501"
    private static let roles = SQLFiles.roles
    private static let append = """
      select ledger.append('demo', array[gen_random_uuid()], array['user.updated'],
        array[1::smallint], array['user/ann'], array[now()], array['{"user": "ann"}'::jsonb],
        array[null::json])
      """
    private static let appendJSON = """
      select pushledger.append('demo', '[{"type": "user.updated", "data": {"user": "ann"}}]')
      """

    /// G5: no process has a right to change what happened, nor to write it past the function.
    @Test func refusesEveryRoleAChange() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1")])
        for role in Self.roles {
          for table in ["events", "commits", "heads", "apps", "migrations"] {
            for change in [
              "insert into ledger.\(table) default values", "delete from ledger.\(table)",
              "update ledger.\(table) set \(table == "migrations" ? "name" : "app") = 'other'",
              "truncate ledger.\(table)", "drop table ledger.\(table)",
              "alter table ledger.\(table) disable trigger all",
            ] {
              expect(try await rig.refusal(of: role, change), is: Self.denied)
            }
          }
          expect(
            try await rig.refusal(of: role, "set session_replication_role = replica"),
            is: Self.denied)
        }
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// G5: not even the owner changes it by mistake, a partial or empty change included.
    @Test func refusesTheOwnerAChange() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1")])
        for table in ["events", "commits"] {
          for change in [
            "update ledger.\(table) set app = app", "delete from ledger.\(table)",
            "delete from ledger.\(table) where false", "truncate ledger.\(table)",
            """
            with gone as (delete from ledger.\(table) returning app) select from gone
            """,
            """
            insert into ledger.\(table) select * from ledger.\(table)
            on conflict (app, \(table == "events" ? "position" : "commit_number"))
              do update set recorded_at = now()
            """,
          ] {
            let refused = await failure(PostgresError.self) {
              _ = try await rig.pool.query(change)
            }
            #expect(refused?.sqlState == "LG010", "\(change)")
            #expect(refused?.message.contains("is never changed") == true)
          }
        }
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    @Test func letsTheReaderReadEveryView() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1")])
        let views = try await rig.tables(in: ["pushledger"])
        #expect(views.count == SQLFiles.views.count)
        for view in views {
          for role in Self.roles {
            #expect(
              try await rig.refusal(of: role, "select * from \(view)") == nil, "\(role) \(view)")
          }
          for change in ["delete from \(view)", "insert into \(view) default values"] {
            let refused = try await rig.refusal(of: "pushledger_reader", change)
            #expect([Self.denied, "55000"].contains(refused), "\(change)")
          }
        }
        for call in [
          "select * from pushledger.timeline('demo', '1')",
          "select pushledger.position_at('demo', now())",
          """
          select * from pushledger.delivery_rate('demo', now() - interval '1 day', now(), '1 hour')
          """,
        ] {
          #expect(try await rig.refusal(of: "pushledger_reader", call) == nil, "\(call)")
        }
      }
    }

    @Test func keepsTheReaderFromTables() async throws {
      try await LedgerRig.run { rig in
        let tables = try await rig.tables(in: ["ledger", "notifications_v1", "dispatch"])
        #expect(tables.contains("ledger.provider_credentials"))
        #expect(tables.contains("notifications_v1.devices"))
        for table in tables {
          expect(
            try await rig.refusal(of: "pushledger_reader", "select from \(table)"),
            is: Self.denied)
        }
        for call in [Self.append, Self.appendJSON, "select ledger.create_app('new')"] {
          expect(try await rig.refusal(of: "pushledger_reader", call), is: Self.denied)
        }
      }
    }

    /// G1: whoever may append can, without a right on the tables.
    @Test func letsTheWriterAppend() async throws {
      try await LedgerRig.run { rig in
        for (role, mayAppend, mayAppendJSON) in [
          ("pushledger_writer", true, true), ("pushledger_dispatcher", true, false),
          ("pushledger_projector", false, false), ("pushledger_reader", false, false),
        ] {
          let refused = [
            try await rig.refusal(of: role, Self.append),
            try await rig.refusal(of: role, Self.appendJSON),
          ]
          #expect(
            refused == [mayAppend ? nil : Self.denied, mayAppendJSON ? nil : Self.denied],
            "\(role)")
        }
        try await rig.pool.transaction { connection in
          try await connection.execute("set local role pushledger_writer")
          _ = try await connection.query(Self.append)
          _ = try await connection.query(Self.appendJSON)
        }
        expect(try await rig.events().map(\.position), is: [1, 2])
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// G13: secrets are for the dispatcher, hashes of keys for those who check them.
    @Test func showsSecretsToTheirUserOnly() async throws {
      try await LedgerRig.run { rig in
        for (sql, allowed) in [
          ("select sealed from ledger.provider_credentials", ["pushledger_dispatcher"]),
          ("select * from ledger.provider_credentials", ["pushledger_dispatcher"]),
          ("select length(c::text) from ledger.provider_credentials c", ["pushledger_dispatcher"]),
          (
            "select credential_id, settings, key_id from ledger.provider_credentials",
            ["pushledger_writer", "pushledger_projector", "pushledger_dispatcher"]
          ),
          ("select secret_sha256 from ledger.api_keys", ["pushledger_writer"]),
          ("select secret_sha256 from ledger.console_sessions", ["pushledger_writer"]),
          ("select * from ledger.audit", ["pushledger_writer"]),
          (
            "select token from notifications_v1.devices",
            ["pushledger_projector", "pushledger_dispatcher"]
          ),
        ] {
          var readers: [String] = []
          for role in Self.roles where try await rig.refusal(of: role, sql) == nil {
            readers.append(role)
          }
          #expect(readers == allowed, "\(sql)")
        }
        for sql in [
          "update ledger.api_keys set scopes = '{admin}'", "delete from ledger.api_keys",
          "insert into ledger.provider_credentials default values",
          "update ledger.provider_credentials set sealed = 'x'",
        ] {
          for role in Self.roles {
            expect(try await rig.refusal(of: role, sql), is: Self.denied)
          }
        }
      }
    }
  }
}

extension LedgerRig {
  /// The SQLSTATE with which a role is refused a statement; nil where it may. Nothing of it stays.
  func refusal(of role: String, _ sql: String) async throws -> String? {
    try await pool.withConnection { connection in
      try await connection.execute("begin; set local role \(role)")
      let refused = await failure(PostgresError.self) { try await connection.execute(sql) }
      try await connection.execute("rollback")
      return refused.map { $0.sqlState ?? "\($0)" }
    }
  }

  /// The tables and views of some schemas, with their schema's name.
  fileprivate func tables(in schemas: [String]) async throws -> [String] {
    let rows = try await pool.query(
      """
      select relnamespace::regnamespace::text || '.' || relname from pg_class
      where relkind in ('r', 'p', 'v') and relnamespace::regnamespace::text = any ($1)
      """, [schemas])
    return try rows.map { try $0.get(0) }
  }
}

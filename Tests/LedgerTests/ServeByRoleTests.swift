import Postgres
import PushCore
import TestSupport
import Testing

@testable import Ledger

extension OnALedger {
  /// What the processes do, with the rights that they have.
  @Suite(.timeLimit(.minutes(2))) struct ServeByRole {
    private static let processes = [
      "pushledger_writer", "pushledger_projector", "pushledger_dispatcher",
    ]

    @Test(arguments: processes) func letsAProcessSeeWhetherTheDatabaseFitsIt(role: String)
      async throws
    {
      try await LedgerRig.run { rig in
        let migrator = Migrator(rig.configuration(as: role), logger: TestDatabase.logger)
        try await migrator.requireCurrent()
        #expect(try await migrator.status().isCurrent)
        let refused = await failure(MigrationError.self) {
          try await Migrator(
            rig.configuration(as: role), program: .changed, logger: TestDatabase.logger
          ).migrate()
        }
        guard case .failed(_, let error)? = refused else {
          Issue.record("\(role) migrated: \(String(describing: refused))")
          return
        }
        #expect(error.sqlState == "42501")
      }
    }

    @Test(arguments: processes) func letsAProcessReadTheLedger(role: String) async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1"), .recall("1")])
        try await rig.asRole(role) { rig in
          expect(try await rig.events().map(\.position), is: [1, 2])
          expect(try await rig.reader.heads(), is: [rig.app: 2])
          #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
          expect(try await Apps(rig.pool).list().map(\.id), is: [rig.app])
          let credentials = ProviderCredentials(rig.pool)
          #expect(try await credentials.list(of: rig.app).isEmpty)
          let refused = await failure(AppsError.self) { _ = try await credentials.load() }
          #expect((refused == nil) == (role == "pushledger_dispatcher"))
        }
      }
    }

    /// G1: group commit needs no more than the right to call one function.
    @Test func letsTheWriterServeRequests() async throws {
      try await LedgerRig.run { rig in
        let key = try await APIKeys(rig.pool).create(for: rig.app, scopes: [.send])
        try await rig.asRole("pushledger_writer") { rig in
          #expect(try await APIKeys(rig.pool).authenticate(key.text)?.app == rig.app)
          let positions = try await rig.withAppender { appender in
            try await appender.append([.message("1"), .recall("1")], to: rig.app)
          }
          #expect(positions == [1, 2])
          let refused = await failure(AppsError.self) {
            _ = try await APIKeys(rig.pool).create(for: rig.app, scopes: [.admin])
          }
          #expect(refused?.code == "ledger_unavailable")
        }
      }
    }

    /// G19: those who follow the events are served without more rights.
    @Test func letsTheWriterKeepSubscriptions() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1"), .recall("1")])
        let name = SubscriptionName(unchecked: "billing")
        try await rig.asRole("pushledger_writer") { rig in
          let kept = Subscriptions(rig.pool)
          #expect(try await kept.create(name, of: rig.app, types: nil, after: 0))
          let lease = try await kept.take(name, of: rig.app, for: "one", seconds: 30)
          let page = try await kept.page(lease, of: rig.app, after: 0, limit: 10, renews: true)
          #expect(page.events.count == 2 && page.isAtEnd)
          let done = try await kept.acknowledge(
            2, name, of: rig.app, lease: lease.epoch, seconds: 30, releases: false)
          #expect(done.position == 2)
          try await kept.delete(name, of: rig.app)
        }
      }
    }

    /// G16: whoever serves erases, and sees first what would go.
    @Test func letsTheWriterErase() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1"), .recall("1")])
        try await rig.asRole("pushledger_writer") { rig in
          let eraser = Eraser(rig.pool)
          for scope: Erasure.Scope in [
            .before(Timestamp(microseconds: 4_000_000_000_000_000)),
            .message(MessageID(unchecked: "1")), .user(UserID(unchecked: "ann")),
          ] {
            #expect(try await eraser.count(scope, in: rig.app).total == 1)
          }
          let done = try await eraser.run(
            .user(UserID(unchecked: "ann")), in: rig.app, reason: nil)
          #expect(done.erased == 1)
        }
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    @Test func letsTheProjectorKeepItsTables() async throws {
      try await LedgerRig.run { rig in
        let rights = try await rig.pool.query(
          """
          select c.relname, string_agg(r.name, ' ' order by r.name)
            filter (where has_table_privilege('pushledger_projector', c.oid, r.name))
          from pg_class c cross join unnest(
            array['select', 'insert', 'update', 'delete', 'truncate']) as r (name)
          where c.relkind = 'r' and c.relnamespace in (
            'notifications_v1'::regnamespace, 'dispatch'::regnamespace)
          group by c.relname
          """)
        var found: [String: String] = [:]
        for row in rights { found[try row.get(0)] = try row.optional(1) }
        let written = "insert select update"
        #expect(
          found == [
            "users": written, "conversations": written, "messages": written,
            "deliveries": written, "attempts": written, "suppressed_counts": written,
            "standings": written,
            "devices": "delete " + written, "fallbacks": "delete " + written,
            "members": "delete " + written,
            "hourly_messages": written, "hourly_deliveries": written, "hourly_attempts": written,
            "hourly_latencies": written,
            "due": "delete insert select",
          ])
      }
    }
  }
}

extension LedgerRig {
  /// The settings by which a process connects whose user has one role.
  fileprivate func configuration(as role: String) -> PostgresConfiguration {
    PostgresConfiguration(
      TestDatabase.url(
        configuration.connectionString, adding: ["options=-c%20role%3D\(role)"]))
  }

  /// Lends the same ledger as a process with one role sees it.
  fileprivate func asRole(
    _ role: String, _ body: @Sendable (LedgerRig) async throws -> Void
  ) async throws {
    let configuration = configuration(as: role)
    let pool = PostgresPool(configuration, limit: 2, logger: TestDatabase.logger)
    try await body(LedgerRig(configuration: configuration, pool: pool))
    await pool.close()
  }
}

extension SchemaFiles {
  /// A program with one function more to install.
  fileprivate static var changed: SchemaFiles {
    var files = embedded
    files.replace("functions/position_at.sql") { $0 + "-- Changed.\n" }
    return files
  }
}

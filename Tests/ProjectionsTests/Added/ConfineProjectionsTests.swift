import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

/// G18: the SQL of a projection that was added changes its own tables, and nothing else.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ConfineProjections {
  private static let name = "prisoner"
  private static let runner = "projections.prisoner(text, text, pushledger.event[])"

  /// What a fold may try, and the SQLSTATE that ends it.
  private static let attempts: [(String, String)] = [
    // Other people's tables.
    ("perform count(*) from ledger.events;", "42501"),
    ("perform content from pushledger.events;", "42501"),
    ("perform count(*) from notifications_v1.users;", "42501"),
    ("perform count(*) from pushledger.users;", "42501"),
    ("update ledger.checkpoints set position = 0;", "42501"),
    ("delete from ledger.api_keys;", "42501"),
    ("perform pushledger.append('demo', '[]');", "42501"),
    ("perform ledger.create_app('mine');", "42501"),
    ("perform projections.prisoner('ledger', 'select 1', null);", "42501"),
    // Other people's rights.
    ("reset role;", "42501"),
    ("set role none;", "42501"),
    ("execute format('set role %I', session_user);", "42501"),
    ("execute format('set session authorization %I', session_user);", "42501"),
    ("perform set_config('role', session_user, true);", "42501"),
    ("reset session authorization;", "42501"),
    ("alter role current_user createrole;", "42501"),
    ("execute format('grant %I to current_user', session_user);", "42501"),
    ("set session_replication_role = replica;", "42501"),
    // What runs when others commit or read.
    ("execute 'declare later cursor with hold for select 1';", "LG021"),
    ("execute 'prepare later as select 1';", "LG021"),
    ("execute 'deallocate all'; execute 'prepare s1 as select 1';", "LG021"),
    (
      """
      create constraint trigger later after update on kept deferrable initially deferred
        for each row execute function note();
      """, "LG021"
    ),
    ("create rule later as on insert to kept do also select 1;", "LG021"),
    ("alter table kept enable row level security;", "LG021"),
    ("alter table kept add constraint later check (one() = 1);", "LG021"),
    ("create index later on kept (one());", "42501"),
    // What runs it.
    ("alter function \(runner) security invoker;", "42501"),
    ("alter function \(runner) reset all;", "42501"),
    ("grant execute on function \(runner) to public;", "42501"),
    ("alter function note() security definer;", "LG021"),
    // Things elsewhere.
    ("create table more (number int);", "42501"),
    ("create table public.more (number int);", "42501"),
    ("create temporary table pg_class (number int);", "LG021"),
    ("create temporary view pg_class as select 1;", "LG021"),
    ("create function pg_temp.now() returns int language sql as 'select 1';", "LG021"),
    ("create schema mine;", "42501"),
    ("create extension dblink;", "42501"),
    ("perform lo_create(0);", "LG021"),
    ("alter default privileges grant all on tables to public;", "LG021"),
    // The machine and others' sessions.
    ("copy kept to program 'true';", "42501"),
    ("copy kept to '/tmp/kept';", "42501"),
    ("perform pg_read_file('/etc/hostname');", "42501"),
    (
      "perform pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid();",
      "42501"
    ),
    ("commit;", "2D000"),
    ("drop schema projection_prisoner cascade;", "42501"),
    ("drop table kept; commit;", "2D000"),
  ]

  /// With things that attempts use.
  private static func sql(_ attempt: String) -> String {
    """
    create function one() returns int language sql immutable as 'select 1';
    create function note() returns trigger language plpgsql as 'begin return null; end';
    \(AddedSQL.doing(attempt))
    """
  }

  private func appendOne(_ rig: ProjectionRig) async throws {
    try await rig.append([
      try EventDoor.event(
        id: UUID(), type: .userUpdated, occurredAt: .systemClock(), data: ["user": "ann"],
        content: nil)
    ])
  }

  @Test("G18: a fold that tries more is refused, and leaves nothing", arguments: attempts.indices)
  func refusesTheFold(index: Int) async throws {
    let (attempt, state) = Self.attempts[index]
    try await ProjectionRig.run { rig in
      try await appendOne(rig)
      try await rig.add(Self.name, Self.sql(attempt))
      let progress = try await rig.fold(Self.name)
      guard case .poisoned(let event) = progress else {
        Issue.record("\(attempt) led to \(progress)")
        return
      }
      #expect(event.position == 1)
      #expect(event.reason.hasSuffix("(SQLSTATE \(state))"), "\(attempt): \(event.reason)")
      #expect(try await rig.text("select count(*) from projection_prisoner.kept") == "0")
      #expect(try await rig.text("select count(*) from ledger.events") == "1")
      // What was tried is not in the way of the next one.
      _ = try await rig.pool.query("select ledger.check_projection($1)", [Self.name])
    }
  }

  @Test(
    "G18: SQL that makes what others would run is not added",
    arguments: [
      "create function helper() returns int language sql security definer as 'select 1';",
      "create view shown as select one();",
      "create materialized view shown as select 1 as one;",
      "create index late on kept (one());",
      "create table parts (number int) partition by list ((number + one()));",
      "alter table kept add constraint late check (one() = 1);",
      "alter table kept add constraint late unique (note) deferrable;",
      """
      create constraint trigger late after insert on kept deferrable initially deferred
        for each row execute function note();
      """,
      "alter table kept enable row level security;",
      "create policy late on kept using (one() = 1); alter table kept enable row level security;",
      "create domain late as int check (value = one());",
      "create type late as range (subtype = int4);",
      "create operator === (function = int4eq, leftarg = int4, rightarg = int4);",
      "create statistics late on number, note from kept;",
      "create temporary table late (number int);", "create unlogged table late (number int);",
      "create rule late as on delete to kept do instead nothing;",
      "prepare late as select 1;",
      "alter function \(runner) security invoker;",
    ])
  func refusesTheSQL(more: String) async throws {
    try await ProjectionRig.run { rig in
      await #expect(throws: AddedProjections.Refusal.self, "\(more)") {
        try await rig.add(Self.name, Self.sql("") + more)
      }
      let left = try await rig.text(
        """
        select count(*) from ledger.projections
        where fold_sql is not null or to_regnamespace('projection_prisoner') is not null
        """)
      #expect(left == "0")
      #expect(try await rig.add(Self.name, Self.sql("")) == .added, "the same without it")
    }
  }

  @Test("G18: what a fold sets for its session is gone after it")
  func leavesTheSessionAsItWas() async throws {
    try await ProjectionRig.run { rig in
      try await appendOne(rig)
      try await rig.add(
        Self.name,
        """
        create function now() returns int language sql as 'select 1 / 0';
        \(AddedSQL.doing(
          """
          set search_path = projection_prisoner, pg_catalog;
          set statement_timeout = 0;
          set time zone 'Asia/Tokyo';
          set standard_conforming_strings = off;
          listen pushledger_events;
          perform pg_advisory_lock(4711);
          """))
        """)
      let pool = PostgresPool(
        PostgresConfiguration(rig.url, statementTimeout: .seconds(20)), limit: 1,
        logger: TestDatabase.logger)
      let settings = """
        select concat_ws(' ', current_setting('search_path'), current_setting('statement_timeout'),
          current_setting('timezone'), current_setting('standard_conforming_strings'),
          pg_backend_pid(), (select count(*) from pg_listening_channels()),
          (select count(*) from pg_locks
            where locktype = 'advisory' and pid = pg_backend_pid()))
        """
      let before: String = try await pool.query(settings)[0].get(0)
      #expect(try await rig.step(Self.name).run(on: pool) == .folded(to: 1))
      let after: String = try await pool.query(settings)[0].get(0)
      #expect(after == before)
      #expect(try await rig.text("select count(*) from projection_prisoner.kept") == "1")
      await pool.close()
    }
  }

  @Test("G18: a fold that does not end is ended, named, or its session is")
  func endsWhatDoesNotEnd() async throws {
    try await ProjectionRig.run { rig in
      try await appendOne(rig)
      try await rig.add(Self.name, Self.sql("loop perform 1; end loop;"))
      let pool = PostgresPool(
        PostgresConfiguration(rig.url, statementTimeout: .milliseconds(500)), limit: 1,
        logger: TestDatabase.logger)
      let progress = try await rig.step(Self.name).run(on: pool)
      #expect(
        progress
          == .poisoned(
            PoisonedEvent(position: 1, reason: "it takes too long (SQLSTATE 57014)")))
      // It catches even its cancellation.
      try await AddedProjections(rig.pool).remove(ProjectionName(unchecked: Self.name))
      try await rig.add(
        Self.name,
        Self.sql(
          """
          loop
            begin
              loop perform 1; end loop;
            exception when query_canceled then null;
            end;
          end loop;
          """))
      await #expect(throws: (any Error).self) { _ = try await rig.step(Self.name).run(on: pool) }
      let left = try await rig.text(
        """
        select count(*) from pg_stat_activity
        where query like '%fold_projection%' and pid <> pg_backend_pid()
          and datname = current_database() and state = 'active'
        """)
      #expect(left == "0")
      #expect(try await rig.checkpoint(of: Self.name) == 0)
      await pool.close()
    }
  }

  @Test("G18: what runs it is made anew where it is another: after an upgrade, or a restore")
  func makesItsRunnerAnew() async throws {
    try await ProjectionRig.run { rig in
      for change in [
        "alter function \(Self.runner) owner to current_user",
        "alter function \(Self.runner) security invoker",
        "grant execute on function \(Self.runner) to public",
        """
        create or replace function projections.prisoner(in_schema text, in_sql text,
          in_events pushledger.event[]) returns void language sql as 'select null::void'
        """,
        "drop function \(Self.runner)",
      ] {
        try await rig.add(Self.name, AddedSQL.doing("perform pg_sleep(0);"))
        try await appendOne(rig)
        _ = try await rig.pool.query(change)
        guard case .folded = try await rig.step(Self.name).run(on: rig.pool) else {
          Issue.record("\(change)")
          continue
        }
        #expect(try await rig.text("select ledger.has_runner('prisoner')") == "true", "\(change)")
        #expect(try await rig.text("select count(*) from projection_prisoner.kept") == "1")
        try await AddedProjections(rig.pool).remove(ProjectionName(unchecked: Self.name))
      }
    }
  }

  @Test("G18: a role that may more than it should runs no projection")
  func refusesAMightyRole() async throws {
    try await ProjectionRig.run { rig in
      let role = "pushledger_projection_mighty"
      try await rig.pool.query("drop role if exists \(role)")
      for (make, undo) in [
        ("create role \(role) createdb", "alter role \(role) nocreatedb"),
        ("grant pushledger_reader to \(role)", "revoke pushledger_reader from \(role)"),
      ] {
        try await rig.pool.query(make)
        await #expect(throws: AddedProjections.Refusal.self) {
          try await rig.add("mighty", AddedSQL.tally)
        }
        try await rig.pool.query(undo)
      }
      #expect(try await rig.add("mighty", AddedSQL.tally) == .added)
      try await AddedProjections(rig.pool).remove(ProjectionName(unchecked: "mighty"))
      #expect(try await rig.text("select to_regrole('\(role)') is null") == "true")
    }
  }

  @Test("the reader may read its tables, and a process that may not fold can neither add nor fold")
  func grantsTheLeast() async throws {
    try await ProjectionRig.run { rig in
      try await appendOne(rig)
      try await rig.add(Self.name, Self.sql(""))
      try await rig.fold(Self.name)
      func refusal(_ role: String, _ sql: String) async throws -> String? {
        do {
          try await rig.pool.transaction { connection in
            try await connection.execute("set local role \(role)")
            _ = try await connection.query(sql)
          }
          return nil
        } catch let error as PostgresError {
          return error.sqlState
        }
      }
      let read = "select * from projection_prisoner.kept"
      #expect(try await refusal("pushledger_reader", read) == nil)
      let delete = "delete from projection_prisoner.kept"
      for role in ["pushledger_reader", "pushledger_writer", "pushledger_projector"] {
        #expect(try await refusal(role, delete) == "42501")
        #expect(
          try await refusal(role, "select projections.prisoner('a', 'b', null)") == "42501")
        #expect(
          try await refusal(role, "select ledger.add_projection('a', '', null, 1, '')") == "42501")
      }
      let fold = "select ledger.fold_projection('prisoner', '\(rig.app)', false, 'me', 1)"
      #expect(try await refusal("pushledger_projector", fold) == nil)
      for role in ["pushledger_reader", "pushledger_writer", "pushledger_dispatcher"] {
        #expect(try await refusal(role, fold) == "42501")
      }
    }
  }
}

extension PostgresPool {
  fileprivate func query(_ sql: String) async throws {
    _ = try await query(sql, [])
  }
}

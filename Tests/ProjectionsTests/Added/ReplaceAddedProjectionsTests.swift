import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct ReplaceAddedProjections {
  private static let sums = "select events || ' ' || positions from projection_tally.sums"
  private static let tally = ProjectionName(unchecked: "tally")

  private func append(_ count: Int, seed: UInt64 = 1, _ rig: ProjectionRig) async throws {
    var history = RandomHistory(seed: seed, app: rig.app)
    try await rig.append(try history.events(count).map { try EventDoor.event(from: $0) })
  }

  private static func expected(_ count: Int) -> String { "\(count) \(count * (count + 1) / 2)" }

  /// The sums twice: what a changed projection.sql may hold.
  private static let doubled = AddedSQL.tally.replacing(
    "sum(e.position) from", with: "2 * sum(e.position) from")

  @Test("G17: a rebuild mends what was changed behind its back, while events come")
  func rebuilds() async throws {
    try await ProjectionRig.run { rig in
      try await append(100, rig)
      try await rig.add("tally", AddedSQL.tally)
      try await rig.fold("tally")
      _ = try await rig.pool.query("update projection_tally.sums set events = 7")
      let rebuild = AddedRebuild(rig.pool, of: Self.tally)
      await #expect(throws: SwapRefusal.notBegun("tally")) { try await rebuild.swap() }
      #expect(try await rebuild.begin())
      #expect(try await !rebuild.begin(), "it goes on")
      #expect(try await rebuild.fold { _ in }.left == 0)
      try await append(50, seed: 2, rig)
      try await rig.fold("tally")
      #expect(try await rig.text(Self.sums)?.hasPrefix("57 ") == true)
      try await rebuild.swap()
      #expect(try await rig.text(Self.sums) == Self.expected(150))
      #expect(try await rig.checkpoint(of: "tally") == 150)
      #expect(try await rig.checkpoint(of: "tally/next") == 0)
      #expect(
        try await rig.text("select to_regnamespace('projection_tally_old') is null") == "true")
      try await append(30, seed: 3, rig)
      #expect(try await rig.fold("tally") == .caughtUp)
      #expect(try await rig.text(Self.sums) == Self.expected(180))
      #expect(
        try await rig.text(
          """
          select has_schema_privilege('pushledger_reader', 'projection_tally', 'usage')
            and has_table_privilege('pushledger_reader', 'projection_tally.sums', 'select')
          """) == "true")
    }
  }

  @Test("other SQL is built beside and serves after the swap; what served goes on until then")
  func replacesItsSQL() async throws {
    try await ProjectionRig.run { rig in
      try await append(60, rig)
      #expect(try await rig.add("tally", AddedSQL.tally) == .added)
      #expect(try await rig.add("tally", AddedSQL.tally) == .unchanged)
      #expect(try await rig.add("tally", AddedSQL.tally, batch: 7) == .changed)
      try await rig.fold("tally")
      #expect(try await rig.add("tally", Self.doubled, batch: 7) == .beside)
      #expect(try await rig.add("tally", Self.doubled, batch: 7) == .beside)
      try await append(10, seed: 2, rig)
      try await rig.fold("tally")
      #expect(try await rig.text(Self.sums) == Self.expected(70))
      let rebuild = AddedRebuild(rig.pool, of: Self.tally)
      #expect(try await !rebuild.begin())
      _ = try await rebuild.fold { _ in }
      try await rebuild.swap()
      #expect(try await rig.text(Self.sums) == "70 \(70 * 71)")
      #expect(try await rig.add("tally", Self.doubled, batch: 7) == .unchanged)
      // With other types, too.
      #expect(
        try await rig.add("tally", Self.doubled, types: [.userUpdated], batch: 7) == .beside)
      _ = try await rebuild.fold { _ in }
      try await rebuild.swap()
      #expect(
        try await rig.text("select bool_and(type = 'user.updated') from projection_tally.seen")
          == "true")
    }
  }

  @Test("SQL that is refused leaves what serves, and what is being built, as they were")
  func keepsWhatServes() async throws {
    try await ProjectionRig.run { rig in
      try await append(10, rig)
      try await rig.add("tally", AddedSQL.tally)
      try await rig.fold("tally")
      await #expect(throws: AddedProjections.Refusal.self) { try await rig.add("tally", "select") }
      await #expect(throws: AddedProjections.Refusal.self) {
        try await rig.add("tally", "create table one (number int);")
      }
      await #expect(throws: AddedProjections.Refusal.builtIn(.notifications)) {
        try await rig.add("notifications", AddedSQL.tally)
      }
      #expect(try await rig.text(Self.sums) == Self.expected(10))
      #expect(try await rig.add("tally", Self.doubled) == .beside)
      let rebuild = AddedRebuild(rig.pool, of: Self.tally)
      try await rebuild.drop()
      #expect(
        try await rig.text("select to_regnamespace('projection_tally_next') is null") == "true")
      #expect(try await rig.fold("tally") == .caughtUp)
      await #expect(throws: AddedProjections.Refusal.builtIn(.notifications)) {
        try await AddedProjections(rig.pool).remove(.notifications)
      }
    }
  }

  @Test("a rebuild that fails at an event does not swap; skipped, it does")
  func refusesToSwapWhatFails() async throws {
    try await ProjectionRig.run { rig in
      try await append(20, rig)
      try await rig.add("tally", AddedSQL.tally)
      try await rig.fold("tally")
      try await rig.add(
        "tally",
        AddedSQL.tally.replacing(
          "begin\n", with: "begin perform 1 / (e.position - 9) from unnest(events) e;\n"))
      let rebuild = AddedRebuild(rig.pool, of: Self.tally)
      await #expect(throws: SwapRefusal.poisoned([rig.app])) { _ = try await rebuild.fold { _ in } }
      await #expect(throws: SwapRefusal.poisoned([rig.app])) { try await rebuild.swap() }
      #expect(try await rig.text(Self.sums) == Self.expected(20))
      try await ProjectionControl(rig.pool).skip(
        Self.tally, of: rig.app, at: 9, reason: nil, now: .systemClock())
      _ = try await rebuild.fold { _ in }
      try await rebuild.swap()
      #expect(try await rig.text(Self.sums) == "20 \(21 * 22 / 2 - 9)")
    }
  }

  @Test("removed it leaves nothing behind, and can be added again")
  func removes() async throws {
    try await ProjectionRig.run { rig in
      try await append(20, rig)
      let name = ProjectionName(unchecked: "passing_by")
      for _ in 0..<2 {
        #expect(try await rig.add("passing_by", AddedSQL.tally) == .added)
        #expect(try await rig.fold("passing_by") == .caughtUp)
        try await rig.add("passing_by", Self.doubled)
        try await AddedProjections(rig.pool).remove(name)
        #expect(try await rig.step("passing_by").run(on: rig.pool) == .gone)
        let left = try await rig.text(
          """
          select count(*) from (
            select 1 from pg_namespace where nspname like 'projection\\_passing\\_by%'
            union all select 1 from pg_roles where rolname = 'pushledger_projection_passing_by'
            union all select 1 from ledger.checkpoints where projection like 'passing%'
            union all select 1 from pg_proc where pronamespace = 'projections'::regnamespace) s
          """)
        #expect(left == "0")
      }
      await #expect(throws: AddedProjections.Refusal.unknown(name)) {
        try await AddedProjections(rig.pool).remove(name)
      }
    }
  }

  @Test("an owner who may not make roles is told what to ask for, and then can")
  func addsByAPlainOwner() async throws {
    try await withTestDatabase { url in
      let admin = PostgresPool(
        PostgresConfiguration(url), limit: 1, logger: TestDatabase.logger)
      let (owner, role) = ("pushledger_test_owner", "pushledger_projection_plainly_owned")
      _ = try await admin.query("drop role if exists \(role)")
      _ = try? await admin.query("create role \(owner) nologin")
      let name: String = try await admin.query("select current_database()::text")[0].get(0)
      _ = try await admin.query("alter database \(name) owner to \(owner)")
      let configuration = PostgresConfiguration(
        TestDatabase.url(url, adding: ["options=-c%20role%3D\(owner)"]))
      _ = try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: 2, logger: TestDatabase.logger)
      let rig = ProjectionRig(url: url, pool: pool, app: RandomHistory.app)
      try await rig.create(rig.app)
      try await append(20, rig)
      do {
        try await rig.add("plainly_owned", AddedSQL.tally)
        Issue.record("It was added without a right to make roles.")
      } catch AddedProjections.Refusal.rights(let error) {
        #expect(error.message.contains(role))
      }
      _ = try await admin.query("create role \(role) nologin")
      _ = try await admin.query("grant \(role) to \(owner)")
      #expect(try await rig.add("plainly_owned", AddedSQL.tally) == .added)
      #expect(try await rig.fold("plainly_owned") == .caughtUp)
      let rebuild = AddedRebuild(pool, of: ProjectionName(unchecked: "plainly_owned"))
      #expect(try await rebuild.begin())
      _ = try await rebuild.fold { _ in }
      try await rebuild.swap()
      #expect(
        try await rig.text("select events from projection_plainly_owned.sums") == "20")
      await pool.close()
      await admin.close()
    }
  }
}

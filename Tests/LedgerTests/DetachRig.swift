import Postgres
import PushCore

@testable import Ledger

/// A ledger whose messages are detached to an archive, without a projection: nothing is folded, so
/// every message counts as done and goes.
///
///     commit    │ 1     │ 2 │ 3   │ 4   │ 5
///     position  │ 1 · 3 │ 4 │ · · │ 7 · │ 9 10      · a message that is detached
///                                       └ the archive's end
struct DetachRig: Sendable {
  static let end: Position = 8

  let transfer: TransferRig
  let app: AppID
  let messages = (0..<5).map { NewEvent.message("\($0)", text: "hello \($0)") }

  var ledger: LedgerRig { transfer.ledger }
  var pool: PostgresPool { transfer.ledger.pool }
  var folder: String { transfer.path("archive-\(app)") }

  init(_ transfer: TransferRig, app: AppID = LedgerRig.app) {
    self.transfer = transfer
    self.app = app
  }

  static func run(_ body: @Sendable (DetachRig) async throws -> Void) async throws {
    try await TransferRig.run { transfer in
      let rig = DetachRig(transfer)
      try await rig.fill()
      try await body(rig)
    }
  }

  /// Appends all five commits, the last after archiving.
  func fill() async throws {
    try await ledger.append([.recall("1"), messages[0], .recall("3")], to: app)
    try await ledger.append([.recall("4")], to: app)
    try await ledger.append([messages[1], messages[2]], to: app)
    try await ledger.append([.recall("7"), messages[3]], to: app)
    try await archive(to: folder)
    try await ledger.append([.recall("9"), messages[4]], to: app)
  }

  func archive(to folder: String) async throws {
    _ = try await Archiver(pool).run(
      app, before: Timestamp(microseconds: 4_000_000_000_000_000), to: folder)
  }

  func opened() throws -> ArchiveReader { try ArchiveReader(folder) }

  func detach() async throws {
    guard let last = try opened().manifest.parts.last else { return }
    _ = try await pool.query("select ledger.begin_snapshot($1)", [app.rawValue])
    _ = try await pool.query(
      """
      insert into ledger.checkpoints (app, projection, position, updated_at)
      values ($1, 'notifications', $2, now()), ($1, 'notifications/snapshot', $2, now())
      on conflict (app, projection) do update set position = excluded.position
      """, [app.rawValue, last.lastPosition])
    _ = try await pool.query(
      "select ledger.begin_detaching($1, $2, $3, decode($4, 'hex'), $5)",
      [app.rawValue, last.lastCommit, last.lastPosition, last.chainAfter, folder])
    _ = try await pool.query(
      "select ledger.detach($1, $2)", [app.rawValue, last.lastPosition])
  }

  func restore(commitsPerBatch: Int = 200) async throws(ArchiveError) -> Restorer.Report {
    try await Restorer(pool, commitsPerBatch: commitsPerBatch).run(
      try ArchiveReader(folder), into: app)
  }

  /// What is there of this app, as the database has it.
  func positions() async throws -> [Position] {
    try await pool.query(
      "select position from ledger.events where app = $1 order by position", [app.rawValue]
    ).map { try $0.get(0) }
  }

  /// Rows that say that something is detached.
  func leftovers() async throws -> Int64 {
    try await pool.query(
      """
      select (select count(*) from ledger.archives) + (select count(*) from ledger.detached_ids)
        + (select count(*) from ledger.checkpoints where projection = 'notifications/snapshot')
      """)[0].get(0)
  }
}

extension LedgerRig {
  /// What the database holds of ledgers, row for row.
  func rows() async throws -> [String] {
    try await pool.query(
      """
      select e::text from ledger.events e union all select c::text from ledger.commits c
      union all select h.position || ' ' || h.commit_number || ' ' || h.chain::text
        from ledger.heads h order by 1
      """
    ).map { try $0.get(0) }
  }
}

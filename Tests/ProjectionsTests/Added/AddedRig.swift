import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport

@testable import Projections

/// What tests of projections that were added need besides a ``ProjectionRig``.
extension ProjectionRig {
  /// The folder with the worked examples.
  static let examples = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "examples")

  /// Adds a projection whose SQL is given.
  @discardableResult
  func add(
    _ name: String, _ sql: String, types: [EventType]? = nil, batch: Int = 1_000
  ) async throws -> AddedProjections.Addition {
    var json: JSON = ["name": .string(name), "description": "", "batch_events": .integer(batch)]
    if let types, case .object(let members) = json {
      json = .object(
        members + [.init("types", .array(types.map { JSON.string($0.rawValue) }))])
    }
    return try await AddedProjections(pool).add(try ProjectionManifest(json), sql: sql)
  }

  /// Adds one from a folder of the examples.
  @discardableResult
  func add(example: String) async throws -> AddedProjections.Addition {
    let folder = Self.examples.appending(path: example)
    let manifest = try ProjectionManifest(
      try JSON.parse(Array(try Data(contentsOf: folder.appending(path: "projection.json")))))
    let sql = try String(contentsOf: folder.appending(path: "projection.sql"), encoding: .utf8)
    return try await AddedProjections(pool).add(manifest, sql: sql)
  }

  func step(_ name: String, by owner: String = "test", limit: Int = 10_000) -> AddedStep {
    AddedStep(
      projection: ProjectionName(unchecked: name), app: app, owner: owner, limit: limit)
  }

  /// Folds what is there.
  /// - Returns: What ended it.
  @discardableResult
  func fold(_ name: String, limit: Int = 10_000) async throws -> AddedStep.Progress {
    while true {
      let progress = try await step(name, limit: limit).run(on: pool)
      guard case .folded = progress else { return progress }
    }
  }

  func checkpoint(of name: String) async throws -> Position {
    let rows = try await pool.query(
      "select position from ledger.checkpoints where app = $1 and projection = $2",
      [app.rawValue, name])
    return try rows.first?.get(0) ?? 0
  }

  func text(_ sql: String) async throws -> String? {
    try await pool.query("select (\(sql))::text")[0].optional(0)
  }
}

/// SQL of projections for tests.
enum AddedSQL {
  /// Remembers each event: one that comes twice breaks its key. And sums, which would not.
  static let tally = """
    create table seen (app text, position bigint, type text, primary key (app, position));
    create table sums (app text primary key, events bigint, positions numeric);
    create function fold(events pushledger.event[]) returns void language plpgsql as $$
    begin
      insert into seen select e.app, e.position, e.type from unnest(events) as e;
      insert into sums as known
        select e.app, count(*), sum(e.position) from unnest(events) as e group by 1
        on conflict (app) do update
          set events = known.events + excluded.events,
            positions = known.positions + excluded.positions;
    end
    $$;
    """

  /// Does what is given whenever it folds.
  static func doing(_ attempt: String) -> String {
    """
    create table kept (number int primary key, note text);
    create function fold(events pushledger.event[]) returns void language plpgsql as $fold$
    begin
      insert into kept values (1, 'folded');
      \(attempt)
    end
    $fold$;
    """
  }
}

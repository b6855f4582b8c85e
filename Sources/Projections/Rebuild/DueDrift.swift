import Postgres
import PushCore

import struct Foundation.UUID

/// What is due by a rebuild and not in `dispatch.due`, and the other way round.
///
/// Most of it differs because one has followed the ledger further than the other, and is in step when
/// both have come to its end. So it is looked for once, and then only what was found is looked at
/// again. What they decide differently of messages that came after that is found by ``AppDrift/from``;
/// what such events do to deliveries of earlier messages is taken to be alike in both.
struct DueDrift {
  /// A row of `dispatch.due` that is there and should not be, or the other way round.
  struct Place {
    var provider: String
    var lane: Int16
    var position: Position
    var delivery: UUID
  }

  struct AppDrift {
    /// How far both had surely come when it was looked for.
    var from: Position
    var places: [Place] = []
  }

  /// Deliveries of an app at most, and one more where there are more.
  static let limit = 50_000

  private let pool: PostgresPool
  /// All that differs, of each app that was looked at.
  private(set) var apps: [AppID: AppDrift] = [:]

  init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameter events: Only apps of which what serves follows the ledger, with no more events to go.
  mutating func find(near events: Int64) async throws {
    let near = try await pool.query(
      """
      select h.app, least(c.position, n.position) from ledger.heads h
      join ledger.checkpoints c on c.app = h.app and c.projection = $1
      join ledger.checkpoints n on n.app = h.app and n.projection = $3
      where h.position > 0 and h.position - c.position <= $2 and c.paused_at is null
        and c.failed_at is null and c.mended_to is null
      """, [ProjectionTables.serving.checkpoint, events, ProjectionTables.beside.checkpoint])
    apps = Dictionary(
      uniqueKeysWithValues: try near.map {
        (AppID(unchecked: try $0.get(0)), AppDrift(from: try $0.get(1)))
      })
    var values = PostgresParameters()
    values.add(array: apps.keys.map(\.rawValue))
    values.add(Int64(Self.limit))
    for row in try await pool.query(Self.searchSQL, values, timeout: .seconds(600)) {
      apps[AppID(unchecked: try row.get(0))]?.places.append(try Self.place(row, at: 1))
    }
  }

  /// Forgets what is in step by now.
  mutating func lookAgain() async throws {
    for (app, drift) in apps where 1...Self.limit ~= drift.places.count {
      let values = Self.parameters(app, drift.places)
      apps[app]?.places = try await pool.query(Self.againSQL, values, timeout: .seconds(60))
        .map { try Self.place($0, at: 0) }
    }
  }

  /// The app, then providers, lanes, positions and deliveries.
  static func parameters(_ app: AppID, _ places: [Place]) -> PostgresParameters {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: places.map(\.provider))
    values.add(array: places.map(\.lane))
    values.add(array: places.map(\.position))
    values.add(array: places.map(\.delivery))
    return values
  }

  private static func place(
    _ row: PostgresRow, at column: Int
  ) throws(PostgresError) -> Place {
    Place(
      provider: try row.get(column), lane: try row.get(column + 1),
      position: try row.get(column + 2), delivery: try row.get(column + 3))
  }

  private static let searchSQL = """
    select x.app, x.provider, x.lane, x.position, x.delivery_id from (
      select x.*, row_number() over (partition by x.app) as number from (
        select d.app, d.provider, d.lane, coalesce(d.due_position, d.position) as position,
          d.delivery_id
        from \(ProjectionTables.beside.schema).deliveries d
        where d.status = 'due' and d.app = any ($1::text[]) and not exists (
          select from dispatch.due u
          where u.app = d.app and u.provider = d.provider and u.lane = d.lane
            and u.position = coalesce(d.due_position, d.position)
            and u.delivery_id = d.delivery_id)
        union all
        select u.app, u.provider, u.lane, u.position, u.delivery_id from dispatch.due u
        where u.app = any ($1::text[]) and not exists (
          select from \(ProjectionTables.beside.schema).deliveries d
          where d.app = u.app and d.delivery_id = u.delivery_id and d.status = 'due'
            and d.provider = u.provider and coalesce(d.due_position, d.position) = u.position)
        ) x
      ) x
    where x.number <= $2 + 1
    """

  private static let againSQL = """
    select f.* from unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[])
      as f (provider, lane, position, delivery_id)
    where exists (
        select from dispatch.due u
        where u.app = $1 and u.provider = f.provider and u.lane = f.lane
          and u.position = f.position and u.delivery_id = f.delivery_id)
      <> exists (
        select from \(ProjectionTables.beside.schema).deliveries d
        where d.app = $1 and d.delivery_id = f.delivery_id and d.status = 'due'
          and d.provider = f.provider and d.lane = f.lane
          and coalesce(d.due_position, d.position) = f.position)
    """
}

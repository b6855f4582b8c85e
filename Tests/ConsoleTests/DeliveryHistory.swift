import Foundation
import Ledger
import Postgres
import PushCore

@testable import Console

/// Deliveries as a projector would have written them, for lists, exports and searches.
struct DeliveryHistory: Sendable {
  let rig: ConsoleRig
  var app = ConsoleRig.app

  struct Row: Sendable {
    var message: String
    var position: Int64
    /// How long ago it was decided, in minutes.
    var ago: Int64 = 10
    var conversation = "pair/ann/bob"
    var user = "bob"
    var device: String? = "phone"
    var platform: String? = "ios"
    var version: String? = "5.1"
    var provider: String? = "apns"
    var status = "accepted"
    var reason: String?
  }

  static func time(_ minutesAgo: Int64) -> Timestamp {
    Timestamp(microseconds: Timestamp.systemClock().microseconds - minutesAgo * 60_000_000)
  }

  static func id(
    _ message: String, _ user: String, _ device: String?, _ app: AppID = ConsoleRig.app
  ) -> UUID {
    DeliveryID.make(
      app: app, message: MessageID(unchecked: message), user: UserID(unchecked: user),
      device: device.map(DeviceID.init(unchecked:)))
  }

  /// Adds rows, the oldest first, each with its message and its commit.
  func add(_ rows: [Row]) async throws {
    for row in rows {
      let at = PostgresTimestamp(microseconds: Self.time(row.ago).microseconds)
      _ = try await rig.pool.query(
        """
        insert into ledger.commits
        select $1, coalesce(max(c.commit_number), 0) + 1, $2, $2, $3,
          decode(repeat('00', 32), 'hex')
        from ledger.commits c where c.app = $1
        having coalesce(max(c.last_position), 0) < $2
        """, [app.rawValue, row.position, at])
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.messages (app, message_id, position, conversation, sender,
          sequence, counted_targets, occurred_at, recorded_at, expires_at, notification, recipients,
          pushes)
        values ($1, $2, $3, $4, 'ann', 1, '[]', $5, $5, $5, '{}', 1, 1)
        on conflict do nothing
        """, [app.rawValue, row.message, row.position, row.conversation, at])
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.deliveries (app, delivery_id, position, conversation, user_id,
          device_id, platform, app_version, provider, lane, status, reason, badge, attempts,
          decided_at, ended_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, 1, 1, $12, $12)
        """,
        [
          app.rawValue, Self.id(row.message, row.user, row.device, app), row.position,
          row.conversation, row.user, row.device, row.platform, row.version, row.provider,
          row.status, row.reason, at,
        ])
    }
    try await count()
  }

  /// Adds accepted deliveries, one a message, a second apart up to so long ago.
  func addMany(_ number: Int64, from first: Int64, lastAgo: Int64) async throws {
    let last = PostgresTimestamp(microseconds: Self.time(lastAgo).microseconds)
    _ = try await rig.pool.query(
      """
      insert into ledger.commits
      select $1, coalesce(max(c.commit_number), 0) + 1, $2, $2 + $3 - 1, $4,
        decode(repeat('00', 32), 'hex')
      from ledger.commits c where c.app = $1
      """, [app.rawValue, first, number, last])
    _ = try await rig.pool.query(
      """
      insert into notifications_v1.messages (app, message_id, position, conversation, sender,
        sequence, counted_targets, occurred_at, recorded_at, expires_at, notification, recipients,
        pushes)
      select $1, 'many' || i, i, 'pair/ann/bob', 'ann', 1, '[]', $4, $4, $4, '{}', 1, 1
      from generate_series($2, $2 + $3 - 1) i
      """, [app.rawValue, first, number, last])
    _ = try await rig.pool.query(
      """
      insert into notifications_v1.deliveries (app, delivery_id, position, conversation, user_id,
        device_id, platform, app_version, provider, lane, status, badge, attempts, decided_at,
        ended_at)
      select $1, gen_random_uuid(), i, 'pair/ann/bob', 'u' || i, 'd', 'android', '5.0', 'fcm', 0,
        'accepted', 1, 1, $4, $4
      from generate_series($2, $2 + $3 - 1) i
      """, [app.rawValue, first, number, last])
    try await count()
  }

  /// Counts anew what the projector counts as it goes.
  private func count() async throws {
    _ = try await rig.pool.query(
      "delete from notifications_v1.hourly_deliveries where app = $1", [app.rawValue])
    _ = try await rig.pool.query(
      """
      insert into notifications_v1.hourly_deliveries
      select app, pushledger.hour_of(decided_at), coalesce(provider, ''), coalesce(platform, ''),
        coalesce(app_version, ''), status, coalesce(reason, ''), count(*), count(*), 0, 0, 0
      from notifications_v1.deliveries where app = $1 group by 1, 2, 3, 4, 5, 6, 7
      """, [app.rawValue])
  }
}

extension ConsoleRig.Answer {
  /// The messages that the list of a page leads to, in its order.
  var messages: [String] {
    body.matches(of: /href="\/console\/messages\/([^"?]+)\?user=/).map { String($0.1) }
  }

  /// Where a link with these words leads.
  func link(_ words: String) -> String? {
    guard
      let pattern = try? Regex("href=\"([^\"]+)\">\(words)</a>", as: (Substring, Substring).self)
    else { return nil }
    return body.firstMatch(of: pattern).map { String($0.1).replacing("&amp;", with: "&") }
  }
}

import Foundation
import Postgres
import PushCore
import Testing

extension LedgerFacts {
  /// G6: what the projection's tables say must be what the fold says.
  func expectProjection(_ pool: PostgresPool) async throws {
    let rows = try await pool.query(
      """
      select delivery_id, status, badge, attempts from notifications_v1.deliveries
      where app = $1 and status <> 'suppressed'
      """, [app.rawValue])
    var projected: [UUID: String] = [:]
    for row in rows {
      let status: String = try row.get(1)
      let badge: Int64 = try row.get(2)
      projected[try row.get(0)] = "\(status) \(badge) \(try row.get(3, as: Int32.self))"
    }
    let folded = deliveries.mapValues { "\($0.status.rawValue) \($0.badge) \($0.attempts)" }
    let ids = Set(folded.keys).union(projected.keys)
    let different = ids.filter { folded[$0] != projected[$0] }
    #expect(
      different.isEmpty,
      "\(different.count) deliveries: \(different.prefix(2).map { (folded[$0], projected[$0]) })")
    let counts = try await projectedUnread(pool)
    let users = Set(unread.keys).union(counts.keys).filter { unread[$0] != counts[$0] }
    #expect(users.isEmpty, "\(users.prefix(2).map { ($0, unread[$0], counts[$0]) })")
  }

  private func projectedUnread(_ pool: PostgresPool) async throws -> [String: Int64] {
    let rows = try await pool.query(
      """
      select m.user_id, m.conversation,
        pushledger.unread_count(c.sequence, m.read_sequence, m.adjustment, m.frozen_at)
      from notifications_v1.members m
      join notifications_v1.conversations c
        on c.app = m.app and c.conversation = m.conversation
      where m.app = $1
      """, [app.rawValue])
    var counts: [String: Int64] = [:]
    for row in rows {
      let count: Int64 = try row.get(2)
      guard count > 0 else { continue }
      counts["\(try row.get(0, as: String.self)) \(try row.get(1, as: String.self))"] = count
    }
    return counts
  }
}

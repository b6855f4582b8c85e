import Foundation
import Ledger
import Postgres
import PushCore

// What is due must be what the deliveries say. The dispatcher takes a row away in the transaction
// that appends its attempt, so what was attempted after the checkpoint may be gone already; when it
// is tried again, and how often it was, is the dispatcher's alone.
extension Comparison {
  static let dueTable = "dispatch.due"

  /// Where a page of the table ended.
  private struct DueKey {
    var provider = ""
    var lane: Int16 = .min
    var position: Position = .min
    var delivery = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
  }

  mutating func compareDue() async throws {
    guard let table = replay.deliveries else { return }
    var isThere = Array(repeating: false, count: table.count)
    var last = DueKey()
    while !isFull {
      let rows = try await duePage(after: last)
      for row in rows {
        last = DueKey(
          provider: try row.get(0), lane: try row.get(1), position: try row.get(2),
          delivery: try row.get(3))
        let place = table.place(of: last.delivery)
        try compare(row, with: place.map { table[$0] }.flatMap { $0.status == .due ? $0 : nil })
        if let place { isThere[place] = true }
      }
      if rows.count < ProjectionDiff.rowsPerPage { break }
    }
    let attempted = try await attemptedSince()
    var due = 0
    for place in isThere.indices where table[place].status == .due {
      due += 1
      let delivery = table[place]
      guard !isThere[place], !isFull, !attempted.contains(delivery.id) else { continue }
      let expected = expectedDue(delivery)
      report.drifts.append(
        drift(.missing, delivery.id, expected, expected: .object(expected), found: nil))
    }
    count(Self.dueTable, due)
  }

  private func duePage(after last: DueKey) async throws -> PostgresResult {
    try await connection.query(
      """
      select provider, lane, position, delivery_id, user_id, device_id, expires_at
      from dispatch.due
      where app = $1 and (provider, lane, position, delivery_id) > ($2, $3, $4, $5)
      order by app, provider, lane, position, delivery_id limit $6
      """,
      [
        app.rawValue, last.provider, last.lane, last.position, last.delivery,
        Int64(ProjectionDiff.rowsPerPage),
      ])
  }

  /// Deliveries attempted after the checkpoint.
  private func attemptedSince() async throws -> Set<UUID> {
    let rows = try await connection.query(
      """
      select distinct (data ->> 'delivery_id')::uuid from ledger.events
      where app = $1 and position > $2 and type = 'push.attempted'
      """, [app.rawValue, report.checkpoint])
    return Set(try rows.map { try $0.get(0) })
  }

  private func expectedDue(_ delivery: DeliveryTable.Delivery) -> [JSON.Member] {
    let expiry = delivery.expiresAt ?? delivery.decidedAt + settings.pushLifetime
    return [
      .init("provider", .string(delivery.provider?.rawValue ?? "")),
      .init("lane", .integer(Lane.of(delivery.user, count: settings.lanes))),
      .init("position", .integer(delivery.duePosition ?? delivery.position)),
      .init("user_id", JSON(delivery.user)),
      .init("device_id", .string(delivery.device?.rawValue ?? "")),
      .init("expires_at", JSON(expiry)),
    ]
  }

  private mutating func compare(
    _ row: PostgresRow, with delivery: DeliveryTable.Delivery?
  ) throws {
    let found: [JSON.Member] = [
      .init("provider", .string(try row.get(0))),
      .init("lane", .integer(try row.get(1, as: Int16.self))),
      .init("position", .integer(try row.get(2, as: Position.self))),
      .init("user_id", .string(try row.get(4))), .init("device_id", .string(try row.get(5))),
      .init("expires_at", JSON(try row.timestamp(6))),
    ]
    let id: UUID = try row.get(3)
    guard let delivery else {
      report.drifts.append(drift(.unexpected, id, found, expected: nil, found: .object(found)))
      return
    }
    for (expected, value) in zip(expectedDue(delivery), found) where expected != value {
      var drift = drift(.differs, id, found, expected: expected.value, found: value.value)
      drift.column = expected.key
      report.drifts.append(drift)
    }
  }

  private func drift(
    _ kind: Drift.Kind, _ id: UUID, _ row: [JSON.Member], expected: JSON?, found: JSON?
  ) -> Drift {
    Drift(
      kind: kind, table: Self.dueTable, key: [.init("delivery_id", JSON(id))],
      about: ComparedTables.deliveries.about.compactMap { name in row.first { $0.key == name } },
      expected: expected, found: found)
  }
}

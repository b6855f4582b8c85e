import Ledger
import Postgres
import PushCore

/// Finds deliveries from the newest to the oldest, and looks at no more rows for a page than a page
/// may cost, however rare it is what is asked for.
///
///     newest ─────────────────────────────────────────────────────▶ oldest
///     │ look at 3,000 rows │ hours that the statistics have some in │ go on here
///                            18:00   15:00 14:00           09:00
///
/// What is common is found in the first rows. Where it is not, the hourly statistics say in which
/// hours there is any of it, and the rows of those alone are looked at. Once the budget is spent,
/// the page says how far it came, and the next one goes on there.
struct DeliveryWalk: Sendable {
  /// Rows looked at for a page, after the first look: in the order of the ledger they lie together.
  static let budget: Int64 = 9_000
  /// Rows of a user, of a group, or of what failed lie apart, and cost more.
  static let scatteredBudget: Int64 = 3_000
  /// Rows looked at before the statistics are asked.
  static let firstLook: Int64 = 3_000
  /// How far back the statistics are asked at a time.
  static let window = Duration.seconds(8 * 24 * 3_600)
  /// Spans of hours that are looked at for a page.
  static let spans = 8

  struct Found: Sendable {
    var deliveries: [ListedDelivery] = []
    /// What comes after these; nil: nothing in the time that was asked for.
    var next: DeliveryCursor?
    /// Whether it ended because it had looked at enough, and not because the page was full.
    var isSpent = false
    /// Rows looked at.
    var looked: Int64 = 0
  }

  /// Where to look: after `low`, up to and with `high`.
  private struct Range {
    var low: Position
    var high: Position
    /// Of what stands at `high`, the ids below it alone.
    var below: DeliveryCursor?
  }

  let app: AppID
  let filter: DeliveryFilter

  private var budget: Int64 {
    filter.isCounted && !filter.isOfFailed ? Self.budget : Self.scatteredBudget
  }

  /// - Parameter before: Where the page before ended.
  func find(
    _ limit: Int, before: DeliveryCursor?, _ connection: PostgresConnection
  ) async throws -> Found {
    var found = Found()
    guard var range = try await bounds(before, connection) else { return found }
    guard
      try await look(&range, Self.firstLook, limit, &found, connection)
    else { return found }
    guard filter.isTellingHours, filter.isCounted else {
      let isOver = try await !look(&range, budget, limit, &found, connection)
      if !isOver { found.spend(at: range.high) }
      return found
    }
    let hours = try await DeliveryHours(app: app, filter: filter).read(upTo: range.high, connection)
    var left = budget
    for span in hours.spans {
      var part = Range(
        low: max(range.low, span.low), high: min(range.high, span.high), below: nil)
      guard part.low < part.high else { continue }
      if part.high == range.high { part.below = range.below }
      var isOver = false
      while !isOver {
        let looked = found.looked
        isOver = try await !look(&part, left, limit, &found, connection)
        left -= found.looked - looked
        if found.next != nil { return found }
        guard left > 0 else {
          let end = isOver ? part.low : part.high
          if end > range.low { found.spend(at: end) }
          return found
        }
      }
    }
    if hours.end > range.low { found.spend(at: hours.end) }
    return found
  }

  /// Looks at rows of a range until the page is full, the budget is spent or the range is over.
  ///
  /// - Returns: Whether there is more of the range to look at, and room for it; the range then
  ///   begins where this ended.
  private func look(
    _ range: inout Range, _ budget: Int64, _ limit: Int, _ found: inout Found,
    _ connection: PostgresConnection
  ) async throws -> Bool {
    let room = limit - found.deliveries.count
    let call = DeliveryStatement(app: app, filter: filter).call(
      low: range.low, high: range.high, below: range.below?.delivery, budget: budget,
      limit: Int64(room + 1))
    let rows = try await connection.query(call.sql, call.parameters)
    guard let first = rows.first else { return false }
    let end: Position = try first.get(0)
    found.looked += try first.get(1, as: Int64.self)
    let listed = try rows.compactMap { row in
      try row.optional(2, as: String.self) == nil ? nil : try ListedDelivery(row, from: 2)
    }
    found.deliveries += listed.prefix(room)
    if listed.count > room {
      found.next = found.deliveries.last.map {
        DeliveryCursor(position: $0.position, delivery: $0.id)
      }
      return false
    }
    guard end > range.low else { return false }
    range = Range(low: range.low, high: end, below: nil)
    return true
  }

  /// The places between which the filter's time lies.
  private func bounds(
    _ before: DeliveryCursor?, _ connection: PostgresConnection
  ) async throws -> Range? {
    let call = PostgresCall(
      """
      select pushledger.position_at($1, $2),
        case when $3::timestamptz is null then 9223372036854775806
        else pushledger.position_at($1, $3) end
      """,
      [
        app.rawValue, PostgresTimestamp(microseconds: filter.from.microseconds - 1),
        filter.until.map { PostgresTimestamp(microseconds: $0.microseconds - 1) },
      ])
    guard let row = try await connection.query(call.sql, call.parameters).first else { return nil }
    var range = Range(low: try row.get(0), high: try row.get(1), below: nil)
    if let before {
      let high = before.delivery == nil ? before.position - 1 : before.position
      if high <= range.high { range = Range(low: range.low, high: high, below: before) }
    }
    return range.low < range.high ? range : nil
  }
}

extension DeliveryWalk.Found {
  /// Ends with nothing more looked at than after a place.
  fileprivate mutating func spend(at end: Position) {
    next = DeliveryCursor(position: end + 1)
    isSpent = true
  }
}

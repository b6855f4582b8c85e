import Ledger
import Postgres
import PushCore

/// A number of deliveries, which is a lower bound where there are too many to count at once.
struct BoundedCount: Sendable, Equatable {
  var number: Int64 = 0
  var isAtLeast = false

  /// A `+` says that it is a lower bound.
  var text: String { number.grouped + (isAtLeast ? "+" : "") }

  static func + (left: BoundedCount, right: BoundedCount) -> BoundedCount {
    BoundedCount(
      number: left.number + right.number, isAtLeast: left.isAtLeast || right.isAtLeast)
  }

  static func sum(_ counts: some Sequence<BoundedCount>) -> BoundedCount {
    counts.reduce(BoundedCount()) { $0 + $1 }
  }
}

/// What is due by one provider, read in a time that does not grow with how much is due.
struct DueNow: Sendable {
  /// Deliveries of a provider that are counted, at most: one more stands for more.
  static let counted: Int64 = 10_000

  /// Those that can't be sent for one and the same thing.
  struct Lack: Sendable {
    /// Such as `no_credential`.
    var what: String
    var due: BoundedCount
  }

  var provider: String
  var due: BoundedCount
  var backingOff: BoundedCount
  var inFlight: Int64
  /// Since when the first of them could be sent, or before unless ``isWhole``.
  var oldestDueAt: Timestamp?
  /// Whether all of them were looked at.
  var isWhole: Bool
  var lacks: [Lack] = []

  /// Has a row for each provider and each thing that is lacking there.
  static func call(of app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select provider, provider_due, lacks, due, is_counted, backing_off, oldest_due_at, is_whole,
        in_flight
      from dispatch.due_now($1)
      """, [app.rawValue])
  }

  /// Reads what ``call(of:)`` answered.
  static func all(_ result: PostgresResult) throws(PostgresError) -> [DueNow] {
    var all: [DueNow] = []
    for row in result {
      let provider: String = try row.get(0)
      let isWhole: Bool = try row.get(7)
      if all.last?.provider != provider {
        all.append(
          DueNow(
            provider: provider, due: count(try row.get(1), isExact: true),
            backingOff: BoundedCount(isAtLeast: !isWhole), inFlight: try row.get(8),
            isWhole: isWhole))
      }
      let last = all.count - 1
      all[last].backingOff.number += try row.get(5, as: Int64.self)
      let oldest = try row.optionalTimestamp(6)
      all[last].oldestDueAt = [all[last].oldestDueAt, oldest].compactMap(\.self).min()
      if let what: String = try row.optional(2) {
        let due = count(try row.get(3), isExact: try row.get(4))
        all[last].lacks.append(Lack(what: what, due: due))
      }
    }
    return all
  }

  private static func count(_ number: Int64, isExact: Bool) -> BoundedCount {
    BoundedCount(number: min(number, counted), isAtLeast: !isExact || number > counted)
  }
}

public import PushCore

/// One place where the projection is not what the ledger says.
public struct Drift: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// A column holds another value.
    case differs
    /// The row is not there.
    case missing
    /// A row is there that should not be.
    case unexpected
  }

  public var kind: Kind
  /// Such as `notifications_v1.devices`.
  public var table: String
  /// The row's key, without the app.
  public var key: [JSON.Member]
  /// What else tells the row to people: of a delivery its user, device and position.
  public var about: [JSON.Member] = []
  /// Nil for a row that is missing or unexpected.
  public var column: String?
  public var expected: JSON?
  public var found: JSON?
  /// The event with which the row or column last became what is expected: up to the event before
  /// it, the ledger says something else. Of a row that the ledger never spoke of, the position that
  /// the row names itself; nil where it names none.
  public var position: Position?
  /// Nil where the ledger never spoke of it.
  public var type: EventType?

  /// Such as `user_id bob, device_id phone`.
  public var keyText: String { Self.text(key) }

  /// The same, and who it is about.
  public var rowText: String { Self.text(key + about) }

  private static func text(_ members: [JSON.Member]) -> String {
    members.map { "\($0.key) \($0.value.string ?? $0.value.text)" }.joined(separator: ", ")
  }

  public var json: JSON {
    [
      "kind": .string(kind.rawValue), "table": .string(table), "key": .object(key),
      "column": column.map { .string($0) } ?? .null, "expected": expected ?? .null,
      "found": found ?? .null, "position": position.map { .integer($0) } ?? .null,
      "type": type.map { .string($0.rawValue) } ?? .null,
    ]
  }
}

/// What a comparison of a projection with its ledger found.
public struct DriftReport: Sendable {
  public var app: AppID
  /// Up to here the projection has folded, and so was compared.
  public var checkpoint: Position
  public var head: Position
  /// Where an archive ends that messages are detached to: what came before is compared with the
  /// snapshot of there. Nil: the whole ledger is here.
  public var start: Position?
  /// Rows that the ledger says there must be, by table.
  public var rows: [(table: String, count: Int)] = []
  public var drifts: [Drift] = []
  /// Whether it ended early because the limit was reached: there may be more.
  public var isCut = false
  /// The first event that this version cannot read.
  public var unreadable: Position?

  /// The first position of the ledger about which the projection is wrong.
  public var firstPosition: Position? { drifts.compactMap(\.position).min() }
}

/// Why a projection could not be compared.
public enum DriftError: Error, Equatable, Sendable, CustomStringConvertible {
  case notProjected(AppID)

  public var description: String {
    switch self {
    case .notProjected(let app):
      "App \(app) has no projection yet. Run `pushledger project`, then compare."
    }
  }
}

import Postgres
import PushCore

/// What an app's settings mean to its projection.
struct ProjectionSettings: Sendable {
  var fold: FoldSettings
  var lanes: Int
  /// A message to more recipients than this keeps its suppressed ones as counts.
  var suppressedRowsLimit: Int
  var pushLifetime: Duration

  static func call(_ app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select lanes, language, suppressed_rows_limit, push_lifetime_seconds, cancel_on_read,
        cancel_on_foreground
      from ledger.apps where app = $1
      """, [app.rawValue])
  }

  init(_ row: PostgresRow) throws {
    lanes = Int(try row.get(0, as: Int32.self))
    fold = FoldSettings(
      language: MessageContent.Language(rawValue: try row.get(1)) ?? .en,
      cancelsOnRead: try row.get(4), cancelsOnForeground: try row.get(5))
    suppressedRowsLimit = Int(try row.get(2, as: Int32.self))
    pushLifetime = .seconds(try row.get(3, as: Int64.self))
  }

  /// After this instant nobody is pushed for the message.
  func expiry(of decided: MessageDecisions) -> Timestamp {
    decided.message.expiresAt ?? decided.recordedAt + pushLifetime
  }
}

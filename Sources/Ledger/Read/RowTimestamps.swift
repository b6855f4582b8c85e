public import Postgres
public import PushCore

extension PostgresRow {
  public func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
    Timestamp(microseconds: try get(column, as: PostgresTimestamp.self).microseconds)
  }

  public func optionalTimestamp(_ column: Int) throws(PostgresError) -> Timestamp? {
    try optional(column, as: PostgresTimestamp.self).map {
      Timestamp(microseconds: $0.microseconds)
    }
  }
}

// How a page of a table is compared
//
//     rows of the fold ─► arrays ─► unnest ─┐
//                                           ├─ full join on the key ─► rows that differ ─► drift
//     the table, one range of its rows ─────┘

import Foundation
import Postgres
import PushCore

/// A column of a table, with the value that a row of the fold has in it.
struct ComparedColumn<Row>: Sendable {
  let name: String
  let sqlType: String
  /// What of the table is compared, in SQL.
  let found: String
  let add: @Sendable ([Row], inout PostgresParameters) -> Void
  /// As text: to tell whether it changed.
  let show: @Sendable (Row) -> String?

  /// - Parameter found: Nil: the column as it is.
  init<Value: PostgresValue>(
    _ name: String, found: String? = nil, _ value: @escaping @Sendable (Row) -> Value?
  ) {
    self.name = name
    sqlType = Self.sqlType(of: Value.postgresType)
    self.found = found ?? "t.\(name)"
    add = { rows, parameters in parameters.add(array: rows.map { value($0) }) }
    show = { row in value(row).map { "\($0)" } }
  }

  private static func sqlType(of type: PostgresType) -> String {
    switch type {
    case .bool: "boolean"
    case .int2: "smallint"
    case .int4: "integer"
    case .int8: "bigint"
    case .timestamptz: "timestamptz"
    case .uuid: "uuid"
    case .jsonb: "jsonb"
    default: "text"
    }
  }
}

/// A range of a table's rows: after the first up to the last, in the order of one column.
enum RowRange {
  case texts(after: String?, upTo: String?)
  case positions(after: Position, upTo: Position)

  /// With its ends in `$2` and `$3`, each alone, or no index would serve.
  func condition(on column: String) -> String {
    switch self {
    case .positions: "t.\(column) > $2 and t.\(column) <= $3"
    case .texts(let after, let upTo):
      (after == nil ? "$2::text is null" : "t.\(column) > $2::text") + " and "
        + (upTo == nil ? "$3::text is null" : "t.\(column) <= $3::text")
    }
  }
}

/// A table of the projection, and what its rows must be.
struct ComparedTable<Row>: Sendable {
  let name: String
  /// Without the app.
  let key: [ComparedColumn<Row>]
  let columns: [ComparedColumn<Row>]
  /// The column by whose order it is read.
  let order: String
  /// Whether rows that the table lacks, or has beside, count; else only those of both are compared.
  var isWhole = true
  /// Columns that tell people which row it is, beside the key.
  var about: [String] = []

  /// The statement that finds at most `limit` rows in a range that are not as expected.
  func call(_ app: AppID, _ rows: [Row], in range: RowRange, limit: Int) -> PostgresCall {
    var values = PostgresParameters()
    values.add(app.rawValue)
    switch range {
    case .texts(let after, let upTo):
      values.add(after)
      values.add(upTo)
    case .positions(let after, let upTo):
      values.add(after)
      values.add(upTo)
    }
    values.add(Int64(limit))
    for column in key + columns { column.add(rows, &values) }
    return PostgresCall(sql(range), values)
  }

  /// The statement that finds at most `limit` rows up to a position that are not as the same table's
  /// of another schema.
  func call(_ app: AppID, as schema: String, upTo position: Position, limit: Int) -> PostgresCall {
    let serving = ProjectionTables.serving.schema
    let other = schema + name.dropFirst(serving.utf8.count)
    let found = (key + columns).map { "\($0.found) as \($0.name)" }.joined(separator: ", ")
    return PostgresCall(
      sql(
        """
        select \(found), true as here from \(other) t
        where t.app = $1 and t.\(order) > $2 and t.\(order) <= $3
        """, .positions(after: 0, upTo: position)),
      [app.rawValue, Position.min, position, Int64(limit)])
  }

  private func sql(_ range: RowRange) -> String {
    let all = key + columns
    let names = all.map(\.name).joined(separator: ", ")
    let arrays = all.enumerated().map { "$\($0.offset + 5)::\($0.element.sqlType)[]" }
      .joined(separator: ", ")
    return sql("select *, true as here from unnest(\(arrays)) as e (\(names))", range)
  }

  /// - Parameter expected: The rows as they must be.
  private func sql(_ expected: String, _ range: RowRange) -> String {
    let all = key + columns
    let found = all.map { "\($0.found) as \($0.name)" }.joined(separator: ", ")
    let join = key.map { "e.\($0.name) = f.\($0.name)" }.joined(separator: " and ")
    func row(_ side: String) -> String { all.map { "\(side).\($0.name)" }.joined(separator: ", ") }
    let order = key.map { "coalesce(e.\($0.name), f.\($0.name))" }.joined(separator: ", ")
    return """
      with e as (\(expected)),
      f as (
        select \(found), true as here from \(name) t
        where t.app = $1 and \(range.condition(on: self.order)))
      select to_jsonb(e), to_jsonb(f)
      from e \(isWhole ? "full join" : "join") f on \(join)
      where e.here is null or f.here is null
        or row(\(row("e"))) is distinct from row(\(row("f")))
      order by \(order) limit $4
      """
  }

  /// Reads the rows of ``call(_:_:in:limit:)``.
  func drifts(_ result: PostgresResult) throws -> [Drift] {
    try result.flatMap { row in
      try drifts(
        expected: try row.optional(0, as: PostgresJSONB.self).map { try JSON.parse($0.bytes) },
        found: try row.optional(1, as: PostgresJSONB.self).map { try JSON.parse($0.bytes) })
    }
  }

  /// - Parameters: The row as an object each; nil where there is none.
  func drifts(expected: JSON?, found: JSON?) throws -> [Drift] {
    let named = key.map {
      JSON.Member($0.name, expected?[$0.name] ?? found?[$0.name] ?? .null)
    }
    let row = found ?? expected
    let shown: [JSON.Member] = about.compactMap { column in
      guard let value = row?[column], value != .null else { return nil }
      return JSON.Member(column, value)
    }
    guard let expected, let found else {
      return [
        Drift(
          kind: expected == nil ? .unexpected : .missing, table: name, key: named, about: shown,
          column: nil, expected: expected.map(masked), found: found.map(masked))
      ]
    }
    return columns.compactMap { column in
      let (left, right) = (expected[column.name], found[column.name])
      // Texts are told apart byte for byte.
      guard left?.serialized() != right?.serialized() else { return nil }
      return Drift(
        kind: .differs, table: name, key: named, about: shown, column: column.name,
        expected: left.map { Secret.mask($0, column.name) },
        found: right.map { Secret.mask($0, column.name) })
    }
  }

  private func masked(_ row: JSON) -> JSON {
    .object(
      (row.members ?? []).filter { $0.key != "here" }.map {
        JSON.Member($0.key, Secret.mask($0.value, $0.key))
      })
  }
}

/// Hides what may stand in no output.
enum Secret {
  /// A token becomes the first digits of its hash: told apart, and not shown.
  static func mask(_ value: JSON, _ column: String) -> JSON {
    guard column == "token", case .string = value else { return value }
    return .string("sha256 \(DeviceRegistration.fingerprint(value).prefix(16))…")
  }
}

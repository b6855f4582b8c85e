import Postgres

/// A batch's rows of one table on their way into it: few by a statement, which goes with all others
/// of the batch at once; many by COPY, which takes a turn of its own and a third of the time.
struct StoredRows<Row> {
  /// A column, and what stands in it; nil is NULL.
  struct Column {
    fileprivate let name: String
    fileprivate let copy: (Row, inout PostgresCopy) -> Void
    fileprivate let gather: ([Row], inout PostgresParameters) -> Void

    init<Value: PostgresValue>(_ name: String, _ value: @escaping (Row) -> Value?) {
      self.name = name
      copy = { $1.add(value($0)) }
      gather = { $1.add(array: $0.map(value)) }
    }
  }

  /// So many rows go by COPY.
  static var copyFrom: Int { 500 }

  private let table: String
  private let columns: [Column]
  /// Those that go by a statement.
  private var few: [Row] = []
  /// The others, already as they are sent.
  private var many: PostgresCopy?

  /// - Parameter count: Rows that will be added, at most.
  init(into table: String, _ columns: [Column], count: Int) {
    self.table = table
    self.columns = columns
    guard count >= Self.copyFrom else { return }
    many = PostgresCopy(
      "copy \(table) (\(Self.names(columns))) from stdin (format binary)", columns: columns.count)
  }

  mutating func add(_ row: Row) {
    guard many != nil else {
      few.append(row)
      return
    }
    many?.beginRow()
    for column in columns { column.copy(row, &many!) }
  }

  /// Adds what is to be stored, where there is a row.
  func store(_ calls: inout [PostgresCall], _ copies: inout [PostgresCopy]) {
    if let many {
      if many.count > 0 { copies.append(many) }
      return
    }
    guard !few.isEmpty else { return }
    var values = PostgresParameters()
    for column in columns { column.gather(few, &values) }
    let arrays = (1...columns.count).map { "$\($0)" }.joined(separator: ", ")
    calls.append(
      PostgresCall(
        "insert into \(table) (\(Self.names(columns))) select * from unnest(\(arrays))", values))
  }

  private static func names(_ columns: [Column]) -> String {
    columns.map(\.name).joined(separator: ", ")
  }
}

/// Rows for `copy … from stdin (format binary)`, in memory: the way in for many rows, as it looks up
/// no plan and evaluates nothing.
///
///     var copy = PostgresCopy("copy t (name, size) from stdin (format binary)", columns: 2)
///     copy.beginRow()
///     copy.add("chat")
///     copy.add(Int64?.none)
///     try await connection.copyIn(copy)
public struct PostgresCopy: Sendable {
  /// What every binary COPY begins with: the signature, no flags, no extension.
  private static let header: [UInt8] =
    Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
  /// What it ends with: a row of -1 fields.
  private static let end: [UInt8] = [0xFF, 0xFF]

  /// Rows are held in pieces of this many bytes: one buffer for all would be copied whenever it
  /// outgrows its place, and be held twice meanwhile.
  private static let pieceSize = 1 << 20

  let sql: String
  private let columns: Int16
  private var pieces: [[UInt8]] = []
  private var buffer = PostgresBuffer()
  /// Rows so far.
  public private(set) var count = 0

  /// - Parameters:
  ///   - sql: The statement, in binary format.
  ///   - columns: Fields of each row, at most 1,600.
  public init(_ sql: String, columns: Int) {
    self.sql = sql
    self.columns = Int16(clamping: columns)
    buffer.append(contentsOf: Self.header)
  }

  /// Begins a row; as many values as there are columns must follow.
  public mutating func beginRow() {
    if buffer.count >= Self.pieceSize {
      pieces.append(buffer.bytes)
      buffer = PostgresBuffer()
      buffer.reserve(Self.pieceSize + Self.pieceSize / 16)
    }
    buffer.append(integer: columns)
    count += 1
  }

  /// Adds a value, in the binary form of exactly its column's type; nil is NULL.
  @inlinable public mutating func add<Value: PostgresValue>(_ value: Value?) {
    if let value { append(value) } else { appendNull() }
  }

  @usableFromInline mutating func append<Value: PostgresValue>(_ value: Value) {
    buffer.append(field: value)
  }

  @usableFromInline mutating func appendNull() { buffer.append(integer: Int32(-1)) }

  /// All of it, as it is sent.
  var chunks: [[UInt8]] { pieces + [buffer.bytes, Self.end] }
}

extension PostgresConnection {
  /// Stores rows. What the server refuses fails all of them.
  ///
  /// - Returns: The rows stored.
  @discardableResult
  public func copyIn(_ copy: PostgresCopy) async throws -> Int {
    try await copyIn(
      copy.sql,
      from: AsyncThrowingStream<[UInt8], any Error> { stream in
        for chunk in copy.chunks { stream.yield(chunk) }
        stream.finish()
      })
  }
}

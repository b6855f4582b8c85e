/// One row of a result. Columns count from 0.
public struct PostgresRow: Sendable {
  @usableFromInline let handle: ResultHandle
  @usableFromInline let row: Int
  public let columnCount: Int

  init(handle: ResultHandle, row: Int, columnCount: Int) {
    self.handle = handle
    self.row = row
    self.columnCount = columnCount
  }

  /// Reads a column that is never NULL.
  /// - Throws: ``PostgresError/Kind/decoding``: NULL, no such column, or not of this type.
  @inlinable public func get<Value: PostgresValue>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    guard let value = try optional(column, as: type) else { throw isNull(column) }
    return value
  }

  /// Reads a column; nil for NULL.
  /// - Throws: ``PostgresError/Kind/decoding``: no such column, or not of this type.
  @inlinable public func optional<Value: PostgresValue>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value? {
    guard column >= 0, column < columnCount else { throw isMissing(column) }
    let cell = handle.cell(row: row, column: column)
    guard let bytes = cell.bytes else { return nil }
    let value = withExtendedLifetime(handle) { Value.decode(bytes, type: cell.type) }
    guard let value else { throw mismatch(column, found: cell.type, wanted: "\(Value.self)") }
    return value
  }

  /// Reads a one-dimensional array without NULLs.
  public func array<Value: PostgresValue>(
    _ column: Int, of type: Value.Type
  ) throws(PostgresError) -> [Value] {
    var values: [Value] = []
    for value in try optionalArray(column, of: type) {
      guard let value else { throw isNull(column) }
      values.append(value)
    }
    return values
  }

  /// Reads a one-dimensional array in which nil is NULL.
  public func optionalArray<Value: PostgresValue>(
    _ column: Int, of type: Value.Type
  ) throws(PostgresError) -> [Value?] {
    guard column >= 0, column < columnCount else { throw isMissing(column) }
    let cell = handle.cell(row: row, column: column)
    guard let bytes = cell.bytes else { throw isNull(column) }
    let values = withExtendedLifetime(handle) { decodeArray(bytes, of: type) }
    guard let values else { throw mismatch(column, found: cell.type, wanted: "[\(Value.self)]") }
    return values
  }

  /// Lends the bytes of a column as the server sent them; nil for NULL. They are gone after `body`.
  public func withBytes<Answer, Failure: Error>(
    _ column: Int, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Answer
  ) throws(Failure) -> Answer {
    precondition(column >= 0 && column < columnCount, "A column index outside the row.")
    defer { withExtendedLifetime(handle) {} }
    return try body(handle.cell(row: row, column: column).bytes)
  }

  private func decodeArray<Value: PostgresValue>(
    _ bytes: UnsafeRawBufferPointer, of type: Value.Type
  ) -> [Value?]? {
    var reader = PostgresReader(bytes)
    guard let dimensions = reader.integer(Int32.self), reader.integer(Int32.self) != nil,
      let element = reader.integer(UInt32.self)
    else { return nil }
    if dimensions == 0 { return [] }
    guard dimensions == 1, let count = reader.integer(Int32.self), count >= 0,
      reader.integer(Int32.self) != nil
    else { return nil }
    var values: [Value?] = []
    values.reserveCapacity(min(Int(count), bytes.count / 4))
    for _ in 0..<count {
      guard let length = reader.integer(Int32.self) else { return nil }
      if length == -1 {
        values.append(nil)
      } else {
        guard let item = reader.bytes(Int(length)), let value = Value.decode(item, type: element)
        else { return nil }
        values.append(value)
      }
    }
    return values
  }

  @usableFromInline func isNull(_ column: Int) -> PostgresError {
    PostgresError(
      .decoding, message: "Column \(column) is or holds NULL where a value must be: read optionals."
    )
  }

  @usableFromInline func isMissing(_ column: Int) -> PostgresError {
    PostgresError(
      .decoding, message: "Column \(column) of a row with \(columnCount) was asked for.")
  }

  @usableFromInline func mismatch(_ column: Int, found: UInt32, wanted: String) -> PostgresError {
    PostgresError(
      .decoding,
      message:
        "Column \(column) is of the type with id \(found) and can't be read as \(wanted): "
        + "cast it in the SQL, or ask for another type.")
  }
}

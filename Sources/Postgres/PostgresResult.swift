import CLibPQ

/// Owns a result of libpq, which is only read after it was made.
@usableFromInline
final class ResultHandle: Sendable {
  nonisolated(unsafe) let raw: OpaquePointer

  init(_ raw: OpaquePointer) { self.raw = raw }

  deinit { PQclear(raw) }

  /// The bytes of a column and its type; nil bytes for NULL. Valid as long as the handle.
  @usableFromInline
  func cell(row: Int, column: Int) -> (bytes: UnsafeRawBufferPointer?, type: UInt32) {
    let row = Int32(truncatingIfNeeded: row)
    let column = Int32(truncatingIfNeeded: column)
    let type = PQftype(raw, column)
    guard PQgetisnull(raw, row, column) == 0, let start = PQgetvalue(raw, row, column) else {
      return (nil, type)
    }
    return (UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(raw, row, column))), type)
  }
}

/// The rows of one statement, in binary form, held as libpq received them.
public struct PostgresResult: Sendable, RandomAccessCollection {
  public let startIndex = 0
  public let endIndex: Int
  /// Rows inserted, updated, deleted, selected or copied, as the server counted them.
  public let affectedRows: Int
  let columnCount: Int
  let handle: ResultHandle

  init(_ handle: ResultHandle) {
    self.handle = handle
    endIndex = Int(PQntuples(handle.raw))
    columnCount = Int(PQnfields(handle.raw))
    affectedRows = PQcmdTuples(handle.raw).flatMap { Int(String(cString: $0)) } ?? 0
  }

  /// The names of the columns, in order.
  public var columns: [String] {
    (0..<columnCount).map { index in
      PQfname(handle.raw, Int32(index)).map { String(cString: $0) } ?? ""
    }
  }

  public subscript(position: Int) -> PostgresRow {
    precondition(indices.contains(position), "A row index outside the result.")
    return PostgresRow(handle: handle, row: position, columnCount: columnCount)
  }
}

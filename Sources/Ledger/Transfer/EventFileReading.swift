public import PushCore

extension EventFile {
  /// Reads a file's events in batches, in order, without any database.
  ///
  /// - Parameters:
  ///   - path: Plain or gzip, told apart by its first bytes; `-` is standard input.
  ///   - body: Gets the events of the next lines.
  /// - Throws: ``TransferError`` at the first line that holds no valid event, or what `body` throws.
  public static func read(_ path: String, _ body: ([NewEvent]) throws -> Void) async throws {
    let reader = BatchReader(try FileDescriptor.reading(path), keepsInvalid: false)
    while let batch = try await reader.next() {
      try body(batch.lines.map(\.event))
    }
  }
}

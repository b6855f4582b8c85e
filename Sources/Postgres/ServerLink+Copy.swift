import CLibPQ

extension ServerLink {
  /// What is handed to libpq at once, in bytes: so much of a COPY is in memory besides the caller's
  /// chunk.
  static let copySlice = 256 * 1024
  /// A chunk of COPY OUT is handed over when it has this many bytes, or when no more have come.
  static let copyChunk = 64 * 1024

  enum CopyDirection { case incoming, outgoing }

  /// A COPY lasts as long as the other side takes, so the server's limit for a statement is lifted
  /// for it; each wait for the server keeps its limit.
  private func copyScript(_ sql: String) -> String {
    guard let limit = configuration.statementTimeout else { return sql }
    return "set statement_timeout = 0;\n\(sql)\n;"
      + "set statement_timeout = \(Self.serverMilliseconds(limit))"
  }

  func startCopy(_ sql: String, _ direction: CopyDirection) throws(PostgresError) {
    try checkText(sql)
    let connection = try opened()
    spokeUp = false
    guard PQsendQuery(connection, copyScript(sql)) == 1 else { throw loss(nil) }
    try flush()
    var failure: PostgresError?
    while let raw = try nextResult() {
      let handle = ResultHandle(raw)
      switch (PQresultStatus(handle.raw), direction) {
      case (PGRES_COPY_IN, .incoming), (PGRES_COPY_OUT, .outgoing):
        spokeUp = false
        return
      case (PGRES_COPY_IN, _), (PGRES_COPY_OUT, _), (PGRES_COPY_BOTH, _):
        let error = PostgresError(.misuse, message: "The COPY goes in the other direction.")
        end(error)
        throw error
      case (PGRES_COMMAND_OK, _), (PGRES_TUPLES_OK, _), (PGRES_EMPTY_QUERY, _): break
      default: failure = failure ?? ServerErrors.read(raw)
      }
    }
    if exchange.broken { throw loss(failure) }
    throw failure.map(explain) ?? PostgresError(.misuse, message: "The statement is not a COPY.")
  }

  // MARK: In

  /// Passes a chunk on, and returns when libpq holds nothing of it any more.
  /// - Throws: The server's error, as soon as it says one; the COPY is over then.
  func put(_ chunk: [UInt8]) throws(PostgresError) {
    exchange.progress()
    var start = 0
    while start < chunk.count {
      try stopIfServerFailed()
      let end = min(start + Self.copySlice, chunk.count)
      try put(chunk, start..<end)
      try flush()
      start = end
    }
  }

  private func put(_ chunk: [UInt8], _ range: Range<Int>) throws(PostgresError) {
    while true {
      let connection = try opened()
      let code = chunk.withUnsafeBytes { bytes in
        PQputCopyData(
          connection,
          bytes.baseAddress.map { ($0 + range.lowerBound).assumingMemoryBound(to: CChar.self) },
          Int32(range.count))
      }
      if code == 1 { return }
      guard code == 0 else { throw loss(try drain().failure) }
      try pause(writing: true)
    }
  }

  private func stopIfServerFailed() throws(PostgresError) {
    let connection = try opened()
    let ready = Readiness.wait(on: PQsocket(connection), wake: wake, until: .now)
    if ready.readable, !readInput(connection) { exchange.broken = true }
    if cancelAsked {
      try abortCopyIn()
      throw PostgresError(.cancelled, message: "The COPY was cancelled and nothing was stored.")
    }
    if spokeUp || exchange.broken {
      _ = try finishCopyIn(failing: "the server had failed already")
    }
  }

  /// Ends a COPY without storing anything.
  func abortCopyIn() throws(PostgresError) {
    do throws(PostgresError) {
      _ = try finishCopyIn(failing: "the client stopped")
    } catch {
      if connection == nil { throw error }
    }
  }

  /// Ends a COPY.
  /// - Parameter reason: Makes the server fail it.
  /// - Returns: The rows stored.
  func finishCopyIn(failing reason: String? = nil) throws(PostgresError) -> Int {
    exchange.progress()
    while true {
      let code = PQputCopyEnd(try opened(), reason)
      if code == 1 { break }
      guard code == 0 else { throw loss(try drain().failure) }
      try pause(writing: true)
    }
    try flush()
    let connection = try opened()
    let answer = try drain()
    if exchange.broken || PQstatus(connection) == CONNECTION_BAD { throw loss(answer.failure) }
    if let failure = answer.failure { throw explain(failure) }
    return answer.found.map { PostgresResult($0).affectedRows } ?? 0
  }

  // MARK: Out

  /// The next rows, whole ones, or nil at the end.
  func nextCopyChunk() throws(PostgresError) -> [UInt8]? {
    exchange.progress()
    if cancelAsked { cancelOnServer(.task) }
    var chunk: [UInt8] = []
    while exchange.cancelReason == nil {
      var row: UnsafeMutablePointer<CChar>?
      let length = PQgetCopyData(try opened(), &row, 1)
      if length > 0, let row {
        chunk.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(length)))
        PQfreemem(row)
        if chunk.count >= Self.copyChunk { return chunk }
      } else if length == 0, !exchange.broken {
        if !chunk.isEmpty { return chunk }
        try pause()
      } else {
        if !chunk.isEmpty { return chunk }
        break
      }
    }
    try finishCopyOut()
    return nil
  }

  /// Cancels a COPY whose reader gave up.
  func abortCopyOut() throws(PostgresError) {
    cancelOnServer(.abandoned)
    do throws(PostgresError) {
      try finishCopyOut()
    } catch {
      if connection == nil { throw error }
    }
  }

  /// Drops what still comes, and reads the outcome.
  private func finishCopyOut() throws(PostgresError) {
    while !exchange.broken {
      var row: UnsafeMutablePointer<CChar>?
      let length = PQgetCopyData(try opened(), &row, 1)
      if let row { PQfreemem(row) }
      if length < 0 { break }
      if length == 0 { try pause() }
    }
    let connection = try opened()
    let answer = try drain()
    if exchange.broken || PQstatus(connection) == CONNECTION_BAD { throw loss(answer.failure) }
    if let failure = answer.failure { throw explain(failure) }
    if exchange.cancelReason == .task {
      throw PostgresError(.cancelled, message: "The COPY was cancelled.")
    }
  }

  /// Reads the results that are left.
  private func drain() throws(PostgresError) -> (found: ResultHandle?, failure: PostgresError?) {
    var found: ResultHandle?
    var failure: PostgresError?
    while let raw = try nextResult() {
      let handle = ResultHandle(raw)
      switch PQresultStatus(handle.raw) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK: found = found ?? handle
      default: failure = failure ?? ServerErrors.read(raw)
      }
    }
    return (found, failure)
  }
}

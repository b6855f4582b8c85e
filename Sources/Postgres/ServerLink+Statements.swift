import CLibPQ

extension ServerLink {
  /// Runs one statement, prepared on its first use.
  func query(
    _ sql: String, _ parameters: PostgresParameters
  ) throws(PostgresError) -> PostgresResult {
    if let excess = parameters.excess { throw excess }
    let key = StatementCache.Key(sql: sql, types: parameters.types)
    let known = statements.name(for: key)
    do throws(PostgresError) {
      let name: String
      if let known { name = known } else { name = try prepare(key) }
      return try runPrepared(name, parameters)
    } catch {
      guard known != nil, Self.isStale(error) else { throw error }
      forget(key)
      guard !exchange.isInsideTransaction, connection != nil else { throw error }
      return try runPrepared(try prepare(key), parameters)
    }
  }

  /// The tables behind a prepared statement changed shape, or somebody deallocated it.
  private static func isStale(_ error: PostgresError) -> Bool {
    error.sqlState == "26000" || error.sqlState == "0A000"
  }

  func forget(_ key: StatementCache.Key) {
    if let name = statements.remove(key) { evicted.append(name) }
  }

  private func prepare(_ key: StatementCache.Key) throws(PostgresError) -> String {
    try checkText(key.sql)
    try deallocateEvicted()
    let name = statements.freshName()
    let connection = try opened()
    let sent = PQsendPrepare(connection, name, key.sql, Int32(key.types.count), key.types)
    _ = try collect(sent: sent)
    remember(key, name: name)
    return name
  }

  func remember(_ key: StatementCache.Key, name: String) {
    if let old = statements.insert(key, name: name) { evicted.append(old) }
  }

  private func runPrepared(
    _ name: String, _ parameters: PostgresParameters
  ) throws(PostgresError) -> PostgresResult {
    try stopIfCancelled()
    guard let handle = try collect(sent: send(try opened(), name, parameters)) else {
      throw PostgresError(.misuse, message: "The statement has no result: COPY needs copyIn.")
    }
    return PostgresResult(handle)
  }

  /// Hands a prepared statement and its parameters to libpq; 0 is a failure.
  func send(
    _ connection: OpaquePointer, _ name: String, _ parameters: PostgresParameters
  ) -> Int32 {
    let count = parameters.count
    guard count > 0 else {
      return PQsendQueryPrepared(connection, name, 0, nil, nil, nil, 1)
    }
    return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) {
      values in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { formats in
        parameters.buffer.bytes.withUnsafeBytes { bytes in
          withUnsafeBytes(of: UInt8(0)) { empty in
            formats.initialize(repeating: 1)
            for index in 0..<count {
              let isNull = parameters.lengths[index] < 0
              let start = bytes.baseAddress.map { $0 + parameters.starts[index] }
              let value = (start ?? empty.baseAddress)?.assumingMemoryBound(to: CChar.self)
              values.initializeElement(at: index, to: isNull ? nil : value)
            }
            return PQsendQueryPrepared(
              connection, name, Int32(count), values.baseAddress, parameters.lengths,
              formats.baseAddress, 1)
          }
        }
      }
    }
  }

  /// Sends, and reads every result of one request.
  /// - Returns: The first result with rows or a count; nil when there was none.
  func collect(sent: Int32) throws(PostgresError) -> ResultHandle? {
    let connection = try opened()
    if sent == 0 {
      if PQstatus(connection) == CONNECTION_BAD { throw loss(nil) }
      throw giveUp("libpq could not take the statement: memory is short.")
    }
    try flush()
    var found: ResultHandle?
    var failure: PostgresError?
    while let raw = try nextResult() {
      let handle = ResultHandle(raw)
      switch PQresultStatus(raw) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: found = found ?? handle
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw refuseCopy()
      default: failure = failure ?? ServerErrors.read(raw)
      }
    }
    if exchange.broken || PQstatus(connection) == CONNECTION_BAD { throw loss(failure) }
    if let failure { throw explain(failure) }
    return found
  }

  /// The conversation is now in a state that only COPY understands.
  private func refuseCopy() -> PostgresError {
    let error = PostgresError(.misuse, message: "COPY needs copyIn or copyOut.")
    end(error)
    return error
  }

  /// Runs statements without parameters, separated by semicolons; their rows are dropped.
  @discardableResult
  func runScript(_ script: String) throws(PostgresError) -> ResultHandle? {
    try checkText(script)
    return try collect(sent: PQsendQuery(try opened(), script))
  }

  func checkText(_ sql: String) throws(PostgresError) {
    if sql.utf8.contains(0) {
      throw PostgresError(.misuse, message: "SQL text with a zero byte would be cut off there.")
    }
  }

  /// Only outside of a failed transaction does the server take the command.
  func deallocateEvicted() throws(PostgresError) {
    let connection = try opened()
    guard evicted.count >= Self.deallocationBatch,
      PQtransactionStatus(connection) == PQTRANS_IDLE
    else { return }
    let script = evicted.map { "deallocate \($0)" }.joined(separator: ";")
    evicted = []
    do throws(PostgresError) {
      try runScript(script)
    } catch {
      if connection != self.connection || error.sqlState != "26000" { throw error }
    }
  }
}

extension ServerLink {
  /// Runs work under a longer limit than the session's.
  func withStatementTimeout<Answer>(
    _ timeout: Duration, usual: Duration, silence: Duration,
    _ work: () throws(PostgresError) -> Answer
  ) throws(PostgresError) -> Answer {
    try begin(timeout: nil, silence: silence)
    try runScript("set statement_timeout = \(Self.serverMilliseconds(timeout))")
    let outcome = Result { () throws(PostgresError) -> Answer in
      settle()
      if cancelAsked {
        throw PostgresError(.cancelled, message: "The task was cancelled; nothing was sent.")
      }
      try begin(timeout: timeout, silence: silence)
      return try work()
    }
    settle()
    try restoreStatementTimeout(usual)
    return try outcome.get()
  }

  /// In a failed transaction the rollback restores it.
  private func restoreStatementTimeout(_ usual: Duration) throws(PostgresError) {
    guard let connection, PQtransactionStatus(connection) != PQTRANS_INERROR else { return }
    try begin(timeout: nil, silence: usual)
    exchange.commitsByItself = false
    do throws(PostgresError) {
      try runScript("set statement_timeout = \(Self.serverMilliseconds(usual))")
    } catch {
      end(error)
    }
  }
}

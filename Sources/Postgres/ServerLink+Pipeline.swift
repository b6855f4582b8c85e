import CLibPQ

extension ServerLink {
  /// The answers of a pipeline are held until its end, so it has an end.
  static let pipelineCalls = 10_000

  /// Sends all calls, and one sync behind them, before it reads an answer.
  func pipeline(_ calls: [PostgresCall]) throws(PostgresError) -> [PostgresResult] {
    try check(calls)
    try deallocateEvicted()
    try stopIfCancelled()
    let connection = try opened()
    guard PQenterPipelineMode(connection) == 1 else {
      throw giveUp("libpq could not begin a pipeline.")
    }
    let plan = try sendAll(calls, on: connection)
    var results: [PostgresResult] = []
    results.reserveCapacity(calls.count)
    var failure: PostgresError?
    for step in plan {
      guard let handle = try pipelineResult(&failure) else { continue }
      switch step {
      case .prepare(let key, let name): remember(key, name: name)
      case .call: results.append(PostgresResult(handle))
      }
    }
    try finishPipeline(connection, &failure)
    if let failure {
      if Self.meansStale(failure) { for call in calls { forget(Self.key(call)) } }
      throw explain(failure)
    }
    return results
  }

  private enum Step { case prepare(StatementCache.Key, name: String), call }

  private static func key(_ call: PostgresCall) -> StatementCache.Key {
    StatementCache.Key(sql: call.sql, types: call.parameters.types)
  }

  private static func meansStale(_ error: PostgresError) -> Bool {
    error.sqlState == "26000" || error.sqlState == "0A000"
  }

  private func check(_ calls: [PostgresCall]) throws(PostgresError) {
    guard calls.count <= Self.pipelineCalls else {
      throw PostgresError(
        .misuse,
        message: "\(calls.count) calls in a pipeline, at most \(Self.pipelineCalls) are possible.")
    }
    for call in calls {
      if let excess = call.parameters.excess { throw excess }
      try checkText(call.sql)
    }
  }

  private func sendAll(
    _ calls: [PostgresCall], on connection: OpaquePointer
  ) throws(PostgresError) -> [Step] {
    var plan: [Step] = []
    var fresh: [StatementCache.Key: String] = [:]
    var sent: Int32 = 1
    for call in calls where sent == 1 {
      let key = Self.key(call)
      var name = statements.name(for: key) ?? fresh[key]
      if name == nil {
        let new = statements.freshName()
        sent = PQsendPrepare(connection, new, key.sql, Int32(key.types.count), key.types)
        fresh[key] = new
        plan.append(.prepare(key, name: new))
        name = new
      }
      if sent == 1, let name { sent = send(connection, name, call.parameters) }
      plan.append(.call)
    }
    if sent == 1 { sent = PQpipelineSync(connection) }
    guard sent == 1 else {
      if PQstatus(connection) == CONNECTION_BAD { throw loss(nil) }
      throw giveUp("libpq could not take the pipeline: memory is short.")
    }
    try flush()
    return plan
  }

  /// One step's result and the end of its results; nil when it failed or was skipped.
  private func pipelineResult(
    _ failure: inout PostgresError?
  ) throws(PostgresError) -> ResultHandle? {
    var found: ResultHandle?
    while let raw = try nextResult() {
      let handle = ResultHandle(raw)
      switch PQresultStatus(raw) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: found = handle
      case PGRES_PIPELINE_ABORTED: break
      case PGRES_PIPELINE_SYNC: throw giveUp("The server ended a pipeline too early.")
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        let error = PostgresError(.misuse, message: "COPY can't be part of a pipeline.")
        end(error)
        throw error
      default: failure = failure ?? ServerErrors.read(raw)
      }
      if exchange.broken { throw loss(failure) }
    }
    return found
  }

  private func finishPipeline(
    _ connection: OpaquePointer, _ failure: inout PostgresError?
  ) throws(PostgresError) {
    var emptyAnswers = 0
    while true {
      guard let raw = try nextResult() else {
        if exchange.broken { throw loss(failure) }
        emptyAnswers += 1
        if emptyAnswers > 2 { throw giveUp("The server never ended a pipeline.") }
        continue
      }
      let handle = ResultHandle(raw)
      let status = PQresultStatus(handle.raw)
      if status == PGRES_PIPELINE_SYNC { break }
      failure = failure ?? ServerErrors.read(raw)
      if exchange.broken || PQstatus(connection) == CONNECTION_BAD { throw loss(failure) }
    }
    guard PQexitPipelineMode(connection) == 1 else {
      throw giveUp("libpq could not end a pipeline.")
    }
  }
}

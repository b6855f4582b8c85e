import CLibPQ

extension PostgresConnection {
  /// Runs a body between `begin` and `commit`; any error rolls back and is passed on. A cancelled
  /// task rolls back too, unless `commit` was sent already.
  /// - Throws: What `body` threw, or ``PostgresError``: with `commitOutcomeUnknown` when the
  ///   connection was lost while the server committed.
  public nonisolated func transaction<Answer: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Answer
  ) async throws -> Answer {
    try await beginTransaction()
    let answer: Answer
    do {
      answer = try await body(self)
    } catch {
      await rollBack()
      throw error
    }
    if Task.isCancelled {
      await rollBack()
      throw PostgresError(.cancelled, message: "The task was cancelled; nothing was stored.")
    }
    try await commitTransaction()
    return answer
  }

  private func beginTransaction() async throws(PostgresError) {
    try await limited(nil) { link throws(PostgresError) in
      guard !link.exchange.isInsideTransaction else {
        throw PostgresError(
          .misuse, message: "A transaction is open on this connection: use a savepoint.")
      }
      link.exchange.commitsByItself = false
      try link.runScript("begin")
    }
  }

  private func commitTransaction() async throws(PostgresError) {
    try await limited(nil, isCancellable: false) { link throws(PostgresError) in
      link.exchange.commitsByItself = true
      let handle = try link.runScript("commit")
      let tag = handle.flatMap { PQcmdStatus($0.raw) }.map { String(cString: $0) }
      guard tag == "COMMIT" else {
        throw PostgresError(
          .transactionAborted, sqlState: "25P02",
          message: "A statement had failed, so the transaction was rolled back.")
      }
    }
  }

  /// Ends an open transaction without its changes; a connection on which that fails is closed.
  func rollBack() async {
    do {
      try await request(isCancellable: false) { link throws(PostgresError) in
        try link.begin(timeout: nil, silence: Self.rollBackLimit)
        link.exchange.commitsByItself = false
        _ = try link.runScript("rollback")
      }
    } catch {
      link.end(error)
    }
  }

  private static var rollBackLimit: Duration { .seconds(5) }
}

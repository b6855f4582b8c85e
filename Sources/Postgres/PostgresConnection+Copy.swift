extension PostgresConnection {
  /// Streams chunks into `copy … from stdin`. The next chunk is asked for when the server has taken
  /// the one before, so what is in memory is a chunk.
  /// - Parameter chunks: Cut anywhere. When it throws, nothing is stored and its error is passed on.
  /// - Returns: The rows stored.
  public func copyIn(
    _ sql: String, from chunks: some AsyncSequence<[UInt8], any Error> & Sendable
  ) async throws -> Int {
    try await copying { connection, link in
      try link.startCopy(sql, .incoming)
      let commits = link.exchange.commitsByItself
      link.exchange.commitsByItself = false
      var iterator = chunks.makeAsyncIterator()
      while true {
        let chunk: [UInt8]?
        do {
          chunk = try await iterator.next(isolation: connection)
        } catch {
          try link.abortCopyIn()
          throw error
        }
        guard let chunk else { break }
        try link.put(chunk)
      }
      if link.cancelAsked {
        try link.abortCopyIn()
        throw PostgresError(.cancelled, message: "The COPY was cancelled and nothing was stored.")
      }
      link.exchange.commitsByItself = commits
      return try link.finishCopyIn()
    }
  }

  /// Streams the rows of `copy … to stdout`: whole rows, about 64 KiB at a time. The server waits
  /// while `body` works. When `body` throws, the COPY is cancelled and the error passed on.
  public func copyOut(
    _ sql: String, _ body: @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    try await copying { connection, link in
      try link.startCopy(sql, .outgoing)
      while let chunk = try link.nextCopyChunk() {
        do {
          link.readsWhileIdle = false
          defer { link.readsWhileIdle = true }
          try await body(chunk)
        } catch {
          try link.abortCopyOut()
          throw error
        }
      }
    }
  }

  /// Keeps the connection for a COPY, through all of its waits.
  private func copying<Answer: Sendable>(
    _ work: (isolated PostgresConnection, ServerLink) async throws -> Answer
  ) async throws -> Answer {
    if isCopying {
      throw PostgresError(.misuse, message: "A COPY is going on on this connection.")
    }
    isCopying = true
    defer { isCopying = false }
    let link = self.link
    let token = link.claim(cancellable: true)
    defer { link.release() }
    return try await withTaskCancellationHandler {
      try await copy(work)
    } onCancel: {
      link.cancel(token)
    }
  }

  private func copy<Answer: Sendable>(
    _ work: (isolated PostgresConnection, ServerLink) async throws -> Answer
  ) async throws -> Answer {
    if link.cancelAsked {
      throw PostgresError(.cancelled, message: "The task was cancelled; nothing was sent.")
    }
    try link.begin(
      timeout: nil, silence: link.configuration.statementTimeout.map { $0 + Self.silenceGrace })
    return try await work(self, link)
  }
}

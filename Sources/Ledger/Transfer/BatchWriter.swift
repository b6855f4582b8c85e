import Logging
import Postgres
import PushCore

/// Stores batches, each in a commit of its own, on a connection of its own. A lost connection is
/// made anew and the batch stored again: what had been stored is found by its ids.
struct BatchWriter {
  /// Attempts at one batch while the database is away, with pauses of 0.2 s to 5 s: half a minute.
  private static let attempts = 10

  let app: AppID
  let configuration: PostgresConfiguration
  let aside: FileDescriptor?
  let logger: Logger
  private var connection: PostgresConnection?

  init(
    app: AppID, configuration: PostgresConfiguration, aside: FileDescriptor?, logger: Logger
  ) {
    self.app = app
    self.configuration = configuration
    self.aside = aside
    self.logger = logger
  }

  func close() async { await connection?.close() }

  mutating func store(
    _ batch: ImportBatch, _ progress: inout TransferProgress
  ) async throws(TransferError) {
    var batch = batch
    while !batch.lines.isEmpty {
      do throws(PostgresError) {
        let events = try await append(batch.lines, stores: true)
        for event in events {
          if event.isNew { progress.newEvents += 1 } else { progress.knownEvents += 1 }
          progress.position = max(progress.position, event.position)
        }
        break
      } catch {
        let index = try await culprit(error, in: batch.lines)
        let line = batch.lines.remove(at: index)
        guard let text = line.text else {
          throw .invalidLine(
            number: line.number,
            FieldError(.outOfRange, "", "is refused by the database. \(error.message)"))
        }
        batch.skipped.append(text)
      }
    }
    for text in batch.skipped { try aside?.write(text + [UInt8(ascii: "\n")]) }
    progress.skippedLines += batch.skipped.count
    progress.lines = batch.lastLine
    progress.fileBytes = batch.fileBytes
  }

  /// The line whose event the database refuses, found by trying halves that are rolled back.
  ///
  /// - Throws: What `error` means where no single event is at fault.
  private mutating func culprit(
    _ error: PostgresError, in lines: [ImportBatch.Line]
  ) async throws(TransferError) -> Int {
    let failure = CommitFailure(error, app: app, expectation: nil, limits: AppendLimits())
    switch failure {
    case .takeApart: break
    case .all(let refusal): throw .append(refusal)
    case .again, .reconnect:
      if error.kind == .cancelled { throw .cancelled }
      throw .append(
        .unavailable(
          retryAfter: AppendLimits().retryAfter, outcomeUnknown: error.commitOutcomeUnknown))
    }
    var suspects = lines.indices
    while suspects.count > 1 {
      let half = suspects.prefix(suspects.count / 2)
      do throws(PostgresError) {
        _ = try await append(lines[half], stores: false)
        suspects = suspects.dropFirst(half.count)
      } catch {
        suspects = half
      }
    }
    return suspects.startIndex
  }

  private mutating func append(
    _ lines: some Collection<ImportBatch.Line>, stores: Bool
  ) async throws(PostgresError) -> [AppendedEvent] {
    let call = AppendStatement.call(lines.map(\.event), to: app)
    var attempt = 1
    while true {
      do throws(PostgresError) {
        let connection = try await connected()
        if stores {
          return try AppendStatement.appended(
            try await connection.query(call.sql, call.parameters))
        }
        try await Self.tryOut(call, connection)
        return []
      } catch {
        guard error.isRetryable, attempt < Self.attempts, !Task.isCancelled else { throw error }
        logger.warning("A batch will be stored again", metadata: ["reason": "\(error)"])
        await connection?.close()
        connection = nil
        try? await Task.sleep(for: min(.milliseconds(100) * (1 << attempt), .seconds(5)))
        attempt += 1
      }
    }
  }

  private static func tryOut(
    _ call: PostgresCall, _ connection: PostgresConnection
  ) async throws(PostgresError) {
    try await connection.execute("begin")
    let outcome: Result<Void, PostgresError>
    do {
      _ = try await connection.query(call.sql, call.parameters)
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    try await connection.execute("rollback")
    try outcome.get()
  }

  private mutating func connected() async throws(PostgresError) -> PostgresConnection {
    if let connection { return connection }
    let made = try await PostgresConnection.connect(configuration, logger: logger)
    connection = made
    return made
  }
}

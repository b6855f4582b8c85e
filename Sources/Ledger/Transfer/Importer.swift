public import Logging
public import Postgres
public import PushCore

/// Stores the events of an NDJSON file in an app's ledger.
///
///     read, inflate, parse, check ─► batch ─► ledger.append ─► progress
///               └── the next one, meanwhile ──┘
///
/// A batch is one commit. The same file twice changes nothing, so an import that was interrupted is
/// simply started again.
public struct Importer: Sendable {
  private let configuration: PostgresConfiguration
  private let logger: Logger

  public init(_ configuration: PostgresConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  /// - Parameters:
  ///   - path: Plain or gzip, told apart by its first bytes; `-` is standard input.
  ///   - skippingInvalidTo: Where lines go that hold no valid event; nil ends the import at the
  ///     first, and nothing of its batch is stored.
  ///   - progress: Called after every batch.
  /// - Returns: What was done, all in all.
  public func run(
    _ path: String, into app: AppID, skippingInvalidTo asidePath: String? = nil,
    progress report: @Sendable (TransferProgress) -> Void = { _ in }
  ) async throws(TransferError) -> TransferProgress {
    let file = try FileDescriptor.reading(path)
    let reader = BatchReader(file, keepsInvalid: asidePath != nil)
    let aside = try asidePath.map { path throws(TransferError) in
      guard !file.isSame(as: path) else {
        throw .cannotWrite(path: path, reason: "it is the file that is read; name another")
      }
      return try FileDescriptor.writing(path)
    }
    var writer = BatchWriter(app: app, configuration: configuration, aside: aside, logger: logger)
    var progress = TransferProgress()
    let outcome = await Self.transfer(reader, &writer, &progress, report)
    await writer.close()
    try outcome.get()
    return progress
  }

  private static func transfer(
    _ reader: BatchReader, _ writer: inout BatchWriter, _ progress: inout TransferProgress,
    _ report: @Sendable (TransferProgress) -> Void
  ) async -> Result<Void, TransferError> {
    do throws(TransferError) {
      var upcoming = Task { await Self.read(reader) }
      while let batch = try await upcoming.value.get() {
        upcoming = Task { await Self.read(reader) }
        do {
          try await writer.store(batch, &progress)
        } catch {
          upcoming.cancel()
          throw error
        }
        report(progress)
      }
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private static func read(_ reader: BatchReader) async -> Result<ImportBatch?, TransferError> {
    do throws(TransferError) {
      return .success(try await reader.next())
    } catch {
      return .failure(error)
    }
  }
}

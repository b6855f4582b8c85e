internal import Postgres
public import PushCore

/// Why an archive was not written, or cannot be trusted.
public enum ArchiveError: Error, Sendable, CustomStringConvertible {
  /// A file of the archive is not as it was written.
  case unsound(file: String, _ problem: String)
  /// An event or commit of the archive does not fit the hash chain.
  case flaw(LedgerFlaw)
  /// What the ledger holds does not fit its hash chain, so it is not archived.
  case unsoundLedger(LedgerFlaw)
  /// The folder holds no archive.
  case nothingThere(folder: String)
  /// The folder's archive is another app's.
  case ofAnother(AppID, wanted: AppID)
  /// The ledger is not the one that the archive was made of, or goes on otherwise after it.
  case otherLedger(AppID, position: Position)
  /// What is asked for needs messages that are in another archive, or beyond this one's end.
  case detached(AppID, upTo: Position, folder: String)
  /// What the ledger still holds is not what was archived.
  case altered(LedgerFlaw)
  /// The projection is being rebuilt from a snapshot that lacks what was put back.
  case rebuilding(AppID)
  case transfer(TransferError)
  case read(LedgerReadError)

  /// What a step threw, in these words.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as ArchiveError: error
      case let error as TransferError: .transfer(error)
      case let error as LedgerReadError: .read(error)
      case let error as PostgresError: .read(.database(error))
      case is CancellationError: .transfer(.cancelled)
      default: .read(.database(PostgresError(.misuse, message: "\(error)")))
      }
  }

  public var description: String {
    switch self {
    case .unsound(let file, let problem):
      "The archive's \(file) is not sound: \(problem). Take another copy of the archive."
    case .flaw(let flaw):
      "The archive does not fit its hash chain. \(flaw) Take another copy of the archive."
    case .unsoundLedger(let flaw):
      """
      The ledger does not fit its hash chain, and is not archived. \(flaw) It was changed behind \
      PushLedger's back: see `pushledger verify \(flaw.app)`.
      """
    case .nothingThere(let folder):
      "There is no archive in \(folder): it has no \(ArchiveManifest.fileName)."
    case .ofAnother(let app, let wanted):
      "The folder holds an archive of app \(app), not of \(wanted). Name another folder."
    case .otherLedger(let app, let position):
      """
      The ledger of app \(app) is another one than the archive's: their hash chains part at or \
      before position \(position). Use an app that is empty, or that was restored from this archive.
      """
    case .detached(let app, let position, let folder):
      """
      Messages of app \(app) up to position \(position) are not in the database: they are in the \
      archive in \(folder). Name that folder, or a copy of it that goes as far.
      """
    case .altered(let flaw):
      "The ledger is not as it was archived. \(flaw) Nothing of that commit was put back."
    case .rebuilding(let app):
      """
      The events of app \(app) are back, but the projection notifications is being rebuilt without \
      them. Wait for that, or give it up with `pushledger projections drop notifications`; then \
      restore again.
      """
    case .transfer(let error): error.description
    case .read(let error): error.description
    }
  }
}

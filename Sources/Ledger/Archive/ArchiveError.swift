internal import Postgres
public import PushCore

/// Why an archive was not written, or cannot be trusted.
public enum ArchiveError: Error, Sendable, CustomStringConvertible {
  /// A file of the archive is not as it was written.
  case unsound(file: String, _ problem: String)
  /// An event or commit of the archive does not fit the hash chain.
  case flaw(LedgerFlaw)
  /// The folder holds no archive.
  case nothingThere(folder: String)
  /// The folder's archive is another app's.
  case ofAnother(AppID, wanted: AppID)
  /// The ledger is not the one that the archive was made of, or goes on otherwise after it.
  case otherLedger(AppID, position: Position)
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
    case .nothingThere(let folder):
      "There is no archive in \(folder): it has no \(ArchiveManifest.fileName)."
    case .ofAnother(let app, let wanted):
      "The folder holds an archive of app \(app), not of \(wanted). Name another folder."
    case .otherLedger(let app, let position):
      """
      The ledger of app \(app) is another one than the archive's: their hash chains part at or \
      before position \(position). Use an app that is empty, or that was restored from this archive.
      """
    case .transfer(let error): error.description
    case .read(let error): error.description
    }
  }
}

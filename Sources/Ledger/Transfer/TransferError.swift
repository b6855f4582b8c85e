public import PushCore

/// Why an import or export ended early. What an import stored before stays stored: import the same
/// file again once it is put right, and nothing is stored twice.
public enum TransferError: Error, Equatable, Sendable, CustomStringConvertible {
  case cannotOpen(path: String, reason: String)
  case cannotRead(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// The file ends within its compressed data.
  case truncatedGzip(path: String)
  case corruptGzip(path: String, reason: String)
  /// The line, counted from 1, holds no event that can be stored. Nothing of its batch is stored.
  case invalidLine(number: Int, FieldError)
  /// A line above ``EventFile/maximumLineBytes``: this is no event file.
  case lineTooLong(number: Int)
  case append(AppendError)
  case read(LedgerReadError)
  /// An export would lack an event.
  case gap(LedgerGap)
  case cancelled

  /// A stable name for logs and exit messages.
  public var code: String {
    switch self {
    case .cannotOpen: "cannot_open"
    case .cannotRead: "cannot_read"
    case .cannotWrite: "cannot_write"
    case .truncatedGzip: "truncated_gzip"
    case .corruptGzip: "corrupt_gzip"
    case .invalidLine: "invalid_line"
    case .lineTooLong: "line_too_long"
    case .append(let error): error.code
    case .read(let error): error.code
    case .gap: "gap"
    case .cancelled: "cancelled"
    }
  }

  public var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "\(path) cannot be opened: \(reason)."
    case .cannotRead(let path, let reason): "\(path) cannot be read: \(reason)."
    case .cannotWrite(let path, let reason): "\(path) cannot be written: \(reason)."
    case .truncatedGzip(let path):
      "\(path) is truncated: it ends within its compressed data. Fetch it again whole."
    case .corruptGzip(let path, let reason): "\(path) is no sound gzip file: \(reason)."
    case .invalidLine(let number, let error): "Line \(number): \(error)"
    case .lineTooLong(let number):
      "Line \(number) has more than \(EventFile.maximumLineBytes) bytes: this is no event file."
    case .append(let error): error.description
    case .read(let error): error.description
    case .gap(let gap): gap.description
    case .cancelled: "The transfer was cancelled."
    }
  }
}

/// How far an import or export is.
public struct TransferProgress: Sendable, Equatable {
  public internal(set) var lines = 0
  /// Events that are stored now and were not before; of an export, all.
  public internal(set) var newEvents = 0
  /// Events that were stored before.
  public internal(set) var knownEvents = 0
  /// Lines that held no valid event and were written aside.
  public internal(set) var skippedLines = 0
  /// Bytes of the file so far, as it lies on disk.
  public internal(set) var fileBytes: Int64 = 0
  /// Position of the last event that was read or stored.
  public internal(set) var position: Position = 0
}

import Foundation
import Ledger
import PushCore
import TestSupport

/// A ledger, and a folder for files that come from it and go into it.
struct TransferRig: Sendable {
  let ledger: LedgerRig
  let folder: URL

  var app: AppID { ledger.app }

  static func run(_ body: @Sendable (TransferRig) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "pushledger-test-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await LedgerRig.run { try await body(TransferRig(ledger: $0, folder: folder)) }
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func read(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }

  @discardableResult
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(filePath: path(name)))
    return path(name)
  }

  /// Writes a file of these lines.
  @discardableResult
  func write(_ name: String, lines: [String]) throws -> String {
    try write(name, lines.map { $0 + "\n" }.joined().utf8)
  }

  /// Makes a gzip file of events by exporting them from an app that is made for it.
  func export(_ events: [NewEvent], as name: String) async throws -> String {
    let app = AppID(unchecked: "from-" + UUID().uuidString.lowercased())
    try await Apps(ledger.pool).create(app)
    if !events.isEmpty { try await ledger.append(events, to: app) }
    _ = try await Exporter(ledger.pool).run(app, to: path(name))
    return path(name)
  }

  @discardableResult
  func load(
    _ path: String, into app: AppID = LedgerRig.app, skippingInvalidTo aside: String? = nil,
    progress: @Sendable (TransferProgress) -> Void = { _ in }
  ) async throws(TransferError) -> TransferProgress {
    try await Importer(ledger.configuration, logger: TestDatabase.logger).run(
      path, into: app, skippingInvalidTo: aside, progress: progress)
  }

  /// What an import is refused with.
  func refusal(
    of path: String, into app: AppID = LedgerRig.app, skippingInvalidTo aside: String? = nil
  ) async -> TransferError? {
    do throws(TransferError) {
      try await load(path, into: app, skippingInvalidTo: aside)
      return nil
    } catch {
      return error
    }
  }

  func head() async throws -> Position { try await ledger.reader.head(of: app) }

  /// The line of an event file that holds a recall.
  static func line(_ message: String, id: UUID = UUID()) -> String {
    """
    {"event_id":"\(id)","type":"message.recalled","occurred_at":"2026-01-31T09:30:00Z",\
    "data":{"message_id":"\(message)","by":"ann"}}
    """
  }

  /// A line that passes the door and that the database refuses; see ``NewEvent/poison(_:)``.
  static func poison(_ message: String) -> String {
    let numbers = [String](repeating: "1e399", count: 400).joined(separator: ",")
    return line(message).replacing("\"by\":", with: "\"x\":[\(numbers)],\"by\":")
  }
}

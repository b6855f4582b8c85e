import Foundation
import PushCore

/// The second implementation of the rules, in Python, and real chat, where the machine has them.
enum Oracle {
  static let folder = ProcessInfo.processInfo.environment["PUSHLEDGER_SHARED"]

  static var isAvailable: Bool { folder != nil }

  static var chatFile: String { "\(folder ?? "")/data/ubuntu-irc-small.ndjson.gz" }

  /// The first lines of a file that is packed with gzip, without the last one's end.
  static func lines(of file: String, limit: Int) throws -> [UInt8] {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "--decompress", "--stdout", file]
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let lines = bytes.split(
      separator: UInt8(ascii: "\n"), maxSplits: limit, omittingEmptySubsequences: false)
    return Array(lines.prefix(limit).joined(separator: [UInt8(ascii: "\n")]))
  }

  /// Its decisions about the events of a file, in the form of `pushledger decisions`.
  static func decisions(
    of file: String, language: String = "en", in folder: URL, more: [String] = []
  ) throws -> Data {
    let output = folder.appendingPathComponent("oracle-\(UUID().uuidString).ndjson")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        "python3", "\(Self.folder ?? "")/tools/oracle.py", file, "--language", language,
        "--decisions", output.path,
      ] + more
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return try Data(contentsOf: output)
  }

  /// Its decisions, and its unread counts as `{user: {conversation: count}}` without zeros.
  static func outcome(of file: String, in folder: URL) throws -> (decisions: Data, unread: JSON) {
    let unread = folder.appendingPathComponent("oracle-\(UUID().uuidString).json")
    let decisions = try decisions(of: file, in: folder, more: ["--unread", unread.path])
    return (decisions, try JSON.parse(Array(try Data(contentsOf: unread))))
  }
}

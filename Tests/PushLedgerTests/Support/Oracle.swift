import Foundation

/// The second implementation of the rules, in Python, and real chat, where the machine has them.
enum Oracle {
  static let folder = ProcessInfo.processInfo.environment["PUSHLEDGER_SHARED"]

  static var isAvailable: Bool { folder != nil }

  static var chatFile: String { "\(folder ?? "")/data/ubuntu-irc-small.ndjson.gz" }

  /// Its decisions about the events of a file, in the form of `pushledger decisions`.
  static func decisions(of file: String, language: String = "en", in folder: URL) throws -> Data {
    let output = folder.appendingPathComponent("oracle-\(UUID().uuidString).ndjson")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "\(Self.folder ?? "")/tools/oracle.py", file, "--language", language,
      "--decisions", output.path,
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return try Data(contentsOf: output)
  }
}

import Foundation
import PushCore

/// Real chat and the second implementation of the rules, where the machine has them.
enum SharedData {
  static let folder = ProcessInfo.processInfo.environment["PUSHLEDGER_SHARED"]

  static var isAvailable: Bool { folder != nil }

  static func smallFile() throws -> [NewEvent] {
    let text = try run("/bin/gzip", ["-dc", "\(folder ?? "")/data/ubuntu-irc-small.ndjson.gz"])
    return try text.split(separator: UInt8(ascii: "\n")).map {
      try EventDoor.event(from: try JSON.parse($0))
    }
  }

  /// The oracle's unread counts, keyed as ``ProjectionRig/unread(_:)``.
  static func oracleUnread() throws -> [String: Int64] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    _ = try run(
      "/usr/bin/env",
      [
        "python3", "\(folder ?? "")/tools/oracle.py",
        "\(folder ?? "")/data/ubuntu-irc-small.ndjson.gz", "--unread", file.path,
      ])
    let json = try JSON.parse(try Data(contentsOf: file))
    var counts: [String: Int64] = [:]
    for user in json.members ?? [] {
      for conversation in user.value.members ?? [] {
        let id = String(conversation.key.drop { $0 != "/" }.dropFirst())
        let peer: Peer =
          conversation.key.hasPrefix("group/")
          ? .group(GroupID(unchecked: id)) : .user(UserID(unchecked: id))
        let key = ConversationKey(peer, seenBy: UserID(unchecked: user.key)).storedName
        counts[Hex.encode(user.key.utf8) + " " + Hex.encode(key.utf8)] =
          conversation.value.integer
      }
    }
    return counts
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data
  }
}

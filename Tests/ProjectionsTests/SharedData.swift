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

  /// What the oracle decides for one message and one recipient, device by device.
  struct OracleDecisions {
    var message: MessageID
    var user: UserID
    var lines: [JSON]
  }

  /// Pairs of a message and a recipient, chosen at random: the same for the same seed.
  static func oracleDecisions(pairs: Int, seed: Int) throws -> [OracleDecisions] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    let python = ["python3", "\(folder ?? "")/tools/oracle.py"]
    _ = try run(
      "/usr/bin/env",
      python + [
        "\(folder ?? "")/data/ubuntu-irc-small.ndjson.gz", "--decisions", file.path,
      ])
    let sampled = try run(
      "/usr/bin/env", ["python3", "-c", sample, file.path, String(pairs), String(seed)])
    var found: [OracleDecisions] = []
    for line in try sampled.split(separator: UInt8(ascii: "\n")).map({ try JSON.parse($0) }) {
      let message = MessageID(unchecked: line["message_id"]?.string ?? "")
      let user = UserID(unchecked: line["user"]?.string ?? "")
      if let last = found.last, last.message == message, last.user == user {
        found[found.count - 1].lines.append(line)
      } else {
        found.append(OracleDecisions(message: message, user: user, lines: [line]))
      }
    }
    return found
  }

  /// Prints the lines of some pairs; a pair's lines follow each other.
  private static let sample = """
    import json, random, sys
    groups, last = [], None
    for line in open(sys.argv[1], encoding="utf-8"):
        start = line[:line.index('"device"')]
        if start == last: groups[-1] += line
        else: groups.append(line)
        last = start
    random.seed(int(sys.argv[3]))
    sys.stdout.write("".join(random.sample(groups, int(sys.argv[2]))))
    """

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

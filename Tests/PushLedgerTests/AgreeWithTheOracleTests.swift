import Foundation
import PushCore
import TestSupport
import Testing

/// G7: the executable and a naive second implementation decide the same, byte for byte, whether
/// the events come from a file or out of a ledger.
@Suite(
  "Agree with the oracle", .enabled(if: TestDatabase.isAvailable && Oracle.isAvailable), .serialized
)
struct AgreeWithTheOracle {
  private func decide(_ rig: CommandRig, _ arguments: String...) async throws -> Data {
    let file = rig.folder.appendingPathComponent("decisions.ndjson")
    let done = try await rig.run(["decisions"] + arguments, outputFile: file)
    #expect(done.status == 0, "\(done)")
    return try Data(contentsOf: file)
  }

  /// Shows the first line that differs.
  private func expectEqual(_ ours: Data, _ oracle: Data, _ what: String) {
    guard ours != oracle else { return }
    let lines = [ours, oracle].map { $0.split(separator: UInt8(ascii: "\n")) }
    let index = zip(lines[0], lines[1]).prefix { $0 == $1 }.reduce(0) { count, _ in count + 1 }
    let shown = lines.map {
      index < $0.count ? String(decoding: $0[index], as: UTF8.self) : "(end)"
    }
    Issue.record("\(what), line \(index + 1) of \(lines.map(\.count)):\n\(shown[0])\n\(shown[1])")
  }

  @Test func aboutRealChat() async throws {
    try await CommandRig.run { rig in
      let oracle = try Oracle.decisions(of: Oracle.chatFile, in: rig.folder)
      #expect(oracle.count > 1_000_000)
      expectEqual(try await decide(rig, Oracle.chatFile), oracle, "file")
      let done = try await rig.succeed("import", "chat", Oracle.chatFile, "--json")
      #expect(done.json?["new"]?.integer == 25_071)
      expectEqual(try await decide(rig, "--app", "chat"), oracle, "ledger")
    }
  }

  @Test(arguments: Array(40..<48))
  func aboutRandomHistories(seed: UInt64) async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: seed, app: AppID(unchecked: "chat"))
      history.isForOracle = true
      // Twice the first half: a repeated event decides nothing. The oracle knows no positions.
      let events = history.events(600).filter { $0["data"]?["up_to_position"] == nil }
      let lines = (events + events.prefix(300)).map(\.text)
      let file = try rig.write("random.ndjson", lines.joined(separator: "\n") + "\n")
      let once = try rig.write(
        "once.ndjson", events.map(\.text).joined(separator: "\n") + "\n")
      let language = seed.isMultiple(of: 2) ? "en" : "zh"
      let oracle = try Oracle.decisions(of: once, language: language, in: rig.folder)
      #expect(!oracle.isEmpty)
      expectEqual(
        try await decide(rig, file, "--language", language), oracle, "file of seed \(seed)")
      try await rig.succeed("import", "chat", file)
      try await rig.succeed("apps", "set", "chat", "--language", language)
      expectEqual(try await decide(rig, "--app", "chat"), oracle, "ledger of seed \(seed)")
    }
  }
}

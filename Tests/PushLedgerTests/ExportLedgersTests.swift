import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Export ledgers", .enabled(if: TestDatabase.isAvailable))
struct ExportLedgers {
  /// Without what an export adds.
  private static func imported(_ line: Substring) throws -> JSON {
    let added: Set<String> = ["app", "position", "schema", "stream", "recorded_at"]
    return .object((try JSON.parse(String(line)).members ?? []).filter { !added.contains($0.key) })
  }

  @Test func givesBackWhatWasImported() async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: 30)
      let events = history.events(300)
      try await rig.succeed(
        "import", "chat", try rig.write("in.ndjson", events.map(\.text).joined(separator: "\n")))
      let first = try await rig.succeed("export", "chat", "-")
      #expect(first.lines.count == 300)
      #expect(first.errors.contains("300 events up to position 300"), "\(first.errors)")
      for (line, event) in zip(first.lines, events) {
        let exported = try JSON.parse(String(line))
        #expect(exported["event_id"] == event["event_id"])
        #expect(exported["type"] == event["type"])
        // Numbers and members may be written anew; no content and `null` are one.
        let contents = [exported, event].map { ($0["content"] ?? .null).canonical() }
        #expect(contents[0] == contents[1])
      }
      try await rig.succeed("apps", "create", "second")
      let done = try await rig.run(["import", "second", "-"], input: first.output)
      #expect(done.status == 0, "\(done)")
      let second = try await rig.succeed("export", "second", "-")
      #expect(
        try second.lines.map { try Self.imported($0).canonical() }
          == first.lines.map { try Self.imported($0).canonical() })
    }
  }

  @Test func beginsAfterAPosition() async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: 31)
      try await rig.succeed(
        "import", "chat",
        try rig.write("in.ndjson", history.events(50).map(\.text).joined(separator: "\n")))
      let part = try await rig.succeed("export", "chat", "-", "--after", "45")
      #expect(
        try part.lines.map { try JSON.parse(String($0))["position"]?.integer }
          == [46, 47, 48, 49, 50])
      let none = try await rig.succeed("export", "chat", "-", "--after", "50")
      #expect(none.output.isEmpty)
      let beyond = try await rig.succeed("export", "chat", "-", "--after", "999999")
      #expect(beyond.output.isEmpty)
      #expect(beyond.errors.contains("0 events up to position 50."), "\(beyond)")
    }
  }

  @Test func refusesALedgerWithAHole() async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: 32)
      let events = history.events(50).map(\.text).joined(separator: "\n")
      try await rig.succeed("import", "chat", try rig.write("in.ndjson", events))
      try await rig.pool.withConnection { connection in
        try await connection.execute(
          """
          set session_replication_role = replica;
          delete from ledger.events where position = 17
          """)
      }
      for command in [
        ["export", "chat", rig.path("out.ndjson")], ["replay", "--app", "chat"],
        ["decisions", "--app", "chat"],
      ] {
        let refused = try await rig.run(command)
        #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
        #expect(
          refused.errors.contains("The event at position 17 of app chat is missing"), "\(refused)")
        #expect(refused.errors.contains("`pushledger verify chat`"), "\(refused)")
      }
      #expect(try rig.files() == ["in.ndjson"])
      let rest = try await rig.succeed("export", "chat", "-", "--after", "17")
      #expect(rest.lines.count == 33, "\(rest)")
    }
  }

  @Test func leavesTheOldFileWhereItFails() async throws {
    try await CommandRig.run { rig in
      let file = try rig.write("old.ndjson", "kept")
      let refused = try await rig.run("export", "none", file)
      #expect(refused.status == 1, "\(refused)")
      #expect(try rig.read("old.ndjson") == Array("kept".utf8))
      #expect(try rig.files() == ["old.ndjson"])
      try await rig.succeed("export", "chat", file)
      #expect(try rig.read("old.ndjson").isEmpty)
    }
  }
}

import PushCore
import TestSupport
import Testing

@Suite("Import files", .enabled(if: TestDatabase.isAvailable))
struct ImportFiles {
  private static let count = 300

  private static func lines(_ count: Int = ImportFiles.count) -> [String] {
    var history = RandomHistory(seed: 20)
    return history.events(count).map(\.text)
  }

  private func expect(
    _ done: FinishedCommand, new: Int, known: Int = 0, skipped: Int = 0
  ) {
    #expect(done.status == 0, "\(done)")
    #expect(done.json?["new"]?.integer == Int64(new), "\(done)")
    #expect(done.json?["known"]?.integer == Int64(known), "\(done)")
    #expect(done.json?["skipped"]?.integer == Int64(skipped), "\(done)")
  }

  @Test("G4: stores the same file once") func storesTheSameFileOnce() async throws {
    try await CommandRig.run { rig in
      let file = try rig.write("events.ndjson", Self.lines().joined(separator: "\n") + "\n")
      let first = try await rig.run("import", "chat", file, "--json")
      expect(first, new: Self.count)
      #expect(first.json?["position"]?.integer == Int64(Self.count))
      let before = try await rig.snapshot()
      expect(try await rig.run("import", "chat", file, "--json"), new: 0, known: Self.count)
      #expect(try await rig.snapshot() == before)
      let told = try await rig.succeed("import", "chat", file)
      #expect(told.text.contains("0 new events, 300 known already"), "\(told)")
    }
  }

  @Test func readsGzipAndStandardInput() async throws {
    try await CommandRig.run { rig in
      let lines = Self.lines()
      let file = try rig.write("events.ndjson", lines.joined(separator: "\n"))
      try await rig.succeed("import", "chat", file)
      try await rig.succeed("export", "chat", rig.path("events.ndjson.gz"))
      let packed = try rig.read("events.ndjson.gz")
      #expect(packed.starts(with: [0x1F, 0x8B]))
      try await rig.succeed("apps", "create", "second")
      expect(
        try await rig.run("import", "second", rig.path("events.ndjson.gz"), "--json"),
        new: Self.count)
      let plain = Array(lines.prefix(100).joined(separator: "\n").utf8)
      for (app, input, count) in [("third", plain, 100), ("fourth", packed, Self.count)] {
        try await rig.succeed("apps", "create", app)
        let done = try await rig.run(["import", app, "-", "--json"], input: input)
        expect(done, new: count)
      }
      #expect(try await rig.run(["import", "third", "-"], input: []).status == 0)
    }
  }

  @Test func saysWhereAFileIsCutOff() async throws {
    try await CommandRig.run { rig in
      let lines = Self.lines(5_000)
      let file = try rig.write("events.ndjson", lines.joined(separator: "\n"))
      try await rig.succeed("import", "chat", file)
      try await rig.succeed("export", "chat", rig.path("whole.ndjson.gz"))
      try await rig.succeed("apps", "create", "second")
      let whole = try rig.read("whole.ndjson.gz")
      for cut in [20, whole.count / 2, whole.count - 4] {
        let part = try rig.write("part.ndjson.gz", Array(whole.prefix(cut)))
        let done = try await rig.run("import", "second", part)
        #expect(done.status == 1, "\(cut): \(done)")
        #expect(done.errors.contains("\(part) is truncated"), "\(cut): \(done)")
        #expect(done.errors.contains("may be stored"), "\(cut): \(done)")
        let decided = try await rig.run("decisions", part)
        #expect(decided.errors.contains("\(part) is truncated"), "\(cut): \(decided)")
        #expect(!decided.errors.contains("stored"), "\(cut): \(decided)")
      }
      let again = try await rig.run("import", "second", rig.path("whole.ndjson.gz"), "--json")
      #expect(again.status == 0, "\(again)")
      #expect(again.json?["position"]?.integer == 5_000)
      #expect(
        try await rig.number("select count(*) from ledger.events where app = 'second'") == 5_000)
      try await rig.succeed("verify")
    }
  }

  @Test func namesTheLineThatIsNoEvent() async throws {
    try await CommandRig.run { rig in
      let before = try await rig.snapshot()
      for (bad, says) in [
        ("{", "JSON"), (#"{"event_id": "1"}"#, "event_id"), (#"{"type": "x"}"#, "event_id"),
        (Self.lines()[0].replacing("\"type\":\"", with: "\"type\":\"no."), "type"),
      ] {
        var lines = Self.lines()
        lines.insert(bad, at: 199)
        lines.insert("", at: 50)
        let file = try rig.write("bad.ndjson", lines.joined(separator: "\r\n"))
        for arguments in [["import", "chat", file], ["decisions", file]] {
          let refused = try await rig.run(arguments)
          #expect(refused.status == 1, "\(refused)")
          #expect(refused.errors.contains("Line 201:"), "\(refused)")
          #expect(refused.errors.contains(says), "\(refused)")
        }
        #expect(try await rig.snapshot() == before)
      }
      let missing = try await rig.run("import", "chat", rig.path("none.ndjson"))
      #expect(missing.status == 1, "\(missing)")
      #expect(missing.errors.contains(rig.path("none.ndjson")), "\(missing)")
    }
  }

  @Test func writesInvalidLinesAside() async throws {
    try await CommandRig.run { rig in
      let bad = ["{", "no event", #"{"event_id": "00000000-0000-4000-8000-000000000000"}"#]
      var lines = Self.lines()
      for (index, line) in bad.enumerated() { lines.insert(line, at: 40 * (index + 1)) }
      let file = try rig.write("mixed.ndjson", lines.joined(separator: "\n"))
      let aside = rig.path("aside.ndjson")
      let arguments = ["import", "chat", file, "--json", "--skip-invalid", aside]
      expect(try await rig.run(arguments), new: Self.count, skipped: bad.count)
      let written = String(decoding: try rig.read("aside.ndjson"), as: UTF8.self)
      #expect(written == bad.map { $0 + "\n" }.joined())
      expect(try await rig.run(arguments), new: 0, known: Self.count, skipped: bad.count)
    }
  }
}

import PushCore
import TestSupport
import Testing

/// An app, a key or a credential that is not there is named, and so is what would make it.
@Suite("Refuse what is unknown", .enabled(if: TestDatabase.isAvailable))
struct RefuseUnknown {
  @Test func namesTheAppThatIsNotThere() async throws {
    try await CommandRig.run { rig in
      let pair = try SigningPair(in: rig)
      let events = try rig.write("events.ndjson", "")
      let (before, files) = (try await rig.snapshot(), try rig.files())
      for arguments in [
        ["apps", "set", "nope", "--no-cancel-on-read"],
        ["keys", "create", "nope", "--scope", "send"],
        ["keys", "list", "nope"], ["keys", "list", "nope", "--json"],
        ["keys", "revoke", "nope", "nope.b3GNexyCTcGg"], pair.addition(named: "main", to: "nope"),
        ["credentials", "list", "nope"], ["credentials", "remove", "nope", "main"],
        ["import", "nope", events], ["export", "nope", rig.path("out.ndjson")],
        ["decisions", "--app", "nope"], ["replay", "--app", "nope"],
        ["replay", "--app", "nope", "--diff"], ["verify", "nope"],
        ["verify", "chat", "nope", "--json"],
        ["explain", "m", "--app", "nope"], ["timeline", "--user", "u", "--app", "nope"],
        ["tail", "--app", "nope"],
      ] {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("pushledger apps create nope"), "\(refused)")
        #expect(try await rig.snapshot() == before, "\(refused)")
        #expect(try rig.files() == files, "\(refused)")
      }
    }
  }

  @Test func namesTheKeyOrCredentialThatIsNotThere() async throws {
    try await CommandRig.run { rig in
      let before = try await rig.snapshot()
      for (arguments, name) in [
        (["keys", "revoke", "chat", "chat.none"], "chat.none"),
        (["credentials", "remove", "chat", "none"], "none"),
      ] {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.errors.contains(name), "\(refused)")
        #expect(try await rig.snapshot() == before, "\(refused)")
      }
    }
  }

  @Test func refusesWhatIsThereAlready() async throws {
    try await CommandRig.run { rig in
      let pair = try SigningPair(in: rig)
      try await rig.succeed(pair.addition(named: "main"))
      let before = try await rig.snapshot()
      for arguments in [["apps", "create", "chat"], pair.addition(named: "main")] {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.errors.contains("already"), "\(refused)")
        #expect(try await rig.snapshot() == before, "\(refused)")
      }
    }
  }

  @Test func keepsLanesOnceThereAreEvents() async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: 1)
      let events = try rig.write(
        "events.ndjson", history.events(3).map(\.text).joined(separator: "\n"))
      try await rig.succeed("import", "chat", events)
      let before = try await rig.snapshot()
      let refused = try await rig.run("apps", "set", "chat", "--lanes", "3")
      #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
      #expect(refused.errors.contains("position 3"), "\(refused)")
      #expect(try await rig.snapshot() == before)
    }
  }
}

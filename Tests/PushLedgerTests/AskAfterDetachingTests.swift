import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

/// `explain`, `timeline`, `tail`, `export` and `decisions` of an app whose older messages are in an archive.
@Suite("Ask after detaching", .enabled(if: TestDatabase.isAvailable))
struct AskAfterDetaching {
  private static func events(_ ids: [String]) -> String {
    let updates = ["user.updated", "message.sent"].flatMap { type in
      ids.map { id in
        let isMessage = type == "message.sent"
        return JSON.object(present: [
          ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
          ("occurred_at", "2026-01-01T12:00:00Z"),
          (
            "data",
            isMessage
              ? ["message_id": .string(id), "from": "ann", "conversation": ["user": "bob"]]
              : ["user": "bob"]
          ),
          (
            "content",
            isMessage
              ? ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]] : nil
          ),
        ]).text
      }
    }
    return updates.joined(separator: "\n")
  }

  /// Bob has no device, so nothing is due. The archive ends at position 4; m-3 is at 6.
  private func with(_ body: @Sendable (CommandRig) async throws -> Void) async throws {
    try await CommandRig.run { rig in
      try await rig.succeed(
        "import", "chat", try rig.write("old.ndjson", Self.events(["m-1", "m-2"])))
      try await project(rig, to: 4)
      let done = try await rig.succeed(
        "archive", "--before", "0s", "--to", rig.path("archive"), "--detach", "--json")
      #expect(done.json?["detached_up_to"] == 4, "\(done)")
      try await rig.succeed("import", "chat", try rig.write("new.ndjson", Self.events(["m-3"])))
      try await project(rig, to: 6)
      try await body(rig)
    }
  }

  private func project(_ rig: CommandRig, to position: Int64) async throws {
    let projector = try rig.start(["project"])
    let isThere = try await eventually(within: .seconds(30)) {
      try await rig.pool.query(
        "select position from ledger.checkpoints where projection = 'notifications'"
      ).first?.get(0, as: Int64.self) == position
    }
    #expect(isThere)
    await projector.killAndWait()
  }

  @Test("says of a message that it is in the archive, and how to get at it")
  func namesTheArchive() async throws {
    try await with { rig in
      for command in [["explain", "m-2"], ["timeline", "--message", "m-2"]] {
        let refused = try await rig.run(command)
        #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("Message m-2, position 4, recorded at 20"), "\(refused)")
        #expect(refused.errors.contains("is in the app's archive"), "\(refused)")
        #expect(refused.errors.contains("pushledger restore"), "\(refused)")
      }
      let unknown = try await rig.run("explain", "m-9")
      #expect(unknown.status == 1, "\(unknown)")
      #expect(unknown.errors.contains("has no message m-9"), "\(unknown)")
      #expect(unknown.errors.contains("Messages up to position 4 are in an archive."))
      #expect(try await rig.succeed("explain", "m-3").text.contains("no_device"))
    }
  }

  @Test("shows histories with a line that says what they lack")
  func showsHistories() async throws {
    try await with { rig in
      let shown = try await rig.succeed("timeline", "--user", "bob")
      #expect(shown.text.contains("m-3") && !shown.text.contains("m-2"), "\(shown)")
      let note = "Messages up to position 4, and their pushes, are in an archive."
      #expect(shown.errors.contains(note), "\(shown)")
      let lines = try await rig.succeed("timeline", "--user", "bob", "--json").lines
      #expect(lines.last == "{\"archived_up_to\":4}", "\(lines)")
      #expect(lines.count == 5, "\(lines)")
      let later = try await rig.succeed("timeline", "--user", "bob", "--json", "--limit", "2")
      #expect(!later.text.contains("archived_up_to"), "\(later)")
      let unknown = try await rig.run("timeline", "--user", "nobody")
      #expect(unknown.status == 1, "\(unknown)")
      #expect(unknown.errors.contains("Messages up to position 4 are in an archive."))
    }
  }

  @Test("begins to read after the archive, or says that it cannot")
  func readsAfterTheArchive() async throws {
    try await with { rig in
      let tail = try await rig.succeed("tail", "--no-follow", "--json")
      #expect(
        try tail.lines.map { try JSON.parse(String($0))["position"]?.integer } == [5, 6])
      #expect(try await rig.succeed("tail", "--no-follow", "--since", "4").text.contains("m-3"))
      let file = rig.path("export.ndjson")
      for command in [
        ["tail", "--no-follow", "--since", "3"], ["tail", "--no-follow", "--since", "7d"],
        ["export", "chat", file], ["export", "chat", file, "--after", "3"],
        ["decisions", "--app", "chat"],
      ] {
        let refused = try await rig.run(command)
        #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("up to position 4 are in its archive"), "\(refused)")
        #expect(refused.errors.contains("pushledger restore"), "\(refused)")
      }
      #expect(!FileManager.default.fileExists(atPath: file))
      let rest = try await rig.succeed("export", "chat", "-", "--after", "4")
      #expect(rest.lines.count == 2, "\(rest)")
    }
  }
}

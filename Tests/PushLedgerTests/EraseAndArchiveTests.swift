import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Erase from the shell", .enabled(if: TestDatabase.isAvailable))
struct EraseFromTheShell {
  private static let text = "Gone4711"

  private func fill(_ rig: CommandRig) async throws {
    let events = (1...3).map { number in
      JSON.object(present: [
        ("event_id", .string("00000000-0000-4000-8000-00000000000\(number)")),
        ("type", "message.sent"), ("occurred_at", "2026-01-01T12:00:00Z"),
        (
          "data",
          [
            "message_id": .string("m\(number)"), "from": "ann", "conversation": ["user": "bob"],
          ]
        ),
        (
          "content",
          [
            "elements": [
              ["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(Self.text)]]
            ]
          ]
        ),
      ]).text
    }
    try await rig.succeed(
      "import", "chat", try rig.write("events.ndjson", events.joined(separator: "\n")))
  }

  @Test("G16: nothing goes unless it was asked for and answered")
  func asksFirst() async throws {
    try await CommandRig.run { rig in
      try await fill(rig)
      let dry = try await rig.succeed("erase", "--user", "ann", "--dry-run", "--json").json
      #expect(dry?["found_events"]?.integer == 3)
      #expect(dry?["erased"]?.integer == 0)
      let unasked = try await rig.run("erase", "--user", "ann")
      #expect(unasked.status == 64)
      #expect(unasked.errors.contains("--yes"))
      for wrong in [
        ["erase"], ["erase", "--user", "ann", "--message", "m1"],
        ["erase", "--user", "ann", "--reason", String(repeating: "x", count: 257)],
        ["erase", "--before", "soon", "--yes"], ["erase", "--before", "2999-01-01", "--yes"],
      ] {
        #expect(try await rig.run(wrong).status == 64, "\(wrong)")
      }
      #expect(try await rig.succeed("verify", "--json").json?.array?.first?["erased"] == 0)
      let done = try await rig.succeed(
        "erase", "--user", "ann", "--yes", "--vacuum", "--reason", "request 1", "--json"
      ).json
      #expect(done?["erased"]?.integer == 3)
      #expect(done?["position"]?.integer == 4)
      let report = try await rig.succeed("verify", "--json").json?.array?.first
      #expect(report?["erased"]?.integer == 3)
      #expect(report?["sound"] == true)
    }
  }

  @Test("whoever looks is shown that it is erased")
  func isShown() async throws {
    try await CommandRig.run { rig in
      try await fill(rig)
      try await rig.succeed("erase", "--message", "m1", "--yes")
      for command in [
        ["timeline", "--message", "m1", "--show-content"], ["tail", "--no-follow", "--since", "0"],
        ["explain", "m1", "--show-content"],
      ] {
        let shown = try await rig.succeed(command)
        #expect(shown.text.contains("[erased]"), "\(command): \(shown.text)")
      }
      let told = try await rig.succeed("tail", "--no-follow", "--since", "3")
      #expect(told.text.contains("content of 1 events, message m1"), "\(told.text)")
      try await rig.succeed("export", "chat", rig.path("export.ndjson"))
      let lines = String(decoding: try rig.read("export.ndjson"), as: UTF8.self)
        .split(separator: "\n")
      #expect(lines.count == 4)
      #expect(lines.filter { $0.contains(Self.text) }.count == 2)
      let replayed = try await rig.run("replay", "--app", "chat", "--message", "m1", "--trace")
      #expect(replayed.status == 0, "\(replayed)")
      let decided = try await rig.succeed("decisions", rig.path("export.ndjson"))
      #expect(decided.lines.count == 3)
      try await rig.succeed("projections", "rebuild", "notifications")
      try await rig.succeed("replay", "--app", "chat", "--diff")
    }
  }

  @Test("G5: an archive is written, checked, and restored into another database")
  func archives() async throws {
    try await CommandRig.run { rig in
      try await fill(rig)
      try await rig.succeed("archive", "--before", "0s", "--to", rig.path("archive"))
      let checked = try await rig.succeed("archive", "--check", rig.path("archive"), "--json").json
      #expect(checked?["position"]?.integer == 3)
      let chain = try await rig.succeed("verify", "--json").json?.array?.first?["chain"]
      #expect(checked?["chain"] == chain)
      let byDay = try await rig.succeed(
        "archive", "--before", "2100-01-01", "--to", rig.path("by-day"), "--json"
      ).json
      #expect(byDay?["chain"] == chain, "a day is its midnight in UTC")
      let folder = rig.path("archive")
      try await CommandRig.run { other in
        let restored = try await other.succeed("restore", "--from", folder, "--json").json
        #expect(restored?["events"]?.integer == 3)
        #expect(restored?["rebuild_needed"] == false)
        let verified = try await other.succeed("verify", "--json").json?.array?.first
        #expect(verified?["sound"] == true)
        #expect(verified?["chain"] == chain)
        let held = try await other.succeed("verify", "--archive", folder)
        #expect(held.text.contains("it fits the archive up to position 3"), "\(held)")
        try await other.pool.withConnection { connection in
          try await connection.execute(
            """
            set session_replication_role = replica;
            update ledger.events set data = data || '{"x": 1}' where position = 2
            """)
        }
        let refused = try await other.run("verify", "--app", "chat", "--archive", folder, "--json")
        #expect(refused.status == 1)
        #expect(refused.json?.array?.first?["flaw"]?["position"]?.integer == 2)
        #expect(refused.json?.array?.first?["compared_up_to"]?.integer == 3)
      }
      let manifest = String(decoding: try rig.read("archive/manifest.json"), as: UTF8.self)
      try rig.write(
        "archive/manifest.json", manifest.replacing("\"last_commit\":1", with: "\"last_commit\":2"))
      for command in [["archive", "--check"], ["verify", "--archive"]] {
        let refused = try await rig.run(command + [folder])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("events-1.ndjson.gz"), "\(refused)")
      }
      let told = try await rig.run("archive", "--check", folder, "--json")
      #expect(told.status == 1 && told.errors.isEmpty, "\(told)")
      #expect(told.json?["app"] == "chat" && told.json?["sound"] == false, "\(told)")
      #expect(told.json?["flaw"]?["file"] == "events-1.ndjson.gz", "\(told)")
    }
  }
}

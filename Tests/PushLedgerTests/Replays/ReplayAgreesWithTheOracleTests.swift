import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

/// G7: a replay up to a position or a moment decides and counts what the naive second
/// implementation does of the file that ends there.
@Suite(
  "Replay up to a point", .enabled(if: TestDatabase.isAvailable && Oracle.isAvailable), .serialized
)
struct ReplayUpToAPoint {
  private static let cuts = [1, 4_321, 25_000]

  /// The first lines of the chat, as a file of their own.
  private func shortened(_ cut: Int, in rig: CommandRig) throws -> String {
    try rig.write("first-\(cut).ndjson", try Oracle.lines(of: Oracle.chatFile, limit: cut))
  }

  private func decided(_ rig: CommandRig, _ arguments: [String]) async throws -> (Data, JSON) {
    let (decisions, unread) = (rig.path("decisions.ndjson"), rig.path("unread.json"))
    try await rig.succeed(
      ["replay"] + arguments + ["--decisions", decisions, "--unread", unread])
    return (
      Data(try rig.read("decisions.ndjson")), try JSON.parse(try rig.read("unread.json"))
    )
  }

  @Test(arguments: cuts)
  func ofAFile(cut: Int) async throws {
    try await CommandRig.run(migrated: false) { rig in
      let oracle = try Oracle.outcome(of: try shortened(cut, in: rig), in: rig.folder)
      let (decisions, unread) = try await decided(
        rig, [Oracle.chatFile, "--to-position", "\(cut)"])
      #expect(decisions == oracle.decisions)
      #expect(counts(unread) == counts(oracle.unread))
      #expect(cut == 1 || !decisions.isEmpty)
    }
  }

  @Test func ofALedger() async throws {
    try await CommandRig.run { rig in
      try await rig.succeed("import", "chat", Oracle.chatFile)
      try await rig.succeed("export", "chat", rig.path("export.ndjson.gz"))
      for cut in Self.cuts {
        let oracle = try Oracle.outcome(of: try shortened(cut, in: rig), in: rig.folder)
        for arguments in [
          ["--app", "chat", "--to-position", "\(cut)"],
          [rig.path("export.ndjson.gz"), "--to-position", "\(cut)"],
        ] {
          let (decisions, unread) = try await decided(rig, arguments)
          #expect(decisions == oracle.decisions, "\(arguments)")
          #expect(counts(unread) == counts(oracle.unread), "\(arguments)")
        }
      }
    }
  }

  @Test func atAMoment() async throws {
    try await CommandRig.run { rig in
      // Three commits, each with its own time.
      let lines = try Oracle.lines(of: Oracle.chatFile, limit: 6_000)
        .split(separator: UInt8(ascii: "\n"))
      for end in [2_000, 4_000, 6_000] {
        let part = try rig.write(
          "part.ndjson", Array(lines[(end - 2_000)..<end].joined(separator: [UInt8(ascii: "\n")])))
        try await rig.succeed("import", "chat", part)
      }
      let times = try await rig.pool.query(
        "select position, recorded_at from ledger.events where position in (2000, 4000, 6000) "
          + "order by position")
      try await rig.succeed("export", "chat", rig.path("export.ndjson"))
      for row in times {
        let position: Int64 = try row.get(0)
        let moment = try row.timestamp(1)
        let oracle = try Oracle.outcome(
          of: try shortened(Int(position), in: rig), in: rig.folder)
        for source in [["--app", "chat"], [rig.path("export.ndjson")]] {
          let (decisions, unread) = try await decided(
            rig, source + ["--at", moment.description])
          #expect(decisions == oracle.decisions, "\(source) at \(moment)")
          #expect(counts(unread) == counts(oracle.unread), "\(source) at \(moment)")
        }
      }
    }
  }

  /// `user conversation count`, whatever the order.
  private func counts(_ unread: JSON) -> [String] {
    (unread.members ?? []).flatMap { user in
      (user.value.members ?? []).map { "\(user.key) \($0.key) \($0.value.text)" }
    }.sorted()
  }
}

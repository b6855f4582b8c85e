import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Add projections", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(4)))
struct AddProjections {
  static let examples = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "examples").path

  /// Sums, and a row for each event: one that came twice would break its key.
  private static let tally = """
    create table seen (app text, position bigint, primary key (app, position));
    create table sums (app text primary key, events bigint, positions numeric);
    create function fold(events pushledger.event[]) returns void language plpgsql as $$
    begin
      insert into seen select e.app, e.position from unnest(events) as e;
      insert into sums as known
        select e.app, count(*), sum(e.position) from unnest(events) as e group by 1
        on conflict (app) do update
          set events = known.events + excluded.events,
            positions = known.positions + excluded.positions;
    end
    $$;
    """

  private func folder(
    _ rig: CommandRig, manifest: String = #"{"name": "tally", "description": "Sums."}"#,
    sql: String = tally
  ) throws -> String {
    let name = "folder-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: rig.path(name), withIntermediateDirectories: true)
    try rig.write("\(name)/projection.json", manifest)
    try rig.write("\(name)/projection.sql", sql)
    return rig.path(name)
  }

  private func importEvents(_ count: Int, seed: UInt64, _ rig: CommandRig) async throws {
    var history = RandomHistory(seed: seed, app: AppID(unchecked: CommandRig.app))
    let lines = history.events(count).map { $0.text + "\n" }.joined()
    try await rig.succeed("import", CommandRig.app, try rig.write("events-\(seed).ndjson", lines))
  }

  @Test("G17: folds each event once, however often and wherever its processes are killed")
  func survivesKills() async throws {
    try await CommandRig.run { rig in
      try await rig.succeed(
        "projections", "add",
        try folder(rig, manifest: #"{"name": "tally", "description": "", "batch_events": 3}"#))
      let kills = 12
      let events = 400
      for round in 0..<kills {
        let projectors = try (0..<2).map { _ in
          try rig.start(["project", "--only", "tally"])
        }
        async let imported: Void = importEvents(events, seed: UInt64(round + 1), rig)
        // Dies at another place each time: after this many events more, while others come.
        let goal = Int64(round * 230 + round * round + 1)
        let reached = try await eventually(within: .seconds(60)) {
          try await rig.number("select coalesce(sum(events), 0)::bigint from projection_tally.sums")
            >= goal
        }
        #expect(reached, "round \(round)")
        for projector in projectors { await projector.killAndWait() }
        try await imported
      }
      let last = try rig.start(["project", "--only", "tally"])
      let head = Int64(kills * events)
      let done = try await eventually(within: .seconds(60)) {
        try await rig.number(
          "select position from ledger.checkpoints where projection = 'tally'") == head
      }
      #expect(done)
      #expect(await last.stop().status == 0)
      let sums = try await rig.pool.query(
        "select events, positions::bigint, (select count(*) from projection_tally.seen) "
          + "from projection_tally.sums")
      #expect(try sums[0].get(0) == head)
      #expect(try sums[0].get(1) == head * (head + 1) / 2)
      #expect(try sums[0].get(2) == head)
      #expect(
        try await rig.number(
          "select count(*) from ledger.checkpoints where projection = 'notifications'") == 0,
        "--only leaves the others to others")
    }
  }

  @Test("the examples can be added, are folded by `project`, listed, rebuilt and removed")
  func addsTheExamples() async throws {
    try await CommandRig.run { rig in
      try await importEvents(300, seed: 4, rig)
      let names = ["daily_active_conversations", "spam_rate_watch"]
      for name in names {
        let folder = "\(Self.examples)/\(name.replacing("_", with: "-"))"
        let added = try await rig.succeed("projections", "add", folder)
        #expect(added.text.contains("\(name) is added"))
        let again = try await rig.succeed("projections", "add", folder, "--json")
        #expect(again.text.contains(#""done":"unchanged""#) || again.text.contains("unchanged"))
      }
      let projector = try rig.start(["project"])
      #expect(
        try await eventually(within: .seconds(60)) {
          try await rig.number(
            "select count(*) from pushledger.projection_status where lag_events = 0") == 3
        })
      #expect(await projector.stop().status == 0)
      let expected = try await rig.number(
        "select count(*) from ledger.events where type = 'message.sent'")
      let daily = "select sum(messages)::bigint from projection_\(names[0]).daily_active"
      let minutes = "select sum(messages)::bigint from projection_\(names[1]).sender_minutes"
      #expect(try await rig.number(daily) == expected)
      #expect(try await rig.number(minutes) == expected)
      let list = try await rig.succeed("projections", "list")
      for name in names + ["notifications"] { #expect(list.text.contains(name)) }
      let status = try await rig.succeed("projections", "status", names[0])
      #expect(status.text.contains("follows"))
      let rebuilt = try await rig.succeed("projections", "rebuild", names[0])
      #expect(rebuilt.text.contains("It serves."))
      #expect(try await rig.number(daily) == expected)
      try await rig.succeed("projections", "rebuild", names[1], "--no-swap")
      try await rig.succeed("projections", "swap", names[1])
      #expect(try await rig.number(minutes) == expected)
      try await rig.succeed("projections", "rebuild", names[1], "--no-swap")
      try await rig.succeed("projections", "drop", names[1])
      for name in names { try await rig.succeed("projections", "remove", name) }
      for (command, hint) in [
        ("remove", "rebuild notifications"), ("swap", "rebuild notifications"),
        ("drop", "rebuild notifications"),
      ] {
        let refused = try await rig.run("projections", command, "notifications")
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.errors.contains("pushledger projections \(hint)"), "\(refused)")
      }
      #expect(try await rig.run("project", "--only", names[0]).status == 1)
    }
  }

  @Test(
    "a manifest that is wrong is refused with the field, its value and the way out",
    arguments: [
      (#"[]"#, ["an array", "an object is expected"]),
      (#"{"description": ""}"#, ["name", "missing"]),
      (#"{"name": "Daily", "description": ""}"#, ["name", #""Daily""#, "a-z 0-9 _"]),
      (#"{"name": "x"}"#, ["description", "missing"]),
      (#"{"name": 7, "description": ""}"#, ["name", "a number", "a text is expected"]),
      (
        #"{"name": "x", "description": "", "types": ["message.sung"]}"#,
        ["types[0]", #""message.sung""#, "docs/events.md"]
      ),
      (#"{"name": "x", "description": "", "types": []}"#, ["types", "empty", "Leave it out"]),
      (
        #"{"name": "x", "description": "", "batch_events": 10001}"#,
        ["batch_events", "10001", "1 to 10000"]
      ),
      (#"{"name": "x", "description": "", "batch": 5}"#, ["batch", "not known", "batch_events"]),
      (#"{"name": "x""#, ["projection.json"]),
      (#"{"name": "notifications", "description": ""}"#, ["notifications", "another name"]),
    ])
  func refusesAWrongManifest(manifest: String, words: [String]) async throws {
    try await CommandRig.run(app: nil) { rig in
      let refused = try await rig.run("projections", "add", try folder(rig, manifest: manifest))
      #expect(refused.status != 0)
      for word in words { #expect(refused.errors.contains(word), "\(refused.errors)") }
    }
  }

  @Test("SQL that is refused, a folder without files: said with the way out, nothing is added")
  func refusesWrongSQL() async throws {
    try await CommandRig.run(app: nil) { rig in
      for (sql, words) in [
        ("create tabel x ();", ["projection.sql", "syntax error"]),
        ("create table x (number int);", ["no function fold", "docs/own-projections.md"]),
        (Self.tally + "select count(*) from pushledger.events;", ["permission"]),
      ] {
        let refused = try await rig.run("projections", "add", try folder(rig, sql: sql))
        #expect(refused.status == 1)
        for word in words { #expect(refused.errors.contains(word), "\(refused.errors)") }
      }
      let missing = try await rig.run("projections", "add", rig.path("nowhere"))
      #expect(missing.status == 64 && missing.errors.contains("projection.json cannot be read"))
      #expect(
        try await rig.number("select count(*) from ledger.projections where fold_sql is not null")
          == 0)
    }
  }
}

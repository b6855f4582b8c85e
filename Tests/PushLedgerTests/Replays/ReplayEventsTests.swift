import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Replay events", .enabled(if: TestDatabase.isAvailable))
struct ReplayEvents {
  private func history(_ seed: UInt64 = 21, _ count: Int = 400) throws -> String {
    var history = RandomHistory(seed: seed, app: AppID(unchecked: "chat"))
    return history.events(count).map(\.text).joined(separator: "\n") + "\n"
  }

  private func imported(_ rig: CommandRig) async throws {
    try await rig.succeed("import", "chat", try rig.write("events.ndjson", try history()))
    try await project(rig)
  }

  /// Folds all that is there.
  private func project(_ rig: CommandRig) async throws {
    let projector = try rig.start(["project"])
    let isDone = try await eventually(within: .seconds(60)) {
      try await rig.number(
        "select sum(lag_events)::bigint from pushledger.projection_status") == 0
    }
    #expect(isDone)
    let stopped = await projector.stop()
    #expect(stopped.status == 0, "\(stopped)")
  }

  @Test("counts what a ledger and its export come to alike")
  func countsAlike() async throws {
    try await CommandRig.run { rig in
      try await imported(rig)
      try await rig.succeed("export", "chat", rig.path("export.ndjson"))
      let ledger = try #require(try await rig.succeed("replay", "--app", "chat", "--json").json)
      let file = try #require(
        try await rig.succeed("replay", rig.path("export.ndjson"), "--json").json)
      for name in ["app", "position", "decisions", "pushes", "suppressed", "deliveries", "unread"] {
        #expect(ledger[name] == file[name], "\(name)")
      }
      #expect(ledger["events_read"]?.integer == 400)
      #expect(ledger["decisions"]?.integer ?? 0 > 100)
      // What became of the deliveries is what the projection says.
      let rows = try await rig.pool.query(
        "select status, count(*) from notifications_v1.deliveries where status <> 'suppressed' "
          + "group by status")
      for row in rows {
        #expect(
          ledger["deliveries"]?[try row.get(0)]?.integer == (try row.get(1, as: Int64.self)))
      }
      #expect(ledger["deliveries"]?.members?.count == rows.count)
      let text = try await rig.succeed("replay", "--to-position", "100")
      #expect(text.text.contains("chat up to position 100"), "\(text)")
    }
  }

  @Test("G7: says of one user what the whole replay says, and reads less")
  func watchesOneUser() async throws {
    try await CommandRig.run { rig in
      try await imported(rig)
      try await rig.succeed("replay", "--decisions", rig.path("all.ndjson"))
      let done = try await rig.succeed(
        "replay", "--user", "bob", "--decisions", rig.path("bob.ndjson"), "--json")
      #expect(done.json?["events_read"]?.integer ?? .max < 400, "\(done)")
      #expect(done.json?["events_total"]?.integer == 400, "\(done)")
      let all = String(decoding: try rig.read("all.ndjson"), as: UTF8.self)
        .split(separator: "\n").filter { $0.contains(#""user": "bob""#) }
      let bob = String(decoding: try rig.read("bob.ndjson"), as: UTF8.self).split(separator: "\n")
      #expect(bob == all)
      #expect(!bob.isEmpty)
    }
  }

  @Test("prints each event that matters, with the state before and after it")
  func traces() async throws {
    try await CommandRig.run { rig in
      let file = try rig.write("few.ndjson", Few.events)
      let done = try await rig.succeed("replay", file, "--user", "bob", "--trace")
      #expect(done.text.contains("device bob/phone badge: 0 → 1"), "\(done)")
      #expect(done.text.contains("    bob/phone: push apns badge 1"), "\(done)")
      #expect(done.text.contains("delivery m1 to bob/phone status: due → cancelled"), "\(done)")
      #expect(!done.text.contains("secret"), "\(done)")
      let json = try await rig.succeed("replay", file, "--user", "bob", "--trace", "--json")
      let steps = try json.lines.map { try JSON.parse(Array($0.utf8)) }
      #expect(steps.map { $0["position"]?.integer } == [1, 2, 3])
      #expect(steps[1]["decisions"]?.array?.first?["badge"]?.integer == 1)
      let types = try await rig.succeed(
        "replay", file, "--type", "device.registered", "--trace", "--json")
      #expect(types.lines.count == 1)
    }
  }

  @Test("names what other settings would have changed")
  func asksWhatIf() async throws {
    try await CommandRig.run { rig in
      let file = try rig.write("few.ndjson", Few.events)
      let off = try rig.write(
        "off.json", #"{"devices": {"bob/phone": {"settings": {"push": false}}}}"#)
      let done = try await rig.succeed("replay", file, "--what-if", off)
      #expect(done.text.hasPrefix("1 of 1 decisions differ"), "\(done)")
      #expect(done.text.contains("suppressed push_off_on_device"), "\(done)")
      let json = try await rig.succeed("replay", file, "--what-if", off, "--json")
      #expect(json.json?["differing"]?.integer == 1)
      #expect(
        json.json?["first"]?.array?.first?["what_if"]?["reason"]?.string == "push_off_on_device")
      try await rig.succeed("import", "chat", file)
      try await project(rig)
      let ledger = try await rig.succeed("replay", "--what-if", off, "--json")
      #expect(ledger.json == json.json)
      let unknown = try rig.write("unknown.json", #"{"users": {"zoe": {"badge": "derived"}}}"#)
      let refused = try await rig.run("replay", file, "--what-if", unknown)
      #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
      #expect(refused.errors.contains("user zoe"), "\(refused)")
    }
  }

  @Test("G6: compares the projection, says so with its exit code, and names the row")
  func compares() async throws {
    try await CommandRig.run { rig in
      try await imported(rig)
      let equal = try await rig.succeed("replay", "--diff")
      #expect(equal.text.contains("The projection is what the ledger says."), "\(equal)")
      _ = try await rig.pool.query(
        "update notifications_v1.conversations set sequence = sequence + 1 "
          + "where conversation = 'group/g1'")
      let drift = try await rig.run("replay", "--diff")
      #expect(drift.status == 1, "\(drift)")
      #expect(drift.text.contains("DRIFT: 1 difference, the first at position"), "\(drift)")
      #expect(
        drift.text.contains("notifications_v1.conversations (conversation group/g1) sequence"),
        "\(drift)")
      let json = try await rig.run("replay", "--diff", "--json")
      #expect(json.json?["equal"]?.bool == false)
      #expect(json.json?["drifts"]?.array?.count == 1)
      #expect(json.json?["drifts"]?.array?.first?["column"]?.string == "sequence")
    }
  }

  @Test("G6: says of a row that should not be there whose it is, and where it says it belongs")
  func placesUnexpectedRows() async throws {
    try await CommandRig.run { rig in
      try await rig.succeed("import", "chat", try rig.write("few.ndjson", Few.events))
      try await project(rig)
      let id = "00000000-0000-4000-8000-0000000000aa"
      _ = try await rig.pool.query(
        "insert into notifications_v1.deliveries "
          + "select (jsonb_populate_record(d, '{\"delivery_id\": \"\(id)\"}')).* "
          + "from notifications_v1.deliveries d")
      let drift = try await rig.run("replay", "--diff")
      #expect(drift.status == 1, "\(drift)")
      for part in [
        "DRIFT: 1 difference, the first at position 2.",
        "(delivery_id \(id), user_id bob, device_id phone, position 2)",
        "the row should not be there",
        "the ledger never spoke of it; the row names position 2",
      ] {
        #expect(drift.text.contains(part), "\(part): \(drift)")
      }
      let json = try await rig.run("replay", "--diff", "--json").json
      #expect(json?["first_position"]?.integer == 2)
      #expect(json?["drifts"]?.array?.first?["position"]?.integer == 2)
    }
  }

  @Test("says when the position was recorded that it names, though no event of it is read")
  func timesThePositionItNames() async throws {
    try await CommandRig.run { rig in
      try await imported(rig)
      let other = try rig.write(
        "other.ndjson",
        JSON.object([
          .init("event_id", .string(UUID().uuidString)), .init("type", "user.updated"),
          .init("occurred_at", "2026-01-01T13:00:00Z"),
          .init("data", ["user": "not-of-bobs"]), .init("content", ["nickname": "Nobody"]),
        ]).text)
      try await rig.succeed("import", "chat", other)
      try await project(rig)
      let recorded = try await rig.pool.query(
        "select recorded_at from ledger.events where position = 401")[0].timestamp(0)
      let json = try await rig.succeed("replay", "--user", "bob", "--json").json
      #expect(json?["position"]?.integer == 401)
      #expect(json?["recorded_at"]?.string == recorded.description)
      #expect(json?["events_read"]?.integer ?? .max < 401)
      let text = try await rig.succeed("replay", "--user", "bob")
      #expect(text.text.hasPrefix("chat up to position 401, \(recorded)."), "\(text)")
    }
  }

  @Test("names what is not there")
  func namesTheUnknown() async throws {
    try await CommandRig.run { rig in
      let file = try rig.write("few.ndjson", Few.events)
      try await rig.succeed("import", "chat", file)
      for (arguments, says) in [
        (["--user", "zoe"], "--user is zoe"), (["--message", "m9"], "--message is m9"),
        (["--to-position", "4"], "ends at position 3"),
      ] {
        for source in [[file], ["--app", "chat"]] {
          let refused = try await rig.run(["replay"] + source + arguments)
          #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
          #expect(refused.errors.contains(says), "\(refused)")
        }
      }
      let backwards = try rig.write(
        "backwards.ndjson",
        Few.events.split(separator: "\n").enumerated().map { index, line in
          line.dropLast()
            + #","app":"chat","position":\#(3 - index),"recorded_at":"2026-01-01T12:00:00Z"}"#
        }.joined(separator: "\n"))
      let refused = try await rig.run("replay", backwards)
      #expect(refused.status == 1, "\(refused)")
      #expect(refused.errors.contains("Line 2: position: is 2, after 3"), "\(refused)")
    }
  }
}

/// A phone, a message to it, and its user coming to the foreground.
private enum Few {
  static let events = """
    {"event_id":"00000000-0000-4000-8000-000000000001","type":"device.registered","occurred_at":"2026-01-01T12:00:00Z","data":{"user":"bob","device":"phone","platform":"ios","provider":"apns"},"content":{"token":"secret"}}
    {"event_id":"00000000-0000-4000-8000-000000000002","type":"message.sent","occurred_at":"2026-01-01T12:00:01Z","data":{"message_id":"m1","from":"ann","conversation":{"user":"bob"}},"content":{"elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}}
    {"event_id":"00000000-0000-4000-8000-000000000003","type":"device.foregrounded","occurred_at":"2026-01-01T12:00:02Z","data":{"user":"bob","device":"phone"}}

    """
}

import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

/// `explain`, `timeline` and `tail` as somebody meets them who asks why a phone did not ring.
@Suite("Explain messages", .enabled(if: TestDatabase.isAvailable))
struct ExplainMessagesByCommand {
  /// Bob's phone is pushed, his tablet shows the app; then he reads, and Ann recalls.
  private static func events() -> [JSON] {
    var events: [JSON] = []
    func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
      let minute = events.count / 60
      let second = events.count % 60
      func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
      events.append(
        .object(present: [
          ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
          ("occurred_at", .string("2026-01-01T12:\(two(minute)):\(two(second))Z")),
          ("data", data), ("content", content),
        ]))
    }
    let text: JSON = ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "secret"]]]]
    for device in ["phone", "tablet"] as [JSON] {
      add(
        "device.registered",
        ["user": "bob", "device": device, "platform": "ios", "provider": "apns"],
        ["token": device])
    }
    add("device.backgrounded", ["user": "bob", "device": "phone", "unread": ["c2c": 4]])
    add("device.foregrounded", ["user": "bob", "device": "tablet"])
    add(
      "message.sent", ["message_id": "m-1", "from": "ann", "conversation": ["user": "bob"]], text)
    add(
      "user.updated",
      ["user": "bob", "quiet_hours": ["from": "11:00", "to": "13:00"]])
    add(
      "message.sent", ["message_id": "m-2", "from": "ann", "conversation": ["user": "bob"]], text)
    add("conversation.read", ["user": "bob", "conversation": ["user": "ann"], "up_to": "m-2"])
    for user in ["ann", "bob", "cho"] as [JSON] {
      add("group.member_added", ["group": "g", "user": user])
    }
    add("group.member_removed", ["group": "g", "user": "cho"])
    add(
      "message.sent", ["message_id": "m-3", "from": "ann", "conversation": ["group": "g"]], text)
    return events
  }

  private func with(_ body: @Sendable (CommandRig) async throws -> Void) async throws {
    try await CommandRig.run { rig in
      let file = try rig.write(
        "events.ndjson", Self.events().map(\.text).joined(separator: "\n"))
      try await rig.succeed("import", "chat", file)
      let projector = try rig.start(["project"])
      let isThere = try await eventually(within: .seconds(30)) {
        try await rig.pool.query(
          "select position from ledger.checkpoints where projection = 'notifications'"
        ).first?.get(0, as: Int64.self) == 13
      }
      #expect(isThere)
      await projector.killAndWait()
      try await body(rig)
    }
  }

  @Test("says on one screen which rule decided, since when, and what would have rung")
  func explainsForPeople() async throws {
    try await with { rig in
      let pushed = try await rig.succeed("explain", "m-1", "--user", "bob")
      for part in [
        "message m-1, ann to bob", "position 5", "phone: PUSH, cancelled, read",
        "background since 2026-01-01T12:00:02Z (device.backgrounded at 3)", "badge 4",
        "push       by apns, badge 5", "The recipient had read the message.",
        "conversation.read at 8",
        "tablet: SUPPRESSED, foreground", "2.12: The app was in the foreground",
        "device.foregrounded at 4", "otherwise", "means not",
      ] {
        #expect(pushed.text.contains(part), "\(part): \(pushed)")
      }
      #expect(!pushed.text.contains("secret"), "\(pushed)")
      #expect(pushed.lines.count < 40, "one screen: \(pushed)")
      #expect(pushed.lines.allSatisfy { $0.count <= 110 }, "\(pushed)")
      let shown = try await rig.succeed("explain", "m-1", "--show-content")
      #expect(shown.text.contains("\"secret\""), "\(shown)")
      let quiet = try await rig.succeed("explain", "m-2")
      #expect(quiet.text.contains("SUPPRESSED, quiet"), "\(quiet)")
      #expect(quiet.text.contains("quiet 11:00–13:00 UTC, where it was 12:00"), "\(quiet)")
      #expect(quiet.text.contains("1 unread before it"), "\(quiet)")
    }
  }

  @Test("says why somebody was no recipient, and that a device was not known")
  func explainsWhoIsLeftOut() async throws {
    try await with { rig in
      for (arguments, part) in [
        (["m-3", "--user", "cho"], "This user had left the group at position 12."),
        (["m-3", "--user", "dee"], "This user was never a member"),
        (["m-3", "--user", "ann"], "This user sent the message"),
        (["m-1", "--user", "cho"], "The message went to one other user."),
        (["m-1", "--device", "watch"], "watch: NOT KNOWN"),
        (["m-1", "--device", "watch"], "pushledger timeline --device bob/watch --app chat"),
      ] {
        let done = try await rig.succeed(["explain"] + arguments)
        #expect(done.text.contains(part), "\(done)")
      }
      let device = try await rig.succeed("explain", "m-1", "--device", "tablet")
      #expect(device.text.contains("tablet: SUPPRESSED"), "\(device)")
      #expect(!device.text.contains("phone:"), "\(device)")
    }
  }

  @Test("a test goes to a device that is known, or is not sent")
  func testsKnownDevices() async throws {
    try await with { rig in
      let head = try await rig.number("select position from ledger.heads")
      for (user, device, part) in [
        ("bob", "watch", "no device watch of user bob"), ("bob", "watch", "knows: phone, tablet."),
        ("dee", "phone", "no device of user dee"), ("dee", "phone", "Register one first"),
      ] {
        let refused = try await rig.run("deliveries", "test", "chat", user, device)
        #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains(part), "\(refused)")
      }
      #expect(try await rig.number("select position from ledger.heads") == head)
      let sent = try await rig.succeed("deliveries", "test", "chat", "bob", "phone")
      #expect(sent.text.hasPrefix("Sent as test-"), "\(sent)")
    }
  }

  @Test("what users wrote commands no terminal; as JSON it is what they wrote")
  func showsNoCommands() async throws {
    try await with { rig in
      let name = "a\u{202E}b\u{9B}31m\u{1B}]0;c\u{7}"
      let event: JSON = [
        "event_id": "8c5ad0b4-5a3b-4e0c-9b0e-5d1f0c6b7a01", "type": "user.updated",
        "occurred_at": "2026-01-01T12:30:00Z", "data": ["user": "ann"],
        "content": ["nickname": .string(name)],
      ]
      try await rig.succeed("import", "chat", rig.write("more.ndjson", event.text))
      let tail = ["tail", "--no-follow", "--type", "user.updated", "--show-content"]
      let shown = try await rig.succeed(tail)
      #expect(shown.text.contains("a\\u202eb\\u009b31m"), "\(shown)")
      let told = try await rig.succeed(tail + ["--json"])
      #expect(told.text.contains(#""nickname""#), "\(told)")
      let last = try #require(told.lines.last { !$0.isEmpty })
      #expect(try JSON.parse(Array(last.utf8))["content"]?["nickname"] == .string(name))
      for text in [shown.text, told.text] {
        let commands = text.unicodeScalars.filter {
          "\u{1B}\u{7}\u{9B}\u{202E}".unicodeScalars.contains($0)
        }
        #expect(commands.isEmpty)
      }
    }
  }

  @Test("says it to programs, and loudly where the projection holds something else")
  func explainsForPrograms() async throws {
    try await with { rig in
      let done = try await rig.succeed("explain", "m-1", "--json")
      let decisions = try #require(done.json?["explained"]?.array?.first?["decisions"]?.array)
      #expect(decisions.count == 2)
      #expect(decisions.first?["rule"]?["number"] == "2.13")
      #expect(decisions.first?["called_off"]?["event"]?["position"] == 8)
      #expect(decisions.first?["badge"] == 5)
      #expect(decisions.last?["reason"] == "foreground")
      #expect(done.json?["agrees"] == true)
      #expect(!done.text.contains("secret"))
      _ = try await rig.pool.query(
        "update notifications_v1.deliveries set badge = 9 where badge = 5")
      let wrong = try await rig.run("explain", "m-1")
      #expect(wrong.status == 1, "\(wrong)")
      #expect(wrong.text.contains("DISAGREES"), "\(wrong)")
      #expect(wrong.text.contains("pushledger replay --diff"), "\(wrong)")
      let told = try await rig.run("explain", "m-1", "--json")
      #expect(told.status == 1)
      #expect(told.json?["agrees"] == false)
    }
  }

  @Test("names ids that begin so where there is no such message, and which app is meant")
  func refusesWhatIsNotThere() async throws {
    try await with { rig in
      let unknown = try await rig.run("explain", "m-")
      #expect(unknown.status == 1, "\(unknown)")
      #expect(unknown.output.isEmpty)
      #expect(unknown.errors.contains("m-1, m-2, m-3"), "\(unknown)")
      let device = try await rig.run("explain", "m-3", "--device", "phone")
      #expect(device.status == 1, "\(device)")
      #expect(device.errors.contains("name the user"), "\(device)")
      for arguments in [
        ["explain", "m-1", "--limit", "0"], ["timeline"], ["timeline", "--device", "phone"],
        ["timeline", "--user", "bob", "--group", "g"], ["tail", "--type", "message.lost"],
        ["tail", "--outcome", "lost"], ["tail", "--since", "yesterday"],
      ] {
        let refused = try await rig.run(arguments)
        #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
      }
      let nobody = try await rig.run("timeline", "--user", "nobody")
      #expect(nobody.status == 1, "\(nobody)")
      try await rig.succeed("apps", "create", "other")
      let which = try await rig.run("explain", "m-1")
      #expect(which.status == FinishedCommand.wrongUsage, "\(which)")
      #expect(which.errors.contains("--app: chat, other"), "\(which)")
      try await rig.succeed("explain", "m-1", "--app", "chat")
    }
  }

  @Test("shows a user's, a device's, a group's and a message's history, newest last, in pages")
  func showsHistories() async throws {
    try await with { rig in
      func positions(_ arguments: String...) async throws -> [Int64] {
        let done = try await rig.succeed(["timeline", "--json"] + arguments)
        #expect(!done.text.contains("secret"), "\(done)")
        return try done.lines.map { try JSON.parse(Array($0.utf8))["position"]?.integer ?? 0 }
      }
      #expect(try await positions("--user", "bob") == [1, 2, 3, 4, 5, 6, 7, 8, 10, 13])
      #expect(try await positions("--user", "bob", "--limit", "3") == [8, 10, 13])
      #expect(
        try await positions("--user", "bob", "--limit", "3", "--before", "8") == [5, 6, 7])
      #expect(try await positions("--device", "bob/phone") == [1, 3, 5])
      #expect(try await positions("--group", "g") == [9, 10, 11, 12, 13])
      #expect(try await positions("--message", "m-1") == [5])
      let user = try await rig.succeed("timeline", "--user", "bob")
      #expect(user.text.contains("phone: cancelled read, badge 5"), "\(user)")
      #expect(user.text.contains("tablet: suppressed foreground"), "\(user)")
      let group = try await rig.succeed("timeline", "--group", "g", "--show-content")
      #expect(group.text.contains("secret"), "\(group)")
      #expect(group.text.contains("1 recipients, 0 pushes"), "\(group)")
    }
  }

  @Test("says that no event of the last few matches, and where more are")
  func saysThatNoneMatches() async throws {
    try await with { rig in
      let note = "None of the last 10 events match; --since looks further back.\n"
      for form in [[], ["--json"]] {
        let none = try await rig.succeed(
          ["tail", "--no-follow", "--type", "device.backgrounded"] + form)
        #expect(none.errors.contains(note), "\(none)")
      }
      for arguments in [
        ["--type", "device.backgrounded", "--since", "0"],
        ["--type", "device.killed", "--since", "0"],
        ["--type", "message.sent"], [],
      ] {
        let quiet = try await rig.succeed(["tail", "--no-follow"] + arguments)
        #expect(!quiet.errors.contains("--since"), "\(quiet)")
      }
    }
  }

  @Test("follows what comes, in a history and in the whole app, by every filter")
  func follows() async throws {
    try await with { rig in
      func positions(_ arguments: String...) async throws -> [Int64] {
        let done = try await rig.succeed(
          ["tail", "--json", "--no-follow", "--since", "0"] + arguments)
        return try done.lines.map { try JSON.parse(Array($0.utf8))["position"]?.integer ?? 0 }
      }
      #expect(try await positions() == Array(1...13))
      #expect(try await positions("--type", "message.sent") == [5, 7, 13])
      #expect(try await positions("--user", "cho") == [11, 12])
      #expect(try await positions("--message", "m-2") == [7, 8])
      #expect(try await positions("--outcome", "retry") == [])
      let history = try rig.start(["timeline", "--user", "bob", "--follow"])
      let tail = try rig.start(["tail", "--type", "device.killed"])
      #expect(await history.line(containing: "message.sent") != nil)
      #expect(await tail.line(containing: "position") != nil)
      let file = try rig.write(
        "more.ndjson",
        JSON.object([
          .init("event_id", .string(UUID().uuidString)), .init("type", "device.killed"),
          .init("occurred_at", "2026-01-01T13:00:00Z"),
          .init("data", ["user": "bob", "device": "phone"]),
        ]).text)
      try await rig.succeed("import", "chat", file)
      #expect(await history.line(containing: "device.killed") != nil)
      #expect(await tail.line(containing: "device.killed") != nil)
      #expect(history.isRunning && tail.isRunning)
    }
  }
}

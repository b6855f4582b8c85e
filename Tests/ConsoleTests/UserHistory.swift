import Foundation
import Ledger
import Postgres
import Projections
import PushCore
import TestSupport

/// A history for the pages of users and groups, told to a ledger and folded. Its positions are the
/// places of its events, from 1.
struct UserHistory {
  let app: AppID
  private var events: [JSON] = []

  init(app: AppID = ConsoleRig.app) { self.app = app }

  var count: Position { Position(events.count) }

  mutating func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
    events.append(
      .object(present: [
        ("event_id", .string(UUID().uuidString.lowercased())), ("type", .string(type)),
        ("occurred_at", .string("2026-03-02T08:00:00Z")), ("data", data), ("content", content),
      ]))
  }

  mutating func register(_ user: String, _ device: String, token: String, version: String = "1.0") {
    add(
      "device.registered",
      [
        "user": .string(user), "device": .string(device), "platform": "ios", "provider": "apns",
        "app_version": .string(version),
      ], ["token": .string(token)])
  }

  mutating func device(_ type: String, _ user: String, _ device: String, unread: Int64? = nil) {
    add(
      "device.\(type)",
      .object(present: [
        ("user", .string(user)), ("device", .string(device)),
        ("unread", unread.map { ["c2c": .integer($0)] }),
      ]))
  }

  mutating func send(_ id: String, from sender: String, to conversation: JSON) {
    add(
      "message.sent",
      ["message_id": .string(id), "from": .string(sender), "conversation": conversation],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hello"]]]])
  }

  mutating func attempt(_ message: String, _ user: String, _ device: String, _ outcome: String) {
    let id = DeliveryID.make(
      app: app, message: MessageID(unchecked: message), user: UserID(unchecked: user),
      device: DeviceID(unchecked: device))
    add(
      "push.attempted",
      [
        "delivery_id": .string(id.uuidString.lowercased()), "message_id": .string(message),
        "user": .string(user), "device": .string(device), "attempt": 1, "provider": "apns",
        "outcome": .string(outcome), "started_at": "2026-03-02T08:00:00Z",
        "finished_at": "2026-03-02T08:00:01Z",
      ])
  }

  mutating func join(_ group: String, _ user: String) {
    add("group.member_added", ["group": .string(group), "user": .string(user)])
  }

  mutating func read(_ user: String, _ conversation: JSON, upTo message: String) {
    add(
      "conversation.read",
      ["user": .string(user), "conversation": conversation, "up_to": .string(message)])
  }

  /// Tells the ledger all of it, each event in a commit of its own, and folds it.
  func tell(_ rig: ConsoleRig) async throws {
    for event in events {
      let call = AppendStatement.call([try EventDoor.event(from: event)], to: app)
      _ = try await rig.pool.query(call.sql, call.parameters)
    }
    let projector = Projector(
      pool: rig.pool, listener: nil, configuration: .init(), logger: TestDatabase.logger)
    try await projector.catchUp(app)
    try await projector.release()
  }

  /// A day of bob's: 15 events, in which his phone gets another token and is logged out.
  static func bob(app: AppID = ConsoleRig.app) -> UserHistory {
    var history = UserHistory(app: app)
    history.join("team", "bob")  // 1
    history.register("bob", "phone", token: "first", version: "7.0")
    history.device("foregrounded", "bob", "phone")
    history.send("m4", from: "ann", to: ["user": "bob"])
    history.device("backgrounded", "bob", "phone", unread: 1)  // 5
    history.send("m6", from: "ann", to: ["user": "bob"])
    history.attempt("m6", "bob", "phone", "accepted")
    history.register("bob", "tablet", token: "second", version: "7.1")
    history.send("m9", from: "ann", to: ["group": "team"])
    history.read("bob", ["user": "ann"], upTo: "m6")  // 10
    history.register("bob", "phone", token: "third", version: "7.2")
    history.send("m12", from: "cho", to: ["user": "bob"])
    history.device("logged_out", "bob", "tablet")
    history.add(
      "user.updated",
      [
        "user": "bob", "quiet_hours": ["from": "22:00", "to": "07:00", "time_zone": "UTC"],
      ], ["nickname": "Bobby"])
    history.device("killed", "bob", "phone")  // 15
    return history
  }

  /// Ids that are no words: markup, what paths and queries are made of, other directions, long ones.
  static let hostileIDs = [
    "a/b", "50%", "%2F", "who?x=1&y=2", "#top", "a b+c", "<b>\"'&amp;</b>", "\u{202E}gnp.exe",
    "مرحبا", "👩‍👩‍👧‍👦", "e\u{301}", "\"\u{301}", "{{id}}", String(repeating: "é", count: 64),
    String(repeating: "W", count: 128), "../..", "' or 1=1 --",
  ]
}

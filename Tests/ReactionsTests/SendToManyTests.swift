import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Reactions

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct SendToMany {
  private static func users(_ rig: ReactionRig) async throws -> [String] {
    try await rig.events(.messageSent).map { event in
      let data = try JSON.parse(event.event.data)
      return data["conversation"]?["user"]?.string ?? ""
    }
  }

  private static func start(
    _ rig: ReactionRig, _ id: String, _ condition: JSON? = nil, _ more: JSON = [:]
  ) async throws {
    var data: JSON = ["broadcast": .string(id), "from": "ann"]
    if let condition { data = data.setting("condition", to: condition) }
    for member in more.members ?? [] { data = data.setting(member.key, to: member.value) }
    try await rig.append(.broadcastStarted, data, ["elements": [ReactionRig.text]])
    try await rig.project()
  }

  private static func label(_ rig: ReactionRig, _ user: String, _ change: JSON) async throws {
    try await rig.append(.userLabelled, change.setting("user", to: .string(user)))
  }

  @Test("everybody who was known gets it once, but for the sender and deleted accounts")
  func sendsToAll() async throws {
    try await ReactionRig.run { rig in
      let count = BroadcastSender.recipientsPerPage * 2 + 3
      let events = try (0..<count).map { index in
        try EventDoor.event(
          id: UUID(), type: .userUpdated, occurredAt: rig.configuration.clock(),
          data: ["user": .string("u\(index)")], content: nil)
      }
      for start in stride(from: 0, to: count, by: 500) {
        _ = try await rig.appender.appendEvents(
          Array(events[start...].prefix(500)), to: ReactionRig.app)
      }
      try await rig.append(.userUpdated, ["user": "ann"])
      try await rig.append(.userDeleted, ["user": "u0"])
      try await Self.start(rig, "all", nil, ["expires_at": "2030-01-01T00:00:00Z"])
      let sender = BroadcastSender(
        pool: rig.pool, appender: rig.appender, logger: TestDatabase.logger)
      try await sender.sendAll()
      let users = try await Self.users(rig)
      #expect(users.count == count - 1 && Set(users).count == users.count)
      #expect(!users.contains("ann") && !users.contains("u0"))
      let finished = try await rig.events(.broadcastFinished)
      #expect(finished.count == 1)
      let told = try finished.first.map { try JSON.parse($0.event.data)["recipients"] }
      #expect(told == .integer(Int64(count - 1)))
      let row = try await rig.pool.query(
        "select state, recipients, total from pushledger.broadcasts")
      #expect(try row.first?.get(0) == "finished")
      #expect(try row.first?.get(1, as: Int64.self) == Int64(count - 1))
      #expect(try row.first?.get(2, as: Int64.self) == Int64(count - 1))
      try await sender.sendAll()
      #expect(try await Self.users(rig).count == count - 1, "it is sent once")
    }
  }

  @Test("goes on where it was cut off, and stores nothing twice")
  func goesOn() async throws {
    try await ReactionRig.run { rig in
      for user in ["b", "c", "d"] { try await rig.append(.userUpdated, ["user": .string(user)]) }
      try await Self.start(rig, "all")
      let sender = BroadcastSender(
        pool: rig.pool, appender: rig.appender, logger: TestDatabase.logger)
      try await sender.sendAll()
      // As if it had died before it noted the first page.
      _ = try await rig.pool.query(
        "update reactions.broadcasts set finished = false, after_user = '', recipients = 0")
      let other = BroadcastSender(
        pool: rig.pool, appender: rig.appender, logger: TestDatabase.logger)
      async let first: Void = sender.sendAll()
      async let second: Void = other.sendAll()
      _ = try await (first, second)
      #expect(try await Self.users(rig).sorted() == ["b", "c", "d"])
      #expect(try await rig.events(.broadcastFinished).count == 1)
    }
  }

  @Test("tags and attributes, any and all of them")
  func heedsConditions() async throws {
    try await ReactionRig.run { rig in
      for (user, change) in [
        ("b", ["add_tags": ["x", "y"], "set_attributes": ["city": "Ulm", "sex": "f"]]),
        ("c", ["add_tags": ["x"], "set_attributes": ["city": "Ulm"]]),
        ("d", ["add_tags": ["z"], "set_attributes": ["sex": "f"]]), ("e", ["clear_tags": true]),
      ] as [(String, JSON)] { try await Self.label(rig, user, change) }
      try await Self.label(rig, "f", ["add_tags": ["x"]])
      try await Self.label(rig, "f", ["remove_tags": ["x"]])
      let sender = BroadcastSender(
        pool: rig.pool, appender: rig.appender, logger: TestDatabase.logger)
      let cases: [(JSON?, [String])] = [
        (nil, ["b", "c", "d", "e", "f"]), (["any_tag": ["x", "z"]], ["b", "c", "d"]),
        (["all_tags": ["x", "y"]], ["b"]),
        (["any_attribute": ["city": "Ulm", "sex": "m"]], ["b", "c"]),
        (["all_attributes": ["city": "Ulm", "sex": "f"]], ["b"]), (["any_tag": ["none"]], []),
      ]
      for (index, (condition, expected)) in cases.enumerated() {
        let before = try await Self.users(rig).count
        try await Self.start(rig, "n\(index)", condition)
        try await sender.sendAll()
        let users = try await Self.users(rig).dropFirst(before)
        #expect(users.sorted() == expected, "\(index)")
      }
    }
  }

  @Test("one that no message can be made of ends, and holds up no other")
  func endsWhatCannotBeSent() async throws {
    try await ReactionRig.run { rig in
      try await rig.append(.userUpdated, ["user": "b"])
      // Past the door, as an older version could have stored it.
      let text = String(repeating: "x", count: Limits.eventBytes - 150)
      let event = NewEvent(
        id: UUID(), type: .broadcastStarted,
        stream: .broadcast(BroadcastID(unchecked: "large")), occurredAt: rig.configuration.clock(),
        data: Array(#"{"broadcast":"large","from":"ann"}"#.utf8),
        content: Array(
          #"{"elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\#(text)"}}]}"#.utf8))
      _ = try await rig.appender.appendEvents([event], to: ReactionRig.app)
      try await Self.start(rig, "small")
      let sender = BroadcastSender(
        pool: rig.pool, appender: rig.appender, logger: TestDatabase.logger)
      try await sender.sendAll()
      #expect(try await Self.users(rig) == ["b"])
      let states = try await rig.pool.query(
        "select broadcast_id || ' ' || state || ' ' || recipients from pushledger.broadcasts order by 1"
      ).map { try $0.get(0, as: String.self) }
      #expect(states == ["large finished 0", "small finished 1"])
      var refused: FieldError?
      do {
        try await rig.append(
          .broadcastStarted, ["broadcast": "huge", "from": "ann"],
          ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]])
      } catch let error as FieldError {
        refused = error
      }
      #expect(refused?.code == .tooLong, "the door refuses it")
    }
  }

  @Test("waits for the projection, and sends what is online only as that")
  func waits() async throws {
    try await ReactionRig.run { rig in
      try await rig.append(.userUpdated, ["user": "b"])
      try await rig.append(
        .broadcastStarted, ["broadcast": "x", "from": "ann", "online_only": true],
        ["elements": [ReactionRig.text]])
      let sender = BroadcastSender(
        pool: rig.pool, appender: rig.appender, logger: TestDatabase.logger)
      try await sender.sendAll()
      #expect(try await Self.users(rig) == [])
      try await rig.project()
      try await sender.sendAll()
      let sent = try #require(try await rig.events(.messageSent).first)
      guard case .messageSent(let message) = try sent.event.body() else { return }
      #expect(message.onlineOnly && message.sender.rawValue == "ann")
    }
  }
}

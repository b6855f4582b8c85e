import Foundation
import Ledger
import Postgres
import Projections
import PushCore
import TestSupport

/// Events of a chat that happened lately, for the pages that tell of messages.
struct MessageHistory {
  static let text = "See you at eight"

  let app: AppID
  private(set) var events: [JSON] = []
  private let start: Timestamp

  /// - Parameter ago: How long before now it begins.
  init(app: AppID = ConsoleRig.app, ago: Duration = .seconds(120)) {
    self.app = app
    start = Timestamp.systemClock() - ago
  }

  func at(_ seconds: Double) -> Timestamp {
    Timestamp(microseconds: start.microseconds + Int64(seconds * 1_000_000))
  }

  /// - Parameter seconds: After its beginning.
  mutating func add(
    _ type: String, at seconds: Double = 0, _ data: JSON, _ content: JSON? = nil
  ) {
    events.append(
      .object(present: [
        ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
        ("occurred_at", JSON(at(seconds))), ("data", data), ("content", content),
      ]))
  }

  mutating func device(
    _ user: String, _ device: String, platform: JSON = "ios", provider: JSON = "apns"
  ) {
    add(
      "device.registered",
      [
        "user": .string(user), "device": .string(device), "platform": platform,
        "provider": provider,
      ], ["token": .string("secret-token-\(events.count)")])
  }

  mutating func message(
    _ id: String, from sender: String = "ann", to peer: JSON = ["user": "bob"],
    text: String = text, push: JSON? = nil
  ) {
    add(
      "message.sent", at: 1,
      ["message_id": .string(id), "from": .string(sender), "conversation": peer],
      .object(present: [
        (
          "elements",
          [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]
        ), ("offline_push", push),
      ]))
  }

  func delivery(_ message: String, _ user: String, _ device: String) -> UUID {
    DeliveryID.make(
      app: app, message: MessageID(unchecked: message), user: UserID(unchecked: user),
      device: DeviceID(unchecked: device))
  }

  mutating func attempt(
    _ number: Int64, _ outcome: String, at seconds: Double, of message: String, _ user: String,
    _ device: String, provider: JSON = "apns", status: JSON? = nil, reason: String? = nil
  ) {
    add(
      "push.attempted", at: seconds + 0.1,
      .object(present: [
        ("delivery_id", JSON(delivery(message, user, device))), ("message_id", .string(message)),
        ("user", .string(user)), ("device", .string(device)), ("attempt", .integer(number)),
        ("provider", provider), ("outcome", .string(outcome)), ("started_at", JSON(at(seconds))),
        ("finished_at", JSON(at(seconds + 0.1))), ("status", status),
        ("reason", reason.map { .string($0) }),
      ]))
  }

  mutating func receipt(
    _ type: String, at seconds: Double, of message: String, _ user: String, _ device: String
  ) {
    add(
      type, at: seconds,
      [
        "delivery_id": JSON(delivery(message, user, device)), "message_id": .string(message),
        "at": JSON(at(seconds)),
      ])
  }
}

extension ConsoleRig {
  /// Appends a history and folds it.
  func record(_ history: MessageHistory) async throws {
    try await append(history)
    try await fold(history.app)
  }

  func append(_ history: MessageHistory) async throws {
    let events = try history.events.map { try EventDoor.event(from: $0) }
    for start in stride(from: 0, to: events.count, by: Limits.eventsPerAppend) {
      let call = AppendStatement.call(
        events[start..<min(start + Limits.eventsPerAppend, events.count)], to: history.app)
      _ = try await pool.query(call.sql, call.parameters)
    }
  }

  func fold(_ app: AppID = app) async throws {
    let projector = Projector(pool: pool, listener: nil, logger: TestDatabase.logger)
    try await projector.catchUp(app)
    try await projector.release()
  }
}

import PushCore

import struct Foundation.UUID

extension NewEvent {
  private static func make(_ type: EventType, _ data: JSON, _ content: JSON? = nil) -> NewEvent {
    do {
      return try EventDoor.event(
        id: UUID(), type: type, occurredAt: Timestamp(microseconds: 1_700_000_000_000_000),
        data: data, content: content)
    } catch {
      preconditionFailure("A test's event is wrong: \(error)")
    }
  }

  static func device(
    _ user: String, token: String? = nil, locale: String = "en", provider: ProviderName = .apns
  ) -> NewEvent {
    make(
      .deviceRegistered,
      [
        "user": .string(user), "device": "phone", "platform": "ios",
        "provider": .string(provider.rawValue), "topic": "org.example.chat",
        "locale": .string(locale),
      ], ["token": .string(token ?? "token-\(user)")])
  }

  static func message(_ id: String, to user: String, offlinePush: JSON? = nil) -> NewEvent {
    make(
      .messageSent,
      [
        "message_id": .string(id), "from": "sender", "conversation": ["user": .string(user)],
        "expires_at": "2999-01-01T00:00:00Z",
      ],
      .object(present: [
        ("elements", [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hello"]]]),
        ("offline_push", offlinePush),
      ]))
  }

  static func recall(_ id: String) -> NewEvent {
    make(.messageRecalled, ["message_id": .string(id)])
  }

  /// Devices for so many users, and for each of them so many messages, one after the other.
  static func traffic(users: Int, messages: Int) -> [NewEvent] {
    (0..<users).map { .device("user-\($0)") }
      + (0..<messages).flatMap { round in
        (0..<users).map { .message("m-\($0)-\(round)", to: "user-\($0)") }
      }
  }
}

extension NewEvent {
  /// The first attempt at ann's m1, refused by APNs.
  static func refusal(of delivery: UUID, fenced: Bool) -> NewEvent {
    make(
      .pushAttempted,
      [
        "delivery_id": JSON(delivery), "message_id": "m1", "user": "ann", "device": "phone",
        "attempt": 1, "provider": "apns", "outcome": "rejected", "fenced": .bool(fenced),
        "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z",
      ])
  }

  /// A phone that is reached by APNs first, then by Meizu.
  static func deviceOfTwoWays(_ user: String) -> NewEvent {
    make(
      .deviceRegistered,
      [
        "user": .string(user), "device": "phone", "platform": "ios", "provider": "apns",
        "topic": "org.example.chat", "fallbacks": [["provider": "meizu"]],
      ], ["token": .string("token-\(user)"), "fallback_tokens": [.string("other-\(user)")]])
  }
}

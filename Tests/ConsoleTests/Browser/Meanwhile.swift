import Ledger
import PushCore

/// Events that come in while a page is looked at.
enum Meanwhile {
  /// One more message to Mei, who has one device.
  static func message(_ id: String) -> JSON {
    event(
      "message.sent", ["message_id": .string(id), "from": "tom", "conversation": ["user": "mei"]],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hello"]]]])
  }

  /// Its provider takes a push.
  static func attempt(
    _ id: String, _ user: String, _ device: String, _ provider: String, number: Int = 1
  ) -> JSON {
    event(
      "push.attempted",
      [
        "delivery_id": .string(KnownPage.delivery(id, user, device)), "message_id": .string(id),
        "user": .string(user), "device": .string(device), "attempt": .integer(number),
        "provider": .string(provider), "outcome": "accepted", "status": 200,
        "started_at": JSON(Timestamp.systemClock()), "finished_at": JSON(Timestamp.systemClock()),
        "dispatcher": "dispatcher-1",
      ])
  }

  /// A push comes to its device.
  static func delivered(_ id: String, _ user: String, _ device: String) -> JSON {
    event(
      "push.delivered",
      [
        "delivery_id": .string(KnownPage.delivery(id, user, device)), "message_id": .string(id),
        "at": JSON(Timestamp.systemClock()),
      ])
  }

  /// The app is opened.
  static func foreground(_ user: String, _ device: String) -> JSON {
    event("device.foregrounded", ["user": .string(user), "device": .string(device)])
  }

  /// The app is left.
  static func background(_ user: String, _ device: String) -> JSON {
    event("device.backgrounded", ["user": .string(user), "device": .string(device)])
  }

  private static func event(_ type: String, _ data: JSON, _ content: JSON? = nil) -> JSON {
    .object(present: [
      ("type", .string(type)), ("occurred_at", JSON(Timestamp.systemClock())), ("data", data),
      ("content", content),
    ])
  }
}

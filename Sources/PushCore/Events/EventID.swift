public import struct Foundation.UUID

/// Event ids that a request implies, so that the same request again stores nothing new.
public enum EventID {
  /// The id of a message's `message.sent`: the caller's own id of the message names it.
  public static func message(_ id: MessageID, app: AppID) -> UUID {
    DeliveryID.named(["message", app.rawValue, id.rawValue])
  }

  /// The id of a message's `message.recalled`.
  public static func recall(_ id: MessageID, app: AppID) -> UUID {
    DeliveryID.named(["recall", app.rawValue, id.rawValue])
  }

  /// The id of a delivery's `push.delivered`, `push.opened` or `push.not_shown`.
  public static func receipt(_ type: EventType, delivery: UUID, app: AppID) -> UUID {
    DeliveryID.named(["receipt", app.rawValue, type.rawValue, delivery.uuidString])
  }

  /// The id of a projection's `projection.event_skipped`.
  public static func skip(
    _ position: Position, of projection: ProjectionName, app: AppID
  ) -> UUID {
    DeliveryID.named(["skip", app.rawValue, projection.rawValue, String(position)])
  }

  /// The id of an event that another system's protocol names.
  ///
  /// - Parameters:
  ///   - kind: What the parts are of, so that two kinds never meet.
  ///   - parts: What makes a request a repeat there.
  public static func foreign(
    _ system: String, _ kind: String, _ parts: [String], app: AppID
  ) -> UUID {
    DeliveryID.named([system, kind, app.rawValue] + parts)
  }

  /// The id of one event of a request that came with an idempotency key.
  ///
  /// - Parameters:
  ///   - route: The request's method and path: a key is good for one of them.
  ///   - index: The event's place in the request, from 0.
  public static func request(_ key: String, route: String, index: Int, app: AppID) -> UUID {
    DeliveryID.named(["request", app.rawValue, route, key, String(index)])
  }
}

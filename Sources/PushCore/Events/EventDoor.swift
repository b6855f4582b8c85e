public import struct Foundation.UUID

/// The one way into a ledger: whatever an event came through, it is checked and completed here.
///
/// The SQL door, `pushledger.append`, does the same in the database; a test holds both together.
public enum EventDoor {
  private static let envelope: Set<String> = [
    "event_id", "type", "schema", "occurred_at", "data", "content",
    // What an export adds, so that it can be imported again.
    "app", "position", "stream", "recorded_at",
  ]

  /// Where an event comes from.
  public enum Origin: Sendable {
    case caller
    /// A ledger, which may have had its content erased: then `data` says what decisions need of it.
    case ledger
  }

  /// Reads an event in the import form.
  ///
  /// - Parameters:
  ///   - makeID: Gives an id where the event has none; nil makes `event_id` required.
  ///   - now: The time where the event has none; nil makes `occurred_at` required.
  /// - Throws: ``FieldError``.
  public static func event(
    from json: JSON, origin: Origin = .caller, makeID: (() -> UUID)? = nil, now: Timestamp? = nil
  ) throws(FieldError) -> NewEvent {
    let fields = try Fields(json)
    try fields.refuse(otherThan: envelope)
    guard let id = try fields.uuid("event_id") ?? makeID?() else {
      throw FieldError(.missing, "event_id", "is missing; give a UUID of your own.")
    }
    guard let occurredAt = try fields.timestamp("occurred_at") ?? now else {
      throw FieldError(.missing, "occurred_at", "is missing; it is required.")
    }
    let type: EventType = try fields.requiredChoice("type")
    guard let data = fields["data"] else {
      throw FieldError(.missing, "data", "is missing; it is required.")
    }
    guard try fields.integer("schema", in: 1...1) ?? 1 == 1 else {
      throw FieldError(.outOfRange, "schema", "is not 1.")
    }
    return try event(
      id: id, type: type, occurredAt: occurredAt, data: data, content: fields["content"],
      origin: origin)
  }

  /// Checks and completes an event given in its parts.
  public static func event(
    id: UUID, type: EventType, occurredAt: Timestamp, data: JSON, content: JSON?,
    origin: Origin = .caller
  ) throws(FieldError) -> NewEvent {
    guard type != .contentErased || origin == .ledger else {
      throw FieldError(
        .unknownValue, "type", "is content.erased, which the ledger alone appends as it erases.")
    }
    let body = try EventBody(type, data: data, content: content)
    let isErased = content == nil && origin == .ledger && saysWhatIsNeeded(data, body)
    let completed = isErased ? data : try complete(data, body: body, content: content)
    let stream = body.stream
    guard stream.rawValue.utf8.count <= Limits.streamBytes else {
      throw FieldError(
        .tooLong, "data",
        "makes a stream name of \(stream.rawValue.utf8.count) bytes; at most "
          + "\(Limits.streamBytes) are allowed, shorten the ids.")
    }
    let dataBytes = completed.serialized()
    let contentBytes = content?.serialized()
    let size = dataBytes.count + (contentBytes?.count ?? 0)
    // What is sent to many is stored once more for each, with more ids beside it.
    let limit =
      type == .broadcastStarted ? Limits.eventBytes - Limits.broadcastMargin : Limits.eventBytes
    guard size <= limit else {
      throw FieldError(
        .tooLong, "data",
        "and content have \(size) bytes together; at most \(limit) are allowed.")
    }
    return NewEvent(
      id: id, type: type, stream: stream, occurredAt: occurredAt, data: dataBytes,
      content: contentBytes)
  }

  /// Whether `data` holds what decisions need of content, as it stands in a ledger.
  private static func saysWhatIsNeeded(_ data: JSON, _ body: EventBody) -> Bool {
    switch body {
    case .deviceRegistered(let registration):
      ([registration.tokenSHA256] + registration.fallbacks.map(\.registered.sha256))
        .allSatisfy { !$0.isEmpty }
    case .messageSent: data["facts"]?.members != nil
    default: true
    }
  }

  /// Copies what decisions need from `content` into `data`, over whatever the caller put there.
  private static func complete(_ data: JSON, body: EventBody, content: JSON?) throws(FieldError)
    -> JSON
  {
    switch body {
    case .deviceRegistered(let registration):
      let data = try complete(
        data, "data", by: registration.provider, topic: registration.topic,
        token: content?["token"], "content.token")
      guard !registration.fallbacks.isEmpty else { return data }
      let tokens = content?["fallback_tokens"]?.array ?? []
      var fallbacks = data["fallbacks"]?.array ?? []
      for (index, way) in registration.fallbacks.enumerated() {
        fallbacks[index] = try complete(
          fallbacks[index], "data.fallbacks[\(index)]", by: way.registered.provider,
          topic: way.topic, token: tokens[index], "content.fallback_tokens[\(index)]")
      }
      return data.setting("fallbacks", to: .array(fallbacks))
    case .messageSent(let message):
      guard let content = message.content else {
        throw FieldError(.missing, "content.elements", "is missing; it is required.")
      }
      return data.setting("facts", to: content.facts.json)
    default: return data
    }
  }
}

extension EventDoor {
  /// Fills in what is told of a way's token without showing it.
  private static func complete(
    _ way: JSON, _ field: String, by provider: ProviderName, topic: String?, token: JSON?,
    _ tokenField: String
  ) throws(FieldError) -> JSON {
    guard let token, token != .null, token.string?.isEmpty != true else {
      throw FieldError(.missing, tokenField, "is missing; it is required.")
    }
    let way = way.setting("token_sha256", to: .string(DeviceRegistration.fingerprint(token)))
    guard provider == .callback else { return way }
    let kind = CallbackWay(token: token)
    guard topic ?? kind.rawValue == kind.rawValue else {
      throw FieldError(
        .unknownValue, "\(field).topic",
        "must be left out or \(kind.rawValue): a callback token that is an https URL is called, "
          + "any other stands for a stream.")
    }
    return way.setting("topic", to: .string(kind.rawValue))
  }
}

extension NewEvent {
  /// The event's parts, typed.
  ///
  /// - Throws: ``FieldError`` for an event that came past the door, such as one of a later version.
  public func body() throws(FieldError) -> EventBody {
    try EventBody(
      type, data: try Self.json(data, "data"),
      content: try content.map { bytes throws(FieldError) in try Self.json(bytes, "content") })
  }

  private static func json(_ bytes: [UInt8], _ field: String) throws(FieldError) -> JSON {
    do {
      return try JSON.parse(bytes)
    } catch {
      throw FieldError(.malformed, field, "is no JSON: \(error.description).")
    }
  }
}

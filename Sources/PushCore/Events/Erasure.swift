public import struct Foundation.UUID

/// Content that was erased: the ledger says so itself.
public struct Erasure: Sendable, Equatable {
  /// What was to be erased.
  public enum Scope: Sendable, Equatable {
    case user(UserID)
    case message(MessageID)
    /// What was recorded before a moment.
    case before(Timestamp)
  }

  /// The same in all events of one erasure.
  public var id: UUID
  public var scope: Scope
  /// Events that lost their content by this one, in order; at most ``Limits/positionsPerErasure``.
  public var positions: [Position]
}

extension Erasure {
  init(_ fields: Fields) throws(FieldError) {
    id = try fields.required("erasure", fields.uuid)
    scope = try Scope(try fields.required("scope", fields.object))
    _ = try fields.string("reason", maxBytes: Limits.reasonBytes)
    let values = try fields.required("positions") { key throws(FieldError) in
      try fields.array(key, max: Limits.positionsPerErasure)
    }
    positions = []
    positions.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let position = value.integer, position > 0 else {
        throw FieldError(
          .wrongType, "\(fields.name("positions"))[\(index)]",
          "is no position; a whole number from 1 is expected.")
      }
      positions.append(position)
    }
  }
}

extension Erasure.Scope {
  init(_ fields: Fields) throws(FieldError) {
    if let user: UserID = try fields.id("user") {
      self = .user(user)
    } else if let message: MessageID = try fields.id("message") {
      self = .message(message)
    } else if let moment = try fields.timestamp("before") {
      self = .before(moment)
    } else {
      throw FieldError(.missing, fields.path, "names no user, message or before; give one of them.")
    }
  }
}

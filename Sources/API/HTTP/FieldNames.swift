import PushCore

import struct Foundation.UUID

/// How a request's fields are called where the event calls them otherwise, so that an error names
/// what the caller wrote.
struct FieldNames: Sendable {
  /// The event's first field name to the request's.
  var names: [String: String] = [:]

  static let plain = FieldNames()

  /// Checks and completes an event.
  /// - Throws: ``FieldError`` with the request's path.
  func door(
    id: UUID, type: EventType, occurredAt: Timestamp, data: JSON, content: JSON?
  ) throws(FieldError) -> NewEvent {
    do {
      let event = try EventDoor.event(
        id: id, type: type, occurredAt: occurredAt, data: data, content: content)
      try RegisteredTokens.check(type, data: data, content: content)
      return event
    } catch {
      throw renamed(error)
    }
  }

  /// `data.conversation.user` becomes `to.user`.
  func renamed(_ error: FieldError) -> FieldError {
    var error = error
    for parent in ["data.", "content."] where error.field.hasPrefix(parent) {
      let path = error.field.dropFirst(parent.count)
      if let whole = names[String(path)] {
        error.field = whole
        return error
      }
      let first = path.prefix { $0 != "." && $0 != "[" }
      error.field = (names[String(first)] ?? String(first)) + path[first.endIndex...]
      return error
    }
    if error.field == "data" || error.field == "content" {
      error.problem = "The event's \(error.field) \(error.problem)"
      error.field = ""
    }
    return error
  }
}

extension Fields {
  /// The members named, as they came, without those that are null.
  func given(_ keys: [String]) -> [JSON.Member] {
    members.filter { member in
      if case .null = member.value { return false }
      return keys.contains(member.key)
    }
  }

  /// The members named, as they came, null included: there it clears a value.
  func givenOrNull(_ keys: [String]) -> [JSON.Member] {
    members.filter { keys.contains($0.key) }
  }

  /// Refuses members of an object within that are not known, where there is one.
  func refuse(in key: String, otherThan known: Set<String>) throws(FieldError) {
    if case .object = self[key] { try object(key)?.refuse(otherThan: known) }
  }
}

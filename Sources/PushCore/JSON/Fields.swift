public import struct Foundation.UUID

/// Reads an object's members one by one; each error names the member's path.
public struct Fields {
  public let path: String
  public let members: [JSON.Member]

  /// - Throws: ``FieldError`` when `json` is no object.
  public init(_ json: JSON, at path: String = "") throws(FieldError) {
    guard let members = json.members else {
      throw FieldError(.wrongType, path, "is \(json.kind); an object is expected.")
    }
    self.path = path
    self.members = members
  }

  public func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The member's value; nil where it is absent or null.
  public subscript(key: String) -> JSON? {
    for member in members where member.key == key {
      if case .null = member.value { return nil }
      return member.value
    }
    return nil
  }

  /// Whether the member stands there, be it null.
  public func holds(_ key: String) -> Bool { members.contains { $0.key == key } }

  /// - Throws: ``FieldError`` naming the first member that is none of `known`.
  public func refuse(otherThan known: Set<String>) throws(FieldError) {
    for member in members where !known.contains(member.key) {
      let names = known.sorted().joined(separator: ", ")
      guard let key = FieldError.shownName(member.key) else {
        throw FieldError(
          .unknownField, path,
          "has a member with a name of \(member.key.utf8.count) bytes; known are \(names).")
      }
      throw FieldError(.unknownField, name(key), "is not a field here; known are \(names).")
    }
  }

  // MARK: Required and optional values

  public func required<Value>(
    _ key: String, _ read: (String) throws(FieldError) -> Value?
  ) throws(FieldError) -> Value {
    guard let value = try read(key) else {
      throw FieldError(.missing, name(key), "is missing; it is required.")
    }
    return value
  }

  public func string(_ key: String, maxBytes: Int = Limits.eventBytes) throws(FieldError)
    -> String?
  {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw wrongType(key, value, "a string") }
    guard text.utf8.count <= maxBytes else {
      throw FieldError(
        .tooLong, name(key), "has \(text.utf8.count) bytes; at most \(maxBytes) are allowed.")
    }
    return text
  }

  public func bool(_ key: String) throws(FieldError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let flag) = value else { throw wrongType(key, value, "true or false") }
    return flag
  }

  public func integer(
    _ key: String, in range: ClosedRange<Int64> = 0...Int64(Int32.max)
  ) throws(FieldError) -> Int64? {
    guard let value = self[key] else { return nil }
    guard case .number(let text) = value else { throw wrongType(key, value, "a whole number") }
    guard let number = value.integer, range.contains(number) else {
      throw FieldError(
        .outOfRange, name(key),
        "is \(text.utf8.count <= 24 ? text : "a number of \(text.utf8.count) characters"); a whole number from \(range.lowerBound) to \(range.upperBound) "
          + "is expected.")
    }
    return number
  }

  public func timestamp(_ key: String) throws(FieldError) -> Timestamp? {
    guard let text = try string(key, maxBytes: 64) else { return nil }
    guard let instant = Timestamp(iso8601: text) else {
      throw FieldError(
        .badFormat, name(key),
        "is \(FieldError.shown(text, most: 40)), no time; write it like "
          + "2026-01-31T09:30:00.250Z (RFC 3339, with Z or an offset).")
    }
    return instant
  }

  public func uuid(_ key: String) throws(FieldError) -> UUID? {
    guard let text = try string(key, maxBytes: 64) else { return nil }
    guard let id = UUID(uuidString: text) else {
      throw FieldError(
        .badFormat, name(key),
        "is \(FieldError.shown(text, most: 40)), no UUID; write it like "
          + "0c635ef1-2e9c-55e1-8eac-92155eb4db11.")
    }
    return id
  }

  public func id<ID: EntityID>(_ key: String, _: ID.Type = ID.self) throws(FieldError) -> ID? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw wrongType(key, value, "a string") }
    return try ID(validating: text, field: name(key))
  }

  public func requiredID<ID: EntityID>(_ key: String) throws(FieldError) -> ID {
    try required(key) { key throws(FieldError) in try id(key) }
  }

  public func requiredChoice<Choice: RawRepresentable & CaseIterable>(
    _ key: String
  ) throws(FieldError) -> Choice where Choice.RawValue == String {
    try required(key) { key throws(FieldError) in try choice(key) }
  }

  public func ids<ID: EntityID>(
    _ key: String, _: ID.Type = ID.self, max: Int
  ) throws(FieldError) -> [ID]? {
    guard let values = try array(key, max: max) else { return nil }
    var ids: [ID] = []
    ids.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let path = "\(name(key))[\(index)]"
      guard case .string(let text) = value else {
        throw FieldError(.wrongType, path, "is \(value.kind); a string is expected.")
      }
      ids.append(try ID(validating: text, field: path))
    }
    return ids
  }

  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _: Choice.Type = Choice.self
  ) throws(FieldError) -> Choice? where Choice.RawValue == String {
    guard let text = try string(key) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw FieldError(
        .unknownValue, name(key),
        "is \(FieldError.shown(text)); one of \(known) is expected.")
    }
    return choice
  }

  public func array(_ key: String, max: Int) throws(FieldError) -> [JSON]? {
    guard let value = self[key] else { return nil }
    guard case .array(let values) = value else { throw wrongType(key, value, "an array") }
    guard values.count <= max else {
      throw FieldError(
        .tooLong, name(key), "has \(values.count) entries; at most \(max) are allowed.")
    }
    return values
  }

  public func object(_ key: String) throws(FieldError) -> Fields? {
    guard let value = self[key] else { return nil }
    return try Fields(value, at: name(key))
  }

  private func wrongType(_ key: String, _ value: JSON, _ expected: String) -> FieldError {
    FieldError(.wrongType, name(key), "is \(value.kind); \(expected) is expected.")
  }
}

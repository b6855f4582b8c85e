public import PushCore

/// What `projection.json` says of a projection of your own.
public struct ProjectionManifest: Sendable, Equatable {
  public static let nameBytes = 40
  public static let descriptionBytes = 1_024
  public static let batchEvents = 1...10_000
  public static let usualBatchEvents = 1_000
  /// Of projection.sql.
  public static let sqlBytes = 1_048_576
  /// Of projection.json.
  public static let manifestBytes = 65_536

  private static let fields = ["name", "description", "types", "batch_events"]

  public var name: ProjectionName
  public var description: String
  /// The types of events it folds; nil: all.
  public var types: [EventType]?
  /// Events folded in one transaction at most.
  public var batchEvents: Int

  /// - Throws: ``PushCore/FieldError`` naming the field, what it holds, and what is expected.
  public init(_ json: JSON) throws(FieldError) {
    guard let members = json.members else {
      throw FieldError(.wrongType, "", "The manifest is \(json.kind); an object is expected.")
    }
    for member in members where !Self.fields.contains(member.key) {
      throw FieldError(
        .unknownField, FieldError.shownName(member.key) ?? "a field",
        "is not known. Known are \(Self.fields.joined(separator: ", ")).")
    }
    name = try Self.name(json["name"])
    description = try Self.text(json["description"], "description")
    guard description.utf8.count <= Self.descriptionBytes else {
      throw FieldError(
        .tooLong, "description",
        "has \(description.utf8.count) bytes; at most \(Self.descriptionBytes) are allowed.")
    }
    types = try json["types"].map { value throws(FieldError) in try Self.types(value) }
    batchEvents = try Self.batchEvents(json["batch_events"])
  }

  private static func name(_ value: JSON?) throws(FieldError) -> ProjectionName {
    let text = try text(value, "name")
    let isGood =
      (1...nameBytes).contains(text.utf8.count)
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
      && text.utf8.first.map(isLetter) == true
    guard isGood else {
      throw FieldError(
        .badFormat, "name",
        "is \(FieldError.quoted(text)); give 1 to \(nameBytes) of a-z 0-9 _, a letter first.")
    }
    return ProjectionName(unchecked: text)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func text(_ value: JSON?, _ field: String) throws(FieldError) -> String {
    guard let value else { throw FieldError(.missing, field, "is missing; give a text.") }
    guard let text = value.string else {
      throw FieldError(.wrongType, field, "is \(value.kind); a text is expected.")
    }
    return text
  }

  private static func types(_ value: JSON) throws(FieldError) -> [EventType] {
    guard let values = value.array else {
      throw FieldError(
        .wrongType, "types",
        "is \(value.kind); an array of event types is expected, or nothing: then it folds all.")
    }
    guard !values.isEmpty else {
      throw FieldError(
        .tooShort, "types", "is empty, so nothing would be folded. Leave it out to fold all types.")
    }
    var types: [EventType] = []
    for (index, value) in values.enumerated() {
      guard let text = value.string, let type = EventType(rawValue: text) else {
        let found = value.string.map { FieldError.quoted($0) } ?? value.kind
        throw FieldError(
          .unknownValue, "types[\(index)]",
          "is \(found), which is no type of event. docs/events.md lists them.")
      }
      if !types.contains(type) { types.append(type) }
    }
    return types
  }

  private static func batchEvents(_ value: JSON?) throws(FieldError) -> Int {
    guard let value else { return usualBatchEvents }
    guard let number = value.integer, batchEvents.contains(Int(number)) else {
      let found = if case .number(let text) = value { text } else { value.kind }
      throw FieldError(
        .outOfRange, "batch_events",
        "is \(found); a whole number from \(batchEvents.lowerBound) to "
          + "\(batchEvents.upperBound) is expected. Left out it is \(usualBatchEvents).")
    }
    return Int(number)
  }
}

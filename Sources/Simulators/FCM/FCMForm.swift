import PushCore

/// The form of a request's JSON, as protocol buffers map to it: names in snake_case or
/// lowerCamelCase, numbers that may be strings, `null` for what is left out.
indirect enum FCMForm: Sendable {
  case text
  case flag
  case whole
  case number
  /// `3.5s`
  case duration
  /// `2026-01-31T09:30:00Z`
  case time
  case textMap
  /// Any object.
  case free
  /// Names of values, in upper case; lower case is taken, too.
  case choice(Set<String>)
  case list(FCMForm)
  case object([String: FCMForm])

  /// An object's form from names in snake_case.
  static func fields(_ fields: KeyValuePairs<String, FCMForm>) -> FCMForm {
    var forms: [String: FCMForm] = [:]
    for (name, form) in fields {
      forms[name] = form
      forms[camelCase(name)] = form
    }
    return .object(forms)
  }

  private static func camelCase(_ name: String) -> String {
    let words = name.split(separator: "_")
    return words.dropFirst().reduce(String(words.first ?? "")) {
      $0 + $1.prefix(1).uppercased() + $1.dropFirst()
    }
  }

  typealias Violation = FCMRefusal.Violation

  /// - Parameter path: Where the value stands; made only for what does not fit.
  func violations(in value: JSON, at path: @autoclosure () -> String) -> [Violation] {
    if case .null = value { return [] }
    switch (self, value) {
    case (.object(let forms), .object(let members)):
      return Self.members(members, forms, at: path())
    case (.list(let form), .array(let values)):
      return values.enumerated().flatMap { index, value in
        form.violations(in: value, at: "\(path())[\(index)]")
      }
    case (.textMap, .object(let members)):
      return members.enumerated().flatMap { index, member -> [Violation] in
        if case .string = member.value { return [] }
        return [Self.badValue("\(path())[\(index)].value", "TYPE_STRING", member.value)]
      }
    case (.free, .object): return []
    case (.object, _), (.list, _), (.textMap, _), (.free, _):
      return [Self.badValue(path(), "an object or a list", value)]
    default: return fits(value) ? [] : [Self.badValue(path(), typeName, value)]
    }
  }

  private static func members(
    _ members: [JSON.Member], _ forms: [String: FCMForm], at path: @autoclosure () -> String
  ) -> [Violation] {
    var found: [Violation] = []
    for member in members {
      guard let form = forms[member.key] else {
        let parent = path()
        let place = parent.isEmpty ? "" : " at '\(parent)'"
        found.append(
          Violation(
            field: parent,
            description: "Invalid JSON payload received. Unknown name \"\(member.key)\"\(place):"
              + " Cannot find field."))
        continue
      }
      found += form.violations(
        in: member.value, at: path().isEmpty ? member.key : "\(path()).\(member.key)")
    }
    return found
  }

  private func fits(_ value: JSON) -> Bool {
    switch (self, value) {
    case (.text, .string), (.flag, .bool), (.number, .number): true
    case (.number, .string(let text)): Double(text) != nil
    case (.whole, .number): value.integer != nil
    case (.whole, .string(let text)): Int64(text) != nil
    case (.duration, .string(let text)): Self.seconds(text) != nil
    case (.time, .string(let text)): Timestamp(iso8601: text) != nil
    case (.choice(let names), .string(let text)):
      names.contains(text) || names.contains(text.uppercased())
    default: false
    }
  }

  private var typeName: String {
    switch self {
    case .flag: "TYPE_BOOL"
    case .whole: "TYPE_INT32"
    case .number: "TYPE_FLOAT"
    case .duration: "type.googleapis.com/google.protobuf.Duration"
    case .time: "type.googleapis.com/google.protobuf.Timestamp"
    case .choice(let names): "one of \(names.sorted().joined(separator: ", "))"
    case .text, .textMap, .free, .list, .object: "TYPE_STRING"
    }
  }

  private static func badValue(_ path: String, _ type: String, _ value: JSON) -> Violation {
    Violation(field: path, description: "Invalid value at '\(path)' (\(type)): \(value.kind)")
  }

  /// `3.5s` is 3.5.
  static func seconds(_ text: String) -> Double? {
    text.hasSuffix("s") ? Double(text.dropLast()) : nil
  }
}

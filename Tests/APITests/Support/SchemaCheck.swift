import PushCore

/// Checks a value against a schema of the API's document: as much of JSON Schema as that uses.
struct SchemaCheck {
  let schemas: JSON

  /// - Returns: What does not fit, each with its path; empty where all does.
  func faults(_ value: JSON, _ schema: JSON, at path: String = "$") -> [String] {
    if let reference = schema["$ref"]?.string {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      guard let target = schemas[name] else { return ["\(path): \(reference) leads nowhere"] }
      return faults(value, target, at: path)
    }
    var found = type(value, schema, path) + strings(value, schema, path)
    if let options = schema["enum"]?.array, !options.contains(value) {
      found.append("\(path): \(value.text) is none of the values")
    }
    if let options = schema["oneOf"]?.array {
      let fitting = options.count { faults(value, $0, at: path).isEmpty }
      if fitting != 1 { found.append("\(path): fits \(fitting) of oneOf") }
    }
    found += members(value, schema, path) + items(value, schema, path)
    return found
  }

  private func type(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
    guard let type = schema["type"] else { return [] }
    let names = type.array?.compactMap(\.string) ?? [type.string ?? ""]
    let fits = names.contains { name in
      switch (name, value) {
      case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
        ("null", .null), ("number", .number):
        true
      case ("integer", .number): value.integer != nil
      default: false
      }
    }
    return fits ? [] : ["\(path): is \(value.kind), not \(names)"]
  }

  private func strings(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
    var found: [String] = []
    if let text = value.string {
      if let most = schema["maxLength"]?.integer, text.unicodeScalars.count > most {
        found.append("\(path): longer than \(most)")
      }
      if let least = schema["minLength"]?.integer, text.unicodeScalars.count < least {
        found.append("\(path): shorter than \(least)")
      }
    }
    if let number = value.integer {
      if let least = schema["minimum"]?.integer, number < least { found.append("\(path): too low") }
      if let most = schema["maximum"]?.integer, number > most { found.append("\(path): too high") }
    }
    return found
  }

  private func members(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
    guard let members = value.members else { return [] }
    var found: [String] = []
    for name in schema["required"]?.array ?? [] {
      guard let name = name.string, value[name] == nil else { continue }
      found.append("\(path).\(name): missing")
    }
    for member in members {
      if let known = schema["properties"]?[member.key] {
        found += faults(member.value, known, at: "\(path).\(member.key)")
      } else if schema["additionalProperties"] == false {
        found.append("\(path).\(member.key): unknown")
      }
    }
    if let least = schema["minProperties"]?.integer, members.count < least {
      found.append("\(path): too few members")
    }
    if let most = schema["maxProperties"]?.integer, members.count > most {
      found.append("\(path): too many members")
    }
    return found
  }

  private func items(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
    guard let values = value.array else { return [] }
    var found: [String] = []
    if let most = schema["maxItems"]?.integer, values.count > most {
      found.append("\(path): too many items")
    }
    if let items = schema["items"] {
      for (index, item) in values.enumerated() {
        found += faults(item, items, at: "\(path)[\(index)]")
      }
    }
    return found
  }
}

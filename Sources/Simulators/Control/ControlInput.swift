import PushCore

/// Reads one object, or an array of them.
enum ControlInput {
  static let maxObjects = 10_000

  static func objects(_ body: [UInt8]) throws(FieldError) -> [Fields] {
    let json: JSON
    do {
      json = try JSON.parse(body)
    } catch {
      throw FieldError(.malformed, "", "The body is no JSON: \(error).")
    }
    guard case .array(let values) = json else { return [try Fields(json)] }
    guard values.count <= maxObjects else {
      throw FieldError(.tooLong, "", "More than \(maxObjects) objects; send them in parts.")
    }
    var objects: [Fields] = []
    for (index, value) in values.enumerated() {
      objects.append(try Fields(value, at: "[\(index)]"))
    }
    return objects
  }
}

import Hummingbird

/// The query of an address, as a form or a link wrote it. A name without a value counts as left
/// out, and of a name that stands twice the first one counts.
struct AddressFields {
  private var values: [String: [UInt8]] = [:]
  /// Whether a name stands there without a value, as a form leaves it that was not filled in.
  private(set) var hasEmpty = false

  init(_ request: Request) { self.init(query: request.uri.query ?? "") }

  init(query: String) {
    for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(decoding: Self.decode(parts[0]), as: UTF8.self)
      let value = parts.count == 2 ? Self.decode(parts[1]) : []
      if value.isEmpty {
        hasEmpty = true
      } else if values[name] == nil {
        values[name] = value
      }
    }
  }

  /// A text without space around it; nil where it is left out.
  ///
  /// - Throws: ``Refusal/address(_:)`` that names it, where it is longer than `maxBytes`, is no
  ///   UTF-8, or holds a control character.
  func text(_ name: String, maxBytes: Int) throws(Refusal) -> String? {
    guard let bytes = values[name] else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Refusal.address("The parameter \(name) is no text in UTF-8.")
    }
    let trimmed = text.trimmingWhitespace
    guard !trimmed.isEmpty else { return nil }
    guard trimmed.utf8.count <= maxBytes else {
      throw Refusal.address(
        "The parameter \(name) has \(trimmed.utf8.count) bytes; at most \(maxBytes) are allowed.")
    }
    for scalar in trimmed.unicodeScalars
    where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
      let code = String(scalar.value, radix: 16, uppercase: true)
      throw Refusal.address(
        "The parameter \(name) holds the control character U+\(code); leave it out.")
    }
    return trimmed
  }

  /// One of a closed list; nil where it is left out.
  ///
  /// - Throws: ``Refusal/address(_:)`` that names it and what is expected.
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ name: String, _: Choice.Type
  ) throws(Refusal) -> Choice? {
    guard let text = try text(name, maxBytes: 64) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw Refusal.address(
        "The parameter \(name) is none of "
          + Choice.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }
    return choice
  }

  private static func decode(_ bytes: Substring.UTF8View) -> [UInt8] {
    var decoded: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        let digits = rest.prefix(2)
        if digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
          digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-")
        {
          decoded.append(value)
          rest = rest.dropFirst(2)
        } else {
          decoded.append(byte)
        }
      default: decoded.append(byte)
      }
    }
    return decoded
  }
}

extension String {
  /// Without white space at its ends, scalar by scalar.
  var trimmingWhitespace: String {
    var scalars = unicodeScalars[...]
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return String(scalars)
  }
}

internal import PushCore

/// An id that stands in the path of a URL as it is.
enum PathName {
  private static let maxBytes = 128

  static func isOne(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= maxBytes
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}

extension SettingsReader {
  /// - Returns: Nil where it is left out.
  func pathName(_ name: String) throws(FieldError) -> String? {
    guard let text = try text(name) else { return nil }
    guard PathName.isOne(text) else {
      throw FieldError(
        .badFormat, "settings.\(name)", "is no id of letters, digits, - and _, copied whole.")
    }
    return text
  }
}

extension SecretText {
  /// The secret itself, where it is one line of visible ASCII.
  func visible(_ what: String) throws(FieldError) -> SecretText {
    let text = reveal()
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw FieldError(
        .badFormat, "secret",
        "is no \(what): it is empty, or holds a line break or what is no visible ASCII.")
    }
    return self
  }
}

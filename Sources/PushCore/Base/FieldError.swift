/// What is wrong with one field of an input, and what would be right.
///
/// The message names the field, what was found and the way out; it never holds personal text.
public struct FieldError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A stable code: once released it never changes.
  public enum Code: String, Sendable, CaseIterable {
    case missing
    case wrongType = "wrong_type"
    case tooLong = "too_long"
    case tooShort = "too_short"
    case outOfRange = "out_of_range"
    case badCharacter = "bad_character"
    case badFormat = "bad_format"
    case unknownValue = "unknown_value"
    case unknownField = "unknown_field"
    case malformed
  }

  public var code: Code
  /// The path of the field from the input's root, such as `data.conversation.group`.
  public var field: String
  /// What was found and what is expected, without the field's name.
  public var problem: String

  public init(_ code: Code, _ field: String, _ problem: String) {
    self.code = code
    self.field = field
    self.problem = problem
  }

  /// A wrong word or number as an error repeats it: in quotes where it is short and plain. What is
  /// not may be a token, a key or what somebody wrote, and is only measured.
  ///
  /// - Parameter most: Bytes of what is short: those of a UUID or a time zone are 40 at most.
  public static func shown(_ text: some StringProtocol, most: Int = 24) -> String {
    isPlain(text, most) ? "\"\(text)\"" : "something of \(text.utf8.count) bytes"
  }

  /// A value of a setting or an option, which is no secret, as an error repeats it: in quotes, on
  /// one line, cut after 64 characters.
  public static func quoted(_ text: some StringProtocol) -> String {
    let cut = text.prefix(quotedCharacters)
    let line = cut.map {
      $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? "?" : $0
    }
    return "\"\(String(line))\(cut.endIndex == text.endIndex ? "" : "…")\""
  }

  private static let quotedCharacters = 64

  /// A name that is not known, as an error repeats it; nil where it may be anything but a name.
  public static func shownName(_ name: some StringProtocol) -> String? {
    isPlain(name, 32) ? String(name) : nil
  }

  private static func isPlain(_ text: some StringProtocol, _ most: Int) -> Bool {
    text.utf8.count <= most
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "*"),
          UInt8(ascii: ":"):
          true
        default: false
        }
      }
  }

  public var description: String { field.isEmpty ? problem : "\(field): \(problem)" }

  /// The same error seen from an outer value: `field` gets `parent` in front.
  public func inside(_ parent: String) -> FieldError {
    let inner =
      field.isEmpty ? parent : field.hasPrefix("[") ? parent + field : "\(parent).\(field)"
    return FieldError(code, inner, problem)
  }
}

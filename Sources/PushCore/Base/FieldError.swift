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

  public var description: String { field.isEmpty ? problem : "\(field): \(problem)" }

  /// The same error seen from an outer value: `field` gets `parent` in front.
  public func inside(_ parent: String) -> FieldError {
    let inner =
      field.isEmpty ? parent : field.hasPrefix("[") ? parent + field : "\(parent).\(field)"
    return FieldError(code, inner, problem)
  }
}

internal import PushCore

/// Codes and numbers that come as numbers on one day and as texts on another.
enum VendorCode {
  /// - Returns: Nil for what is no code: too long, or with other characters than codes have.
  static func text(_ value: JSON?) -> String? {
    guard let text = value?.string ?? value?.integer.map(String.init), !text.isEmpty else {
      return nil
    }
    return FieldError.shownName(text)
  }

  static func number(_ value: JSON?) -> Int64? {
    value?.integer ?? value?.string.flatMap { Int64($0) }
  }
}

import PushCore

/// A request's body, read as Tencent reads it: what is not known is ignored, and a number may stand
/// in a text.
struct TencentBody {
  /// Of a UserID. https://cloud.tencent.com/document/product/269/1519
  static let accountBytes = 32

  let json: JSON

  subscript(_ name: String) -> JSON? {
    guard let value = json[name], value != .null else { return nil }
    return value
  }

  /// - Throws: `code`, where it is no text.
  func text(_ name: String, _ code: Int) throws(TencentError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else {
      throw TencentError(code, "\(name) is \(value.kind); a String is expected.")
    }
    return text
  }

  func integer(
    _ name: String, in range: ClosedRange<Int64>, _ code: Int
  ) throws(TencentError) -> Int64? {
    guard let value = self[name] else { return nil }
    guard let number = value.integer ?? value.string.flatMap({ Int64($0) }) else {
      throw TencentError(code, "\(name) is \(value.kind); an Integer is expected.")
    }
    guard range.contains(number) else {
      throw TencentError(
        code, "\(name) is \(number); \(range.lowerBound) to \(range.upperBound) is expected.")
    }
    return number
  }

  /// What Tencent's documents call an unsigned integer of 32 bits.
  func number(_ name: String, _ code: Int) throws(TencentError) -> Int64? {
    try integer(name, in: 0...Int64(UInt32.max), code)
  }

  func requiredNumber(_ name: String, _ code: Int) throws(TencentError) -> Int64 {
    guard let number = try number(name, code) else {
      throw TencentError(code, "\(name) is missing.")
    }
    return number
  }

  func array(_ name: String, _ code: Int) throws(TencentError) -> [JSON]? {
    guard let value = self[name] else { return nil }
    guard let items = value.array else {
      throw TencentError(code, "\(name) is \(value.kind); an Array is expected.")
    }
    return items
  }

  /// Names of a list of switches; those that are not known are ignored.
  func switches(_ name: String) throws(TencentError) -> Set<String> {
    Set(
      try array(name, TencentError.badFormat)?.compactMap(\.string) ?? [])
  }

  func account(_ name: String, _ code: Int) throws(TencentError) -> UserID? {
    guard let text = try text(name, code) else { return nil }
    guard let account = Self.account(text) else {
      throw TencentError(
        code,
        "\(name) has \(text.utf8.count) bytes or control characters; 1 to "
          + "\(Self.accountBytes) bytes are expected.")
    }
    return account
  }

  func requiredAccount(_ name: String, _ code: Int) throws(TencentError) -> UserID {
    guard let account = try account(name, code) else {
      throw TencentError(code, "\(name) is missing.")
    }
    return account
  }

  static func account(_ text: String) -> UserID? {
    guard text.utf8.count <= accountBytes else { return nil }
    return try? UserID(validating: text, field: "")
  }
}

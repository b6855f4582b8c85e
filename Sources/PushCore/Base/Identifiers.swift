import Foundation

/// A text that is compared byte for byte, as PostgreSQL compares it.
///
/// Swift's `String` takes texts for equal that Unicode calls canonically equivalent; two ids
/// that differ in bytes are two ids.
public protocol ByteWiseText: Hashable, Comparable, Sendable, CustomStringConvertible {
  var rawValue: String { get }
}

extension ByteWiseText {
  public static func == (left: Self, right: Self) -> Bool {
    left.rawValue.utf8.count == right.rawValue.utf8.count
      && compareBytes(left.rawValue, right.rawValue) == 0
  }

  public static func < (left: Self, right: Self) -> Bool {
    compareBytes(left.rawValue, right.rawValue) < 0
  }

  @inlinable
  public func hash(into hasher: inout Hasher) {
    var text = rawValue
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  public var description: String { rawValue }
}

/// Below 0 where the left one comes first, 0 where the two are the same bytes. Views of UTF-8 that
/// are compared element by element take eight times as long.
private func compareBytes(_ left: String, _ right: String) -> Int {
  var left = left
  var right = right
  return left.withUTF8 { left in
    right.withUTF8 { right in
      let shared = min(left.count, right.count)
      if shared > 0, let first = left.baseAddress, let second = right.baseAddress {
        let order = memcmp(first, second, shared)
        if order != 0 { return Int(order) }
      }
      return left.count - right.count
    }
  }
}

/// An id of a user, device, group or message: 1 to 128 bytes of UTF-8 without control characters.
public protocol EntityID: ByteWiseText {
  init(unchecked rawValue: String)
}

extension EntityID {
  /// - Throws: ``FieldError`` naming `field` when `text` is empty, longer than
  ///   ``Limits/idBytes`` bytes or holds a control character.
  public init(validating text: String, field: String) throws(FieldError) {
    try Self.check(text, field: field)
    self.init(unchecked: text)
  }

  static func check(_ text: String, field: String) throws(FieldError) {
    let count = text.utf8.count
    guard count > 0 else {
      throw FieldError(.tooShort, field, "is empty; give 1 to \(Limits.idBytes) bytes.")
    }
    guard count <= Limits.idBytes else {
      throw FieldError(
        .tooLong, field, "has \(count) bytes; at most \(Limits.idBytes) are allowed.")
    }
    // Unicode's control characters (category Cc) are these and no others.
    for scalar in text.unicodeScalars
    where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
      let code = String(scalar.value, radix: 16, uppercase: true)
      throw FieldError(
        .badCharacter, field, "holds the control character U+\(code); leave it out.")
    }
  }
}

/// A user of an app, as its chat backend names them.
public struct UserID: EntityID {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A device of one user; the same id under two users is two devices.
public struct DeviceID: EntityID {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A group conversation.
public struct GroupID: EntityID {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A message, unique within its app.
public struct MessageID: EntityID {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A message to many: everybody, or all that a condition holds for.
public struct BroadcastID: EntityID {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A projection: `notifications`, or one of your own.
public struct ProjectionName: EntityID {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A tenant: 1 to 64 characters of `a-z 0-9 - _ .`.
public struct AppID: ByteWiseText {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }

  /// - Throws: ``FieldError`` naming `field`.
  public init(validating text: String, field: String = "app") throws(FieldError) {
    let count = text.utf8.count
    guard count > 0, count <= Limits.appIDBytes else {
      throw FieldError(
        count == 0 ? .tooShort : .tooLong, field,
        "has \(count) characters; give 1 to \(Limits.appIDBytes) of a-z 0-9 - _ .")
    }
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        continue
      default:
        throw FieldError(
          .badCharacter, field,
          "holds a character that is none of a-z 0-9 - _ . : choose another name.")
      }
    }
    self.rawValue = text
  }
}

/// Place of an event in its app's ledger: 1, 2, 3 … without a gap.
public typealias Position = Int64

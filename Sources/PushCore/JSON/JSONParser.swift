/// Why a text is no JSON that the ledger takes, and at which byte (from 0).
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public var problem: String
  public var byte: Int

  public var description: String { "byte \(byte): \(problem)" }
}

extension JSON {
  /// Reads one value from UTF-8 and refuses what `jsonb` refuses: `\u0000`, lone surrogates,
  /// numbers out of range, bytes that are no UTF-8; and keys that stand twice in one object,
  /// of which `jsonb` would keep only the last.
  public static func parse(_ bytes: some Sequence<UInt8>) throws(JSONError) -> JSON {
    let result = bytes.withContiguousStorageIfAvailable { buffer in
      Result { () throws(JSONError) in try parse(buffer: buffer) }
    }
    if let result { return try result.get() }
    return try parse(ContiguousArray(bytes))
  }

  public static func parse(_ text: String) throws(JSONError) -> JSON {
    try parse(text.utf8)
  }

  public static func parse(buffer: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSON {
    var parser = JSONParser(buffer)
    parser.skipSpace()
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.atEnd else { throw parser.error("text after the end of the value") }
    return value
  }
}

/// One pass over the bytes, by recursive descent.
private struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  /// Objects with more members than this look for repeats by a set.
  private static let scannedMembers = 16

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var atEnd: Bool { at == bytes.count }

  func error(_ problem: String) -> JSONError { JSONError(problem: problem, byte: at) }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      at += 1
    }
  }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < Limits.jsonDepth else {
      throw error("nested deeper than \(Limits.jsonDepth) levels")
    }
    guard let first = next else { throw error("the text ends where a value should be") }
    switch first {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw error("no JSON value starts with this character")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let length = word.utf8CodeUnitCount
    guard at + length <= bytes.count,
      (0..<length).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] })
    else { throw error("neither true, false nor null") }
    at += length
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    at += 1
    skipSpace()
    var values: [JSON] = []
    if next == UInt8(ascii: "]") {
      at += 1
      return .array(values)
    }
    while true {
      skipSpace()
      values.append(try value(depth: depth + 1))
      skipSpace()
      switch next {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "]"):
        at += 1
        return .array(values)
      default: throw error("expected , or ] in an array")
      }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    at += 1
    skipSpace()
    var members: [JSON.Member] = []
    if next == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    var seen: Set<KeyText> = []
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("expected a key in an object") }
      let key = try string()
      guard isNew(key, in: members, seen: &seen) else {
        throw error("a key stands twice in one object")
      }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw error("expected : after a key") }
      at += 1
      skipSpace()
      members.append(JSON.Member(key, try value(depth: depth + 1)))
      skipSpace()
      switch next {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "}"):
        at += 1
        return .object(members)
      default: throw error("expected , or } in an object")
      }
    }
  }

  private func isNew(
    _ key: String, in members: [JSON.Member], seen: inout Set<KeyText>
  ) -> Bool {
    if members.count < Self.scannedMembers {
      let text = KeyText(rawValue: key)
      return !members.contains { KeyText(rawValue: $0.key) == text }
    }
    if seen.isEmpty { for member in members { seen.insert(KeyText(rawValue: member.key)) } }
    return seen.insert(KeyText(rawValue: key)).inserted
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> String {
    let start = at
    if next == UInt8(ascii: "-") { at += 1 }
    let whole = try digits(leadingZero: false)
    var fraction = 0
    if next == UInt8(ascii: ".") {
      at += 1
      fraction = try digits(leadingZero: true)
    }
    var exponent = 0
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      at += 1
      exponent = try self.exponent()
    }
    guard whole + exponent <= Limits.numberDigits, fraction - exponent <= Limits.numberDigits
    else {
      at = start
      throw error("a number of more than \(Limits.numberDigits) digits")
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func digits(leadingZero: Bool) throws(JSONError) -> Int {
    let start = at
    while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { at += 1 }
    guard at > start else { throw error("expected a digit in a number") }
    guard leadingZero || at - start == 1 || bytes[start] != UInt8(ascii: "0") else {
      at = start
      throw error("a number with a leading zero")
    }
    return at - start
  }

  private mutating func exponent() throws(JSONError) -> Int {
    let negative = next == UInt8(ascii: "-")
    if negative || next == UInt8(ascii: "+") { at += 1 }
    let start = at
    _ = try digits(leadingZero: true)
    var value = 0
    for byte in bytes[start..<at] where value < 1_000_000 {
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return negative ? -value : value
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    at += 1
    let start = at
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        let text = try utf8(start..<at)
        at += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw error("a control character in a string; escape it") }
      at += 1
    }
    throw error("the text ends within a string")
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = try utf8(start..<at)
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        at += 1
        return text
      }
      if byte == UInt8(ascii: "\\") {
        text.unicodeScalars.append(try escape())
        continue
      }
      let run = at
      while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
        guard byte >= 0x20 else { throw error("a control character in a string; escape it") }
        at += 1
      }
      text += try utf8(run..<at)
    }
    throw error("the text ends within a string")
  }

  private func utf8(_ range: Range<Int>) throws(JSONError) -> String {
    guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    else { throw JSONError(problem: "bytes that are not UTF-8", byte: range.lowerBound) }
    return text
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    at += 1
    guard let letter = next else { throw error("the text ends within a string") }
    at += 1
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let unit = try fourHexDigits()
    switch unit {
    case 0: throw error("\\u0000, which PostgreSQL cannot hold; leave it out")
    case 0xD800..<0xDC00:
      guard next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u")
      else { throw error("a lone surrogate in a string") }
      at += 2
      let low = try fourHexDigits()
      guard (0xDC00..<0xE000).contains(low),
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
      else { throw error("a lone surrogate in a string") }
      return scalar
    default:
      guard let scalar = Unicode.Scalar(unit) else { throw error("a lone surrogate in a string") }
      return scalar
    }
  }

  private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
    guard at + 4 <= bytes.count else { throw error("the text ends within a string") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 48)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - 87)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - 55)
      default: throw error("\\u is not followed by four hexadecimal digits")
      }
      at += 1
    }
    return value
  }
}

private struct KeyText: ByteWiseText {
  let rawValue: String
}

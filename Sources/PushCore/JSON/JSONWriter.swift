extension JSON {
  /// Compact UTF-8: no space, members in their order.
  public func serialized() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    write(into: &bytes, sorted: false)
    return bytes
  }

  /// Compact UTF-8 with the members of every object sorted by their keys' code points: what a
  /// fingerprint is taken of.
  public func canonical() -> [UInt8] {
    var bytes: [UInt8] = []
    write(into: &bytes, sorted: true)
    return bytes
  }

  public var text: String { String(decoding: serialized(), as: UTF8.self) }

  func write(into bytes: inout [UInt8], sorted: Bool) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): Self.write(text, into: &bytes, asciiOnly: sorted)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.write(into: &bytes, sorted: sorted)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      let ordered =
        sorted
        ? members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : members
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in ordered.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(member.key, into: &bytes, asciiOnly: sorted)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(into: &bytes, sorted: sorted)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// The canonical form escapes what is not ASCII, as most JSON writers' default does, so that a
  /// fingerprint can be checked with the tools at hand.
  private static func write(_ text: String, into bytes: inout [UInt8], asciiOnly: Bool) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    if asciiOnly, !text.utf8.allSatisfy({ $0 < 0x7F }) {
      for unit in text.utf16 {
        if unit < 0x7F {
          escape(UInt8(unit), into: &bytes)
        } else {
          escapeUnit(unit, into: &bytes)
        }
      }
    } else {
      text.withUTF8 { buffer in
        var start = 0
        for (index, byte) in buffer.enumerated()
        where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
          bytes.append(contentsOf: buffer[start..<index])
          escape(byte, into: &bytes)
          start = index + 1
        }
        bytes.append(contentsOf: buffer[start...])
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func escape(_ byte: UInt8, into bytes: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
    case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
    case 0x08: bytes.append(contentsOf: "\\b".utf8)
    case 0x09: bytes.append(contentsOf: "\\t".utf8)
    case 0x0A: bytes.append(contentsOf: "\\n".utf8)
    case 0x0C: bytes.append(contentsOf: "\\f".utf8)
    case 0x0D: bytes.append(contentsOf: "\\r".utf8)
    case 0..<0x20: escapeUnit(UInt16(byte), into: &bytes)
    default: bytes.append(byte)
    }
  }

  private static func escapeUnit(_ unit: UInt16, into bytes: inout [UInt8]) {
    bytes.append(contentsOf: "\\u".utf8)
    for shift in [12, 8, 4, 0] as [UInt16] {
      let digit = UInt8(unit >> shift & 15)
      bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}

import Mustache

/// Escapes text byte by byte, as it stands in an element or in a quoted attribute.
///
/// Mustache's own escaping goes by characters: a quotation mark that a combining accent follows is
/// another character to it, and passes. To a browser it is a quotation mark.
struct SafeHTML: MustacheContentType {
  /// Its name in a template's first line.
  static let name = "SAFE_HTML"

  /// What makes a template escape by it.
  static let pragma = "{{% CONTENT_TYPE: \(name)}}"

  func escapeText(_ text: String) -> String {
    if text.utf8.allSatisfy(Self.isSafe) { return text }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "<"): escaped += "&lt;".utf8
      case UInt8(ascii: ">"): escaped += "&gt;".utf8
      case UInt8(ascii: "&"): escaped += "&amp;".utf8
      case UInt8(ascii: "\""): escaped += "&quot;".utf8
      case UInt8(ascii: "'"): escaped += "&#39;".utf8
      // It would end a line of what is live.
      case 0x0D: escaped += "&#13;".utf8
      // A page may hold no such character; what looks like one stands in for it.
      case 0x00...0x08, 0x0B, 0x0C, 0x0E...0x1F, 0x7F: escaped += "\u{FFFD}".utf8
      default: escaped.append(byte)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }

  private static func isSafe(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""),
      UInt8(ascii: "'"), 0x00...0x08, 0x0B...0x1F, 0x7F:
      false
    default: true
    }
  }
}

extension String {
  /// As a terminal may get it: users write names and texts, and a character of them could command the
  /// terminal or turn the line around. Such a one is shown as JSON escapes it, so JSON stays what it
  /// is. Line ends and tabs stay.
  var forTerminal: String {
    guard unicodeScalars.contains(where: Self.commands) else { return self }
    var safe = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if Self.commands(scalar) {
        let digits = String(scalar.value, radix: 16)
        safe.append(contentsOf: "\\u".unicodeScalars)
        safe.append(contentsOf: String(repeating: "0", count: 4 - digits.count).unicodeScalars)
        safe.append(contentsOf: digits.unicodeScalars)
      } else {
        safe.append(scalar)
      }
    }
    return String(safe)
  }

  /// C0 and C1 controls (ISO/IEC 6429), line and paragraph separators, and what turns the direction
  /// of writing (Unicode's Bidi_Control).
  private static func commands(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

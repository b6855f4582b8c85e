/// A UUID as two words, for `apns-id` and its like.
struct PushID: Hashable {
  var high: UInt64
  var low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A random one (version 4).
  init(using random: inout SplitMix64) {
    high = random.next() & ~0xF000 | 0x4000
    low = random.next() & (~0 >> 2) | 1 << 63
  }

  /// The canonical form 8-4-4-4-12, in either case.
  init?(_ text: String) {
    guard text.utf8.count == 36 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    for (index, byte) in text.utf8.enumerated() {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let value = HexDigits.value(of: byte) else { return nil }
      if digits < 16 {
        words.0 = words.0 << 4 | UInt64(value)
      } else {
        words.1 = words.1 << 4 | UInt64(value)
      }
      digits += 1
    }
    (high, low) = words
  }

  /// Lower case.
  var text: String {
    String(unsafeUninitializedCapacity: 36) { buffer in
      var at = 0
      for (word, dashes) in [(high, [8, 13]), (low, [18, 23])] {
        if at == 18 {
          buffer[at] = UInt8(ascii: "-")
          at += 1
        }
        for shift in stride(from: 60, through: 0, by: -4) {
          if dashes.contains(at) {
            buffer[at] = UInt8(ascii: "-")
            at += 1
          }
          buffer[at] = HexDigits.digit(UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15)
          at += 1
        }
      }
      return at
    }
  }
}

enum HexDigits {
  static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}

/// A small fast generator: ids and jitter need no secrecy.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

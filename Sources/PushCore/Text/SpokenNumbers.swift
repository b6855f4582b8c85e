extension BinaryInteger {
  /// With a comma every three digits.
  public var grouped: String {
    let digits = String(magnitude)
    var text = self < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }
}

extension Duration {
  /// For people: `38 ms`, `1.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`; with a minus before 0.
  public var spoken: String {
    if self < .zero { return "-" + (Duration.zero - self).spoken }
    let milliseconds = components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    let seconds = milliseconds / 1_000
    switch seconds {
    case 0: return "\(milliseconds) ms"
    case 1..<60: return "\(seconds).\(milliseconds % 1_000 / 100) s"
    case 60..<3_600: return "\(seconds / 60) min \(seconds % 60) s"
    case 3_600..<86_400: return "\(seconds / 3_600) h \(seconds / 60 % 60) min"
    default: return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
    }
  }
}

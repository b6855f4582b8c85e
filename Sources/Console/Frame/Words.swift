import PushCore

/// Numbers and times in words.
enum Words {
  /// A time that has passed, in two units at most.
  static func age(_ seconds: Double) -> String {
    let whole = Int64(max(0, seconds).rounded())
    let units: [(Int64, String)] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")]
    guard let first = units.firstIndex(where: { whole >= $0.0 }) else { return "0 s" }
    var text = "\((whole / units[first].0).grouped) \(units[first].1)"
    if first + 1 < units.count {
      let rest = whole % units[first].0 / units[first + 1].0
      if rest > 0 { text += " \(rest) \(units[first + 1].1)" }
    }
    return text
  }

  /// With one decimal.
  static func decimal(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return "\((tenths / 10).grouped).\(abs(tenths % 10))"
  }

  /// A sentence of the rules for a page: what it has in backticks stands in quotation marks.
  static func quoted(_ sentence: String) -> String {
    sentence.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .reduce(into: "") { text, piece in
        if piece.offset > 0 { text += piece.offset.isMultiple(of: 2) ? "”" : "“" }
        text += piece.element
      }
  }

  /// A sentence of an explanation for a page: its times as the page writes them, which are UTC.
  static func dated(_ sentence: String) -> String {
    var (text, rest) = ([UInt8](), ArraySlice(sentence.utf8))
    while let first = rest.first {
      let pattern = "0000-00-00T00:00:00".utf8
      let isTime =
        rest.count > pattern.count
        && zip(rest, pattern).allSatisfy { byte, mark in
          mark == UInt8(ascii: "0") ? isDigit(byte) : byte == mark
        }
      guard isTime else {
        text.append(first)
        rest.removeFirst()
        continue
      }
      let time = rest.prefix(pattern.count)
      let fraction = rest.dropFirst(pattern.count).prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
      let end = rest[fraction.endIndex...].first
      text +=
        time.prefix(10) + [
          end == UInt8(ascii: "Z") ? UInt8(ascii: " ") : time[time.startIndex + 10]
        ]
      text += time.dropFirst(11) + fraction
      rest = rest[fraction.endIndex...]
      if end == UInt8(ascii: "Z") { rest.removeFirst() }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  static func percent(_ share: Double) -> String { decimal(share * 100) + " %" }
}

extension Timestamp {
  func seconds(since other: Timestamp) -> Double {
    Double(microseconds - other.microseconds) / 1_000_000
  }
}

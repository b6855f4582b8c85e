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

  static func percent(_ share: Double) -> String { decimal(share * 100) + " %" }
}

extension Timestamp {
  func seconds(since other: Timestamp) -> Double {
    Double(microseconds - other.microseconds) / 1_000_000
  }
}

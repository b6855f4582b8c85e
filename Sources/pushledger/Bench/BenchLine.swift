import PushCore

/// One measured figure beside what it is to reach and what it is compared with.
struct BenchLine: Sendable {
  enum Goal: Sendable {
    case atLeast(Double)
    case below(Double)

    func holds(_ value: Double) -> Bool {
      switch self {
      case .atLeast(let bound): value >= bound
      case .below(let bound): value < bound
      }
    }
  }

  /// The same work done another way, in the same run.
  struct Yardstick: Sendable {
    var what: String
    var value: Double
    /// Measured value over the yardstick's, at least.
    var ratio: Double
  }

  /// How what was measured is spread, in the unit of the value.
  struct Spread: Sendable {
    var p50: Double
    var p99: Double
    var most: Double
  }

  var what: String
  var value: Double
  var unit: String
  var goal: Goal
  var yardstick: Yardstick?
  var spread: Spread?

  var ratio: Double? { yardstick.map { value / max($0.value, .leastNonzeroMagnitude) } }

  var isReached: Bool {
    goal.holds(value) && (yardstick.map { value >= $0.ratio * $0.value } ?? true)
  }

  var cells: [String] {
    let bound =
      switch goal {
      case .atLeast(let bound): "≥ \(Self.text(bound))"
      case .below(let bound): "< \(Self.text(bound))"
      }
    var compared = ""
    if let yardstick, let ratio {
      compared =
        "\(Self.text(ratio)) × \(yardstick.what) (\(Self.text(yardstick.value))), "
        + "≥ \(Self.text(yardstick.ratio))"
    }
    if let spread {
      compared =
        "p50 \(Self.text(spread.p50)), p99 \(Self.text(spread.p99)), max \(Self.text(spread.most))"
    }
    return ["\(what)", "\(Self.text(value)) \(unit)", bound, compared, isReached ? "yes" : "NO"]
  }

  var json: JSON {
    let bound: (String, JSON) =
      switch goal {
      case .atLeast(let bound): ("at_least", .number(String(bound)))
      case .below(let bound): ("below", .number(String(bound)))
      }
    return .object(present: [
      ("what", .string(what)), ("value", .number(String(value))), ("unit", .string(unit)), bound,
      ("yardstick", yardstick.map { .string($0.what) }),
      ("yardstick_value", yardstick.map { .number(String($0.value)) }),
      ("ratio", ratio.map { .number(String($0)) }),
      ("ratio_at_least", yardstick.map { .number(String($0.ratio)) }),
      ("p50", spread.map { .number(String($0.p50)) }),
      ("p99", spread.map { .number(String($0.p99)) }),
      ("max", spread.map { .number(String($0.most)) }), ("reached", .bool(isReached)),
    ])
  }

  private static func text(_ value: Double) -> String {
    if value >= 100 { return Int64(value.rounded()).grouped }
    return String((value * 100).rounded() / 100)
  }
}

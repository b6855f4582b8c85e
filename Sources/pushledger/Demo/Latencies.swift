/// Measured durations, kept one by one: a benchmark's number is small enough.
struct Latencies: Sendable {
  private var microseconds: [UInt32] = []

  var count: Int { microseconds.count }

  mutating func add(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let value = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    microseconds.append(UInt32(clamping: value))
  }

  mutating func add(_ other: Latencies) { microseconds += other.microseconds }

  /// The duration that `share` (0 to 1) of all do not exceed, in milliseconds.
  func percentile(_ share: Double) -> Double {
    guard !microseconds.isEmpty else { return 0 }
    let sorted = microseconds.sorted()
    let index = Int((Double(sorted.count - 1) * share).rounded())
    return Double(sorted[index]) / 1_000
  }
}

extension Duration {
  var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}

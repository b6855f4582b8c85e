/// How long to wait before the next attempt: twice as long after each failure, up to a limit, and
/// spread by chance, so that many clients don't come back at once.
struct BackOff: Sendable {
  static let shortest = Duration.milliseconds(50)
  static let longest = Duration.seconds(5)

  /// - Parameters:
  ///   - failures: In a row, so far; at least 1.
  ///   - chance: In 0..<1.
  static func delay(failures: Int, chance: Double) -> Duration {
    let doublings = min(max(failures - 1, 0), 16)
    let full = min(shortest * (1 << doublings), longest)
    return full * (0.5 + chance / 2)
  }
}

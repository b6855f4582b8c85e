/// When the next connection may be tried: at once while all goes well, then after 1 s, 2 s, 4 s …
/// up to a limit, each shortened by chance by up to a half so that many clients spread.
struct Backoff: Equatable {
  let first: Duration
  let longest: Duration
  private(set) var failures = 0

  init(first: Duration, longest: Duration) {
    self.first = first
    self.longest = longest
  }

  /// - Parameter jitter: From 0 up to 1.
  /// - Returns: How long to wait from now on.
  mutating func failed(jitter: Double) -> Duration {
    let doublings = min(failures, 30)
    failures += 1
    return min(first * (1 << doublings), longest) * (1 - jitter / 2)
  }

  mutating func succeeded() { failures = 0 }
}

import PushCore

/// When something that is done again and again is due, one at a time.
struct BoardTimer: Sendable {
  private(set) var isUnderWay = false
  private var next: Timestamp?

  /// Whether to do it now; if so, it counts as begun.
  mutating func begin(every interval: Duration, at now: Timestamp) -> Bool {
    if let next, now < next { return false }
    if isUnderWay { return false }
    isUnderWay = true
    next = now + interval
    return true
  }

  mutating func ended() { isUnderWay = false }

  /// It is due at once.
  mutating func hurry() { next = nil }
}

struct BoardTimers: Sendable {
  var poll = BoardTimer()
  var credentials = BoardTimer()
  var renewal = BoardTimer()
  var count = BoardTimer()
  var expiry = BoardTimer()
  var tick = BoardTimer()
}

internal import NIOCore

/// Device tokens that Apple called bad a short while ago.
///
/// Apple cuts a connection that shows it many bad tokens, which slows every other device; so a
/// token that was just called bad is not shown again for a while.
struct RefusedTokens {
  /// The oldest make room for new ones.
  static let limit = 10_000

  let memory: TimeAmount
  private var until: [String: NIODeadline] = [:]
  private var order = CircularBuffer<String>()

  init(memory: TimeAmount) { self.memory = memory }

  mutating func insert(_ token: String, at now: NIODeadline) {
    guard memory > .zero else { return }
    if until.updateValue(now + memory, forKey: token) == nil {
      order.append(token)
      if order.count > Self.limit { until[order.removeFirst()] = nil }
    }
  }

  func holds(_ token: String, at now: NIODeadline) -> Bool {
    guard !until.isEmpty, let end = until[token] else { return false }
    return now < end
  }
}

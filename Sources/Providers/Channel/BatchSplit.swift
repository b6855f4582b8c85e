/// Finds whom an answer to a whole batch was about, where it refuses all for the sake of one.
///
/// ```
///  a b c d ── refused ──▶ a b ── taken
///                         c d ── refused ──▶ c ── refused: it was this one
///                                            d ── taken
/// ```
enum BatchSplit {
  /// What was answered to one request.
  enum Answer: Sendable {
    case each([Verdict])
    case whole(Verdict)
  }

  /// Requests for one batch at most: enough to find some ten among a thousand.
  static let calls = 128

  /// - Parameters:
  ///   - parts: What goes in one request each, at first.
  ///   - concernsOne: Whether a verdict on several may be about one of them alone.
  /// - Returns: A verdict for each push, in their order. Those that no request was left for wait.
  static func send(
    _ pushes: [PreparedPush], in parts: [Range<Int>], concernsOne: (Verdict) -> Bool,
    call: ([PreparedPush]) async -> Answer
  ) async -> [Verdict] {
    var verdicts = [Verdict](repeating: Verdict(.unknown), count: pushes.count)
    var waiting = Array(parts.reversed())
    var left = max(calls, parts.count)
    while let part = waiting.popLast() {
      left -= 1
      switch await call(Array(pushes[part])) {
      case .each(let each):
        for (index, verdict) in zip(part, each) { verdicts[index] = verdict }
      case .whole(let verdict) where part.count > 1 && concernsOne(verdict):
        guard left >= waiting.count + 2 else {
          for index in part {
            verdicts[index] = Verdict(
              .recipientThrottled, status: verdict.status, reason: verdict.reason)
          }
          continue
        }
        let middle = part.lowerBound + part.count / 2
        waiting.append(middle..<part.upperBound)
        waiting.append(part.lowerBound..<middle)
      case .whole(let verdict):
        for index in part { verdicts[index] = verdict }
      }
    }
    return verdicts
  }
}

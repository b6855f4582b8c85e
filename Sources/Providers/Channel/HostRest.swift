internal import PushCore

/// Lets a host rest that failed too often in a row, where a credential sends to many hosts: no other
/// waits for it, and nobody can make others wait by naming hosts that hang.
struct HostRest: Sendable {
  static let failures = 10
  static let firstPause = Duration.seconds(1)
  static let longestPause = Duration.seconds(60)

  private var failuresInRow = 0
  private var pauses = 0
  private var until = Timestamp(microseconds: 0)

  /// How long it still rests: zero or less where it may be called.
  func left(at now: Timestamp) -> Duration { until - now }

  mutating func learn(_ verdicts: [Verdict], at now: Timestamp) {
    guard verdicts.allSatisfy({ [.serverFault, .notTaken, .unknown].contains($0.kind) }) else {
      self = HostRest()
      return
    }
    failuresInRow += 1
    // What was under way when it began to rest does not make that longer.
    guard failuresInRow >= Self.failures, left(at: now) <= .zero else { return }
    until = now + min(Self.firstPause * (1 << min(pauses, 10)), Self.longestPause)
    pauses += 1
  }
}

import PushCore

/// How circuits open and close.
public struct CircuitLimits: Sendable, Equatable {
  /// A host's circuit opens after so many failures in a row.
  public var hostFailures = 10
  public var firstHostPause = Duration.seconds(1)
  public var longestHostPause = Duration.seconds(60)
  /// A credential's circuit opens at once; it is tried again after this, or when it changes.
  public var firstCredentialPause = Duration.seconds(60)
  public var longestCredentialPause = Duration.seconds(15 * 60)
  /// A probe without an answer for so long is given up, and another one sent.
  public var probePatience = Duration.seconds(30)

  public init() {}
}

/// Keeps pushes away from a credential or host that can't take them.
///
///     closed ── enough failures ──► open until t ── t ──► one probe ── succeeds ──► closed
///                                       ▲                    │
///                                       └──── twice as long ─┘ fails
struct Circuit: Equatable, Sendable {
  enum State: Equatable, Sendable {
    case closed(failures: Int)
    case open(until: Timestamp)
    case probing(delivery: DeliveryTag, since: Timestamp)
  }

  /// What an answer says of the circuit's subject.
  enum Verdict: Equatable, Sendable {
    case works
    /// It fails, and asks to be left alone for so long.
    case fails(retryAfter: Duration?)
    /// It works, and asks for peace for so long.
    case pauses(Duration)
    case saysNothing
  }

  enum Gate: Equatable, Sendable { case open, probe, closed }

  /// How long a provider may ask for peace.
  static let shortestPeace = Duration.milliseconds(250)
  static let longestPeace = Duration.seconds(24 * 3600)
  /// After a probe that proved nothing.
  static let inconclusivePause = Duration.seconds(1)

  let failuresToOpen: Int
  let firstPause: Duration
  let longestPause: Duration
  let probePatience: Duration
  private(set) var state = State.closed(failures: 0)
  /// Times that it opened since it was last closed.
  private(set) var openings = 0
  /// What the last failure said; nil while it works.
  private(set) var lastReason: String?

  /// Whether a push may go: freely, as the one probe, or not.
  func gate(at now: Timestamp) -> Gate {
    switch state {
    case .closed: .open
    case .open(let until): now >= until ? .probe : .closed
    case .probing(_, let since): now >= since + probePatience ? .probe : .closed
    }
  }

  func isProbe(_ delivery: DeliveryTag) -> Bool {
    if case .probing(delivery, _) = state { true } else { false }
  }

  mutating func beginProbe(_ delivery: DeliveryTag, at now: Timestamp) {
    state = .probing(delivery: delivery, since: now)
  }

  /// A probe that was not sent after all: the next one may go at once.
  mutating func giveUp(_ delivery: DeliveryTag, at now: Timestamp) {
    if isProbe(delivery) { state = .open(until: now) }
  }

  /// What was sent before the circuit opened says nothing any more.
  ///
  /// - Parameter chance: In 0..<1.
  mutating func learn(
    _ verdict: Verdict, of delivery: DeliveryTag, reason: String?, at now: Timestamp,
    chance: Double
  ) {
    switch (state, verdict) {
    case (.closed, .works): close()
    case (.closed, .pauses(let pause)), (.probing(delivery, _), .pauses(let pause)):
      lastReason = reason
      state = .open(until: now + max(min(pause, Self.longestPeace), Self.shortestPeace))
    case (.closed(let failures), .fails(let retryAfter)):
      lastReason = reason
      state = .closed(failures: failures + 1)
      if failures + 1 >= failuresToOpen { open(retryAfter, now, chance) }
    case (.probing(delivery, _), .works): close()
    case (.probing(delivery, _), .fails(let retryAfter)):
      lastReason = reason
      open(retryAfter, now, chance)
    case (.probing(delivery, _), .saysNothing):
      state = .open(until: now + Self.inconclusivePause)
    case (.closed, .saysNothing), (.open, _), (.probing, _): break
    }
  }

  private mutating func close() {
    state = .closed(failures: 0)
    openings = 0
    lastReason = nil
  }

  private mutating func open(_ asked: Duration?, _ now: Timestamp, _ chance: Double) {
    let own = min(firstPause * (1 << min(openings, 20)), longestPause) * (0.75 + chance / 4)
    openings += 1
    state = .open(until: now + max(own, min(asked ?? .zero, longestPause)))
  }
}

extension APNsSimulator {
  /// How the server does as a whole, until it is told otherwise.
  public struct Conditions: Sendable, Equatable {
    /// How long each answer takes.
    public var latency: Duration
    /// At most so much is added to each answer's latency, by chance.
    public var jitter: Duration
    /// Streams that an authenticated connection may have open.
    public var streamLimit: Int
    /// The stream limit after a refused push; the next accepted one restores it. Nil: no change.
    public var streamLimitAfterRefusal: Int?
    public var newConnections: NewConnections
    /// Holds so many answers of a connection, then sends them last first. 0 and 1: as they come.
    public var reversedAnswers: Int
    /// A connection is sent away after so many refused pushes, 410 not counted. Nil: never.
    public var refusalsBeforeGoAway: Int?

    public init(
      latency: Duration = .zero, jitter: Duration = .zero, streamLimit: Int = 1_000,
      streamLimitAfterRefusal: Int? = nil, newConnections: NewConnections = .served,
      reversedAnswers: Int = 0, refusalsBeforeGoAway: Int? = nil
    ) {
      self.latency = latency
      self.jitter = jitter
      self.streamLimit = streamLimit
      self.streamLimitAfterRefusal = streamLimitAfterRefusal
      self.newConnections = newConnections
      self.reversedAnswers = reversedAnswers
      self.refusalsBeforeGoAway = refusalsBeforeGoAway
    }
  }

  /// What happens to who connects.
  public enum NewConnections: Sendable, Equatable {
    case served
    /// Nothing listens: the system refuses the connection.
    case refused
    /// Closed at once, before TLS.
    case closed
    /// Taken, then never a byte: not even TLS is answered.
    case stalled
    /// GOAWAY with this reason in place of SETTINGS, then closed.
    case sentAway(reason: String)
  }
}

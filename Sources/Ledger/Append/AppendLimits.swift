/// The bounds of an ``Appender``.
public struct AppendLimits: Sendable {
  /// Events in one commit. An append is never split, so a commit may have up to
  /// ``PushCore/Limits/eventsPerAppend`` more.
  public var eventsPerCommit = 2_000
  /// Payload bytes in one commit, beyond which no further append joins it.
  public var bytesPerCommit = 4 * 1_048_576
  /// Events waiting or in flight.
  public var waitingEvents = 20_000
  /// Their payload bytes. A single append above it is taken when nothing else waits.
  public var waitingBytes = 32 * 1_048_576
  /// How long an append waits for the database before its caller is told to retry.
  public var patience = Duration.seconds(10)
  /// What a refused caller is told to wait.
  public var retryAfter = Duration.seconds(1)
  /// How long one app's ledger may be held by somebody's open transaction before other apps'
  /// appends go first.
  public var lockTimeout = Duration.milliseconds(250)
  /// The least time between two wake-ups of readers while commits follow one another.
  public var notifyInterval = Duration.milliseconds(5)

  public init() {}
}

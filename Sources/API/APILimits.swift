/// The bounds of the HTTP API. Those of what is stored are in `PushCore.Limits`.
public enum APILimits {
  /// The body of a request that says one thing; JSON may need six bytes for a character.
  public static let bodyBytes = 256 * 1024
  /// The body of a request that may say many things.
  public static let manyBytes = 8 * 1024 * 1024
  /// Bodies larger than ``bodyBytes`` that are held at once, together.
  public static let bodiesBytes = 32 * 1024 * 1024
  public static let headerBytes = 16 * 1024
  public static let headerFields = 100
  /// An `Idempotency-Key`.
  public static let idempotencyKeyBytes = 128
  /// Open connections; more wait to be accepted.
  public static let connections = 10_000
  /// A body takes so long to come, at most.
  public static let bodyTime = Duration.seconds(60)
  /// A connection on which nothing comes or goes for longer is closed.
  public static let idleConnection = Duration.seconds(75)
  /// Members added and removed, or receipts, in one request.
  public static let itemsPerRequest = 1_000
  /// Events of one page of a timeline or of the ledger.
  public static let eventsPerPage = 1_000
  /// Events of one answer that does not follow.
  public static let eventsPerAnswer: Int64 = 1_000_000
  /// Answers that follow a ledger at once, and of them those of one app.
  public static let feeds = 100
  public static let feedsOfApp = 25
  /// A feed with nothing new sends an empty line this often, so that both ends notice when the
  /// other is gone.
  public static let feedHeartbeat = Duration.seconds(15)
  /// How long metrics wait for those of others.
  public static let metricsWait = Duration.seconds(1)
  /// How long readiness waits for the database.
  public static let readinessWait = Duration.seconds(2)
}

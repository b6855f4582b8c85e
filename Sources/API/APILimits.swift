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
  /// Open connections; more wait to be accepted. Where the process may open fewer files, fewer.
  public static let connections = 60_000
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
  /// Streams of notifications at once.
  public static let streams = 50_000
  /// Notifications that wait in memory for a stream's reader; where more come, it is cut.
  public static let streamNotifications = 256
  /// What a stream reads at once of what waits in the database.
  public static let streamPage = 64
  /// Streams that read in one question.
  public static let streamsPerTurn = 100
  /// Deliveries that became due and are handed out in one question.
  public static let streamRows = 1_000
  /// A stream sends a comment this often, so that both ends notice when the other is gone.
  public static let streamHeartbeat = Duration.seconds(25)
  /// A stream whose reader takes nothing for so long is cut.
  public static let streamWrite = Duration.seconds(30)
  /// How long a client waits before it comes again.
  public static let streamRetry = Duration.seconds(3)
  /// How often to look for what became due where no notification came.
  public static let streamPoll = Duration.seconds(1)
  /// How often to record what was sent and expired without an acknowledgement.
  public static let streamSweep = Duration.seconds(60)
  /// Deliveries of streams that are recorded in one transaction.
  public static let sentPerRecording = 500
  /// Acknowledgements of an app that may wait to be recorded.
  public static let waitingRecordings = 20_000
  /// How long metrics wait for those of others.
  public static let metricsWait = Duration.seconds(1)
  /// How long readiness waits for the database.
  public static let readinessWait = Duration.seconds(2)
}

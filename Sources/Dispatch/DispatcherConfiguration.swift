import PushCore

/// How a dispatcher does its work. The defaults suit a process with a core or two of its own.
public struct DispatcherConfiguration: Sendable {
  /// Deliveries handed out and not yet recorded, over all apps: what is on its way, what waits for
  /// it, and the results in memory. One credential gets at most half of it.
  public var openDeliveries = 4_000
  /// Rows of `dispatch.due` in memory, over all lanes, and in one lane and provider.
  public var heldRows = 50_000
  public var heldRowsPerStrand = 2_000
  /// Rows listed at once in one lane and provider.
  public var listRows = 500
  /// Rows handed out in one transaction.
  public var handOutRows = 500
  /// Attempts recorded in one transaction.
  public var recordRows = 500
  /// From so many open deliveries on, an app's hand-outs and recordings begin no more often than
  /// ``batchInterval``: fewer transactions, each of more rows.
  public var busyDeliveries = 64
  public var batchInterval = Duration.milliseconds(15)
  /// Deliveries of one device handed out ahead of their turn.
  public var deliveriesAheadOfDevice = 8
  /// What was handed out so long ago, and still waits for its turn, is asked for again: it may
  /// have been called off.
  public var freshness = Duration.seconds(1)

  /// From the call of a provider to its answer.
  public var requestDeadline = Duration.seconds(10)
  /// A provider that has not returned so long after the deadline is waited for no longer.
  public var requestGrace = Duration.seconds(5)
  /// Lanes are leased for so long. In the last ``requestDeadline`` of it nothing is sent any more,
  /// so that a new owner finds nothing of the old one on its way.
  public var lease = Duration.seconds(15)
  public var renewInterval = Duration.seconds(3)
  /// A lane with nothing due is given back after so long.
  public var idleLane = Duration.seconds(30)

  /// How often to look for what is due, notified or not.
  public var pollInterval = Duration.seconds(1)
  /// How often to read credentials and pauses, notified or not.
  public var credentialsInterval = Duration.seconds(5)
  /// How often to look for deliveries that expired while they could not be sent.
  public var expiryInterval = Duration.seconds(60)
  /// How often to count what is due and can't be sent.
  public var countInterval = Duration.seconds(30)
  /// How often time is looked at: for retries, leases and circuits.
  public var tick = Duration.milliseconds(25)
  /// How often others are shown what is in flight and what the circuits do, where that changed, and
  /// for how long a report holds.
  public var reportInterval = Duration.seconds(1)
  public var reportValidity = Duration.seconds(15)
  /// Readers of the ledger are woken after a recording, not more often than this.
  public var announceInterval = Duration.milliseconds(20)
  /// The first and the longest pause after a failed database call.
  public var firstDatabasePause = Duration.milliseconds(50)
  public var longestDatabasePause = Duration.seconds(2)
  /// How long a graceful stop waits for answers and for their recording.
  public var stopGrace = Duration.seconds(25)

  public var retries = RetrySchedule()
  public var circuits = CircuitLimits()
  /// What jitter is made of.
  public var random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

  public init() {}
}

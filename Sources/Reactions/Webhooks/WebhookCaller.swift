import Ledger
import Logging
import Postgres
import Projections
import PushCore

/// Tells every webhook its app's ledger: one call after the other, in the order of the events, each
/// until it is answered.
///
/// The place in the ledger moves when a call was answered. A process that dies in between leaves it,
/// and the call comes once more from the next. One process at a time tells a webhook, under a lease
/// that each call renews.
struct WebhookCaller: Sendable {
  /// Longer than two calls may take.
  static let leaseSeconds = 15.0
  static let eventsPerPage = 500
  /// Push events that go in one call: Tencent's limit.
  static let pushesPerCall = 100

  let pool: PostgresPool
  let configuration: Reactor.Configuration
  let logger: Logger
  let client: WebhookClient

  init(pool: PostgresPool, configuration: Reactor.Configuration, logger: Logger) {
    self.pool = pool
    self.configuration = configuration
    self.logger = logger
    client = WebhookClient(timeout: configuration.callTimeout)
  }

  /// Runs until it is cancelled.
  func run() async {
    while !Task.isCancelled {
      do {
        let webhooks = try await TencentWebhooks(pool).load()
        let hasMore = try await withThrowingTaskGroup(of: Bool.self) { group in
          for webhook in webhooks { group.addTask { try await tell(webhook) } }
          return try await group.reduce(false) { $0 || $1 }
        }
        if hasMore { continue }
      } catch is CancellationError {
        return
      } catch {
        logger.warning(
          "Webhooks could not be looked at", metadata: ["error": "\(Reactor.said(error))"])
      }
      try? await Task.sleep(for: configuration.pollInterval)
    }
  }

  /// Ends the connections, and gives the leases back.
  func close() async {
    await client.close()
    _ = try? await pool.query(
      "update reactions.webhooks set owner = null, leased_until = null where owner = $1",
      [configuration.owner])
  }

  // MARK: One webhook

  /// Tells a page of events.
  ///
  /// - Returns: Whether there may be more at once.
  func tell(_ webhook: TencentWebhook) async throws -> Bool {
    guard let position = try await lease(webhook) else { return false }
    let projections = try await NotificationsReader(pool: pool).projections(of: webhook.app)
    // What is told of counts and devices is as the projection shows them then.
    guard let shown = projections.first(where: \.serves)?.position, shown > position else {
      return false
    }
    let page = try await LedgerReader(pool).events(
      of: webhook.app, after: position, limit: Self.eventsPerPage)
    let events = page.prefix { $0.position <= shown }
    guard let last = events.last else { return false }
    let calls = try await Callbacks(app: webhook.app, commands: Set(webhook.commands), pool: pool)
      .calls(for: Array(events))
    for call in calls {
      guard !Task.isCancelled else { return false }
      if let reason = await client.call(call, of: webhook, now: configuration.clock()) {
        try await failed(webhook, reason)
        return false
      }
      guard try await told(webhook, upTo: call.position, calls: 1) else { return false }
    }
    return try await told(webhook, upTo: last.position, calls: 0)
  }

  /// - Returns: Where to go on; nil where another process is at it, or it is not yet time.
  private func lease(_ webhook: TencentWebhook) async throws -> Position? {
    try await pool.query(
      """
      update reactions.webhooks
      set owner = $2, leased_until = clock_timestamp() + make_interval(secs => $3)
      where sdkappid = $1 and (retry_at is null or retry_at <= clock_timestamp())
        and (owner is null or owner = $2 or leased_until < clock_timestamp())
      returning position
      """, [webhook.sdkAppID, configuration.owner, Self.leaseSeconds]
    ).first?.get(0)
  }

  /// An event leads to one call at most, so with the call all up to it is told.
  ///
  /// - Returns: Whether the lease still holds.
  private func told(
    _ webhook: TencentWebhook, upTo position: Position, calls: Int64
  ) async throws -> Bool {
    try await pool.query(
      """
      update reactions.webhooks
      set position = greatest(position, $3), calls = calls + $4, failures = 0, retry_at = null,
        reason = null, leased_until = clock_timestamp() + make_interval(secs => $5)
      where sdkappid = $1 and owner = $2
      """,
      [
        webhook.sdkAppID, configuration.owner, position, calls, Self.leaseSeconds,
      ]
    ).affectedRows == 1
  }

  private func failed(_ webhook: TencentWebhook, _ reason: String) async throws {
    let longest = Double(configuration.longestWait.components.seconds)
    let rows = try await pool.query(
      """
      update reactions.webhooks
      set failures = failures + 1, reason = $3,
        retry_at = clock_timestamp()
          + make_interval(secs => least($4, power(2, least(failures, 20))))
      where sdkappid = $1 and owner = $2 returning failures
      """, [webhook.sdkAppID, configuration.owner, reason, longest])
    guard let failures: Int32 = try rows.first?.get(0), failures == 1 else { return }
    logger.warning(
      "A webhook does not take a call; it is tried again",
      metadata: ["sdkappid": "\(webhook.sdkAppID)", "reason": "\(reason)"])
  }
}

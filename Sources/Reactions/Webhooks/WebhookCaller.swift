import Ledger
import Logging
import Postgres
import Projections
import PushCore
import Synchronization

/// Tells every webhook its app's ledger: one call after the other, in the order of the events, each
/// until it is answered. A slow one holds up no other.
///
/// The place in the ledger moves when a call was answered. A process that dies in between leaves it,
/// and the call comes once more from the next. One process at a time tells a webhook, under a lease
/// that each call renews.
final class WebhookCaller: Sendable {
  /// Longer than two calls may take.
  static let leaseSeconds = 15.0
  static let eventsPerPage = 500
  /// Push events that go in one call: Tencent's limit.
  static let pushesPerCall = 100
  /// Failures in a row, after each so many of which the log says it again.
  private static let failuresPerWarning: Int32 = 10

  let pool: PostgresPool
  let configuration: Reactor.Configuration
  let logger: Logger
  let client: WebhookClient
  /// Those that are being told.
  private let busy = Mutex<Set<Int64>>([])

  init(pool: PostgresPool, configuration: Reactor.Configuration, logger: Logger) {
    self.pool = pool
    self.configuration = configuration
    self.logger = logger
    client = WebhookClient(timeout: configuration.callTimeout)
  }

  /// Runs until it is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        do {
          for webhook in try await TencentWebhooks(pool).load() {
            let isFree = busy.withLock { $0.insert(webhook.sdkAppID).inserted }
            guard isFree else { continue }
            group.addTask {
              await self.tellAll(webhook)
              self.busy.withLock { _ = $0.remove(webhook.sdkAppID) }
            }
          }
        } catch {
          warn(error)
        }
        try? await Task.sleep(for: configuration.pollInterval)
      }
    }
  }

  private func tellAll(_ webhook: TencentWebhook) async {
    do {
      while try await tell(webhook), !Task.isCancelled {}
    } catch {
      warn(error)
    }
  }

  private func warn(_ error: any Error) {
    guard !Task.isCancelled else { return }
    logger.warning(
      "Webhooks could not be looked at", metadata: ["error": "\(LoggedError.text(error))"])
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
    guard let held = try await lease(webhook) else { return false }
    let app = webhook.app
    let projections = try await NotificationsReader(pool: pool).projections(of: app)
    // What is told of counts is as the projection shows it then.
    guard let shown = projections.first(where: \.saysWhatIsPushed)?.position, shown > held.position
    else {
      return false
    }
    let page = try await LedgerReader(pool).events(
      of: app, after: held.position, limit: Self.eventsPerPage)
    let events = page.prefix { $0.position <= shown }
    guard let last = events.last else { return false }
    let calls = try await Callbacks(app: app, commands: Set(held.webhook.commands), pool: pool)
      .calls(for: Array(events))
    var now = held
    // Somebody may have it skip some, or be told elsewhere, in the meantime.
    for call in calls where call.position > now.position {
      guard !Task.isCancelled else { return false }
      guard now.webhook.commands.contains(call.command) else { continue }
      if let reason = await client.call(call, of: now.webhook, now: configuration.clock()) {
        guard !Task.isCancelled else { return false }
        try await failed(webhook, reason, call.position)
        return false
      }
      guard let next = try await told(now.webhook, upTo: call.position, calls: 1) else {
        return false
      }
      now = next
    }
    return try await told(webhook, upTo: last.position, calls: 0) != nil
  }

  /// Where a webhook is told, and what it was told so far.
  private struct Held {
    var position: Position
    var webhook: TencentWebhook
  }

  private static let returning =
    "returning w.position, t.url, t.token, t.commands, t.allows_private, w.failures"

  private static func held(_ row: PostgresRow?, _ webhook: TencentWebhook) throws -> Held? {
    guard let row else { return nil }
    return Held(
      position: try row.get(0),
      webhook: TencentWebhook(
        sdkAppID: webhook.sdkAppID, app: webhook.app, url: try row.get(1),
        token: try row.optional(2), commands: try row.array(3, of: String.self),
        allowsPrivate: try row.get(4)))
  }

  /// - Returns: Nil where another process is at it, or it is not yet time.
  private func lease(_ webhook: TencentWebhook) async throws -> Held? {
    let rows = try await pool.query(
      """
      update reactions.webhooks w
      set owner = $2, leased_until = clock_timestamp() + make_interval(secs => $3)
      from ledger.tencent_webhooks t
      where w.sdkappid = $1 and t.sdkappid = $1
        and (w.retry_at is null or w.retry_at <= clock_timestamp())
        and (w.owner is null or w.owner = $2 or w.leased_until < clock_timestamp())
      \(Self.returning)
      """, [webhook.sdkAppID, configuration.owner, Self.leaseSeconds])
    return try Self.held(rows.first, webhook)
  }

  /// An event leads to one call at most, so with the call all up to it is told.
  ///
  /// - Returns: Nil where the lease is lost.
  private func told(
    _ webhook: TencentWebhook, upTo position: Position, calls: Int64
  ) async throws -> Held? {
    let rows = try await pool.query(
      """
      with before as (
        select failures from reactions.webhooks where sdkappid = $1
      ), moved as (
        update reactions.webhooks w
        set position = greatest(w.position, $3), calls = w.calls + $4,
          failures = case when $4 > 0 then 0 else w.failures end,
          retry_at = null, reason = case when $4 > 0 then null else w.reason end,
          failed_position = case when $4 > 0 then null else w.failed_position end,
          leased_until = clock_timestamp() + make_interval(secs => $5)
        from ledger.tencent_webhooks t
        where w.sdkappid = $1 and t.sdkappid = $1 and w.owner = $2
        \(Self.returning)
      )
      select m.position, m.url, m.token, m.commands, m.allows_private, b.failures
      from moved m, before b
      """,
      [webhook.sdkAppID, configuration.owner, position, calls, Self.leaseSeconds])
    if calls > 0, let failures: Int32 = try rows.first?.get(5), failures > 0 {
      logger.notice(
        "A webhook takes calls again",
        metadata: ["sdkappid": "\(webhook.sdkAppID)", "failures": "\(failures)"])
    }
    return try Self.held(rows.first, webhook)
  }

  private func failed(
    _ webhook: TencentWebhook, _ reason: String, _ position: Position
  ) async throws {
    let longest = Double(configuration.longestWait.components.seconds)
    let rows = try await pool.query(
      """
      update reactions.webhooks
      set failures = failures + 1, reason = $3, failed_position = $5,
        failing_since = case when failures = 0 then clock_timestamp() else failing_since end,
        retry_at = clock_timestamp()
          + make_interval(secs => least($4, power(2, least(failures, 20))))
      where sdkappid = $1 and owner = $2 and position < $5 returning failures
      """, [webhook.sdkAppID, configuration.owner, reason, longest, position])
    guard let failures: Int32 = try rows.first?.get(0),
      failures == 1 || failures % Self.failuresPerWarning == 0
    else { return }
    logger.warning(
      "A webhook does not take a call; it is tried again",
      metadata: [
        "sdkappid": "\(webhook.sdkAppID)", "reason": "\(reason)", "failures": "\(failures)",
      ])
  }
}

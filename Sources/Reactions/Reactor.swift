public import Ledger
public import Logging
public import Postgres
import Projections
public import PushCore
public import ServiceLifecycle

import struct Foundation.UUID

/// Follows the ledgers and acts: calls webhooks, sends to many, and appends what time alone changes.
///
/// Any number of them can run on one database; see ``WebhookCaller``, ``BroadcastSender`` and
/// ``ReachWatch`` for how each keeps from doing a thing twice.
public struct Reactor: Service {
  public struct Configuration: Sendable {
    /// How often to look for what is to be done.
    public var pollInterval: Duration = .seconds(1)
    /// How often to look for devices that are out of reach.
    public var reachInterval: Duration = .seconds(60)
    /// For one call of a webhook, from looking up the name to the whole answer.
    public var callTimeout: Duration = .seconds(2)
    /// The longest wait before a call that failed is tried again.
    public var longestWait: Duration = .seconds(300)
    /// Names this process in `reactions.webhooks`.
    public var owner = "reactor-\(UUID().uuidString.prefix(8).lowercased())"
    public var clock: @Sendable () -> Timestamp = Timestamp.systemClock

    public init() {}
  }

  let pool: PostgresPool
  let appender: Appender
  let configuration: Configuration
  let logger: Logger

  /// - Parameter appender: Is run by somebody else.
  public init(
    pool: PostgresPool, appender: Appender, configuration: Configuration = .init(),
    logger: Logger
  ) {
    self.pool = pool
    self.appender = appender
    self.configuration = configuration
    self.logger = logger
  }

  /// Runs until a graceful shutdown or cancellation.
  public func run() async throws {
    let caller = WebhookCaller(pool: pool, configuration: configuration, logger: logger)
    let sender = BroadcastSender(
      pool: pool, appender: appender, logger: logger, clock: configuration.clock)
    let watch = ReachWatch(pool: pool, appender: appender, clock: configuration.clock)
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await caller.run() }
        group.addTask {
          await every(configuration.pollInterval, "broadcasts") { try await sender.sendAll() }
        }
        group.addTask {
          await every(configuration.reachInterval, "reach") { try await watch.look() }
        }
      }
    }
    await caller.close()
  }

  private func every(
    _ interval: Duration, _ name: String, _ work: () async throws -> Void
  ) async {
    while !Task.isCancelled {
      do {
        try await work()
      } catch {
        guard !Task.isCancelled else { return }
        logger.warning(
          "A reaction failed and is tried again",
          metadata: ["reaction": "\(name)", "error": "\(LoggedError.text(error))"])
      }
      try? await Task.sleep(for: interval)
    }
  }
}

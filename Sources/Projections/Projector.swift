import Foundation
public import Logging
public import Postgres
public import PushCore
public import ServiceLifecycle

/// Folds every app's events into the projection `notifications`, as long as it runs.
///
/// Any number of projectors can run on one database: each app's work goes on in one of them at a
/// time, which keeps state in memory under a lease, and another takes over when it dies.
public actor Projector: Service {
  public struct Configuration: Sendable {
    /// How often to look for apps that are behind, notified or not.
    public var pollInterval: Duration = .seconds(1)
    /// Events folded in one transaction.
    public var eventsPerBatch = 1_000
    /// Apps looked at in one poll.
    public var appsPerPoll = 1_000
    /// The apps to fold; empty: all.
    public var apps: Set<AppID> = []
    /// Names this process in `ledger.checkpoints`.
    public var owner = "projector-\(UUID().uuidString.prefix(8).lowercased())"

    public init() {}
  }

  /// Tables are looked at for having outgrown their statistics after so many events.
  private static let eventsPerLook = 1_000

  private enum Signal: Sendable {
    case app(AppID)
    case poll
  }

  private let pool: PostgresPool
  private let listener: PostgresListener?
  private let configuration: Configuration
  private let logger: Logger
  private var states: [AppID: LoadedState] = [:]
  /// Apps being folded, and whether they were asked for again meanwhile.
  private var running: [AppID: Bool] = [:]
  private var known: Set<AppID> = []
  private var stopping = false
  /// Events folded since the tables' sizes were looked at.
  private var eventsSinceLook = 0

  /// - Parameter listener: Listens to ``Channels/events``; nil leaves it at polling.
  public init(
    pool: PostgresPool, listener: PostgresListener?, configuration: Configuration = .init(),
    logger: Logger
  ) {
    self.pool = pool
    self.listener = listener
    self.configuration = configuration
    self.logger = logger
  }

  /// Runs until a graceful shutdown or cancellation; batches under way are finished.
  public func run() async throws {
    let (signals, signal) = AsyncStream.makeStream(
      of: Signal.self, bufferingPolicy: .bufferingNewest(4_096))
    await withGracefulShutdownHandler {
      await withTaskCancellationHandler {
        await withDiscardingTaskGroup { group in
          if let listener {
            group.addTask {
              await ProjectorSignals.forward(listener.events()) { app in
                signal.yield(app.map { .app($0) } ?? .poll)
              }
            }
          }
          group.addTask {
            await ProjectorSignals.tick(self.configuration.pollInterval) { signal.yield(.poll) }
          }
          for await next in signals {
            let apps = await cancelWhenGracefulShutdown { await self.apps(for: next) }
            // What was signalled before the end is still in the stream.
            if Task.isShuttingDownGracefully || Task.isCancelled { break }
            for app in apps where start(app) {
              group.addTask { await self.drive(app) }
            }
          }
          stopping = true
          group.cancelAll()
        }
      } onCancel: {
        signal.finish()
      }
    } onGracefulShutdown: {
      signal.finish()
    }
    do {
      try await release()
    } catch {
      logger.warning(
        "Leases were not released; others take over when they have run out",
        metadata: ["error": "\(error)"])
    }
  }

  /// Folds everything that an app's ledger holds now, and returns.
  ///
  /// - Throws: What the database answered; what was folded before stays folded.
  public func catchUp(_ app: AppID) async throws {
    while try await step(app).goesOn {}
  }

  // MARK: Signals

  private func apps(for signal: Signal) async -> [AppID] {
    switch signal {
    case .app(let app):
      return configuration.apps.isEmpty || configuration.apps.contains(app) ? [app] : []
    case .poll:
      do {
        let rows = try await pool.query(
          """
          select h.app from ledger.heads h
          left join ledger.checkpoints c on c.app = h.app and c.projection = $1
          where (h.position > coalesce(c.position, 0) or c.mended_to is not null)
            and c.paused_at is null and c.failed_at is null
            and (cardinality($3::text[]) = 0 or h.app = any ($3))
          limit $2
          """, pollParameters())
        return try rows.map { AppID(unchecked: try $0.get(0)) }
      } catch {
        log(error, app: nil)
        return []
      }
    }
  }

  private func pollParameters() -> PostgresParameters {
    var values = PostgresParameters()
    values.add(ProjectionTables.projection)
    values.add(Int64(configuration.appsPerPoll))
    values.add(array: configuration.apps.map(\.rawValue))
    return values
  }

  // MARK: Driving one app

  private func start(_ app: AppID) -> Bool {
    if running[app] != nil {
      running[app] = true
      return false
    }
    running[app] = false
    return true
  }

  private func drive(_ app: AppID) async {
    do {
      repeat {
        running[app] = false
        while try await step(app).goesOn, !stopping {}
      } while running[app] == true && !stopping
    } catch {
      log(error, app: app)
    }
    running[app] = nil
  }

  private func step(_ app: AppID) async throws -> ProjectionStep.Progress {
    if !known.contains(app) {
      try await Checkpoints(pool).start(.serving, of: app)
      known.insert(app)
    }
    let held = HeldState(states.removeValue(forKey: app))
    let step = ProjectionStep(
      app: app, owner: configuration.owner, eventsPerBatch: configuration.eventsPerBatch)
    let progress = try await IsolatedStep(step, pool).run(held: held)
    keep(held.take(), of: app)
    if case .folded(let events, _) = progress { try await analyzeYoung(after: events) }
    if case .poisoned(let event) = progress { logPoisoned(event, app) }
    return progress
  }

  private func logPoisoned(_ event: PoisonedEvent, _ app: AppID) {
    logger.error(
      "An event cannot be folded; its app's projection stands still before it",
      metadata: [
        "app": "\(app)", "projection": "\(ProjectionTables.projection)",
        "position": "\(event.position)", "reason": "\(event.reason)",
      ])
  }

  private func analyzeYoung(after events: Int) async throws {
    eventsSinceLook += events
    guard eventsSinceLook >= Self.eventsPerLook else { return }
    eventsSinceLook = 0
    _ = try await pool.query("select ledger.analyze_young()")
  }

  private func keep(_ state: LoadedState?, of app: AppID) {
    states[app] = state
    let size = states.values.reduce(0) { $0 + $1.state.size }
    if size > LoadedState.sizeLimit { states = [:] }
  }

  /// Lets others take over at once what this projector holds.
  public func release() async throws {
    states = [:]
    guard !known.isEmpty else { return }
    try await Checkpoints(pool).release(.serving, of: Array(known), by: configuration.owner)
  }

  private func log(_ error: any Error, app: AppID?) {
    guard !(error is CancellationError), !Task.isCancelled else { return }
    logger.warning(
      "A batch was not projected; it is tried again at the next poll",
      metadata: ["app": "\(app?.rawValue ?? "-")", "error": "\(error)"])
  }
}

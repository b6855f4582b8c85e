import Foundation
public import Logging
public import Postgres
public import PushCore
public import ServiceLifecycle

/// Folds events into the projections that were added, as long as it runs.
///
///     append ─► notification ─┐
///     every second: poll ─────┴─► what is behind ─► in line ─► a few batches each ─► back in line
///
/// Any number can run on one database: a projection of an app is folded by one at a time.
public actor AddedProjector: Service {
  public struct Configuration: Sendable {
    /// How often to look for what is behind, and for projections that were added.
    public var pollInterval: Duration = .seconds(1)
    /// Folds under way at the same time.
    public var folds = 2
    /// The projections to fold; empty: all.
    public var projections: Set<ProjectionName> = []
    /// The apps to fold; empty: all.
    public var apps: Set<AppID> = []
    /// Names this process in `ledger.checkpoints`.
    public var owner = "projector-\(UUID().uuidString.prefix(8).lowercased())"

    public init() {}
  }

  /// Batches of one projection and app before others have their turn.
  private static let batchesInTurn = 20
  /// Projections and apps in one poll.
  private static let worksPerPoll = 1_000

  private struct Work: Hashable {
    var projection: ProjectionName
    var app: AppID
  }

  private enum Signal: Sendable {
    case app(AppID)
    case poll
    case free
  }

  private let pool: PostgresPool
  private let listener: PostgresListener?
  private let configuration: Configuration
  private let logger: Logger
  /// Those that wait for their turn, in its order.
  private var line: [Work] = []
  private var running: Set<Work> = []
  /// Those that were asked for again while they were folded.
  private var again: Set<Work> = []
  private var folded: Set<Work> = []
  private var stopping = false

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
            await cancelWhenGracefulShutdown { await self.hear(next) }
            // What was signalled before the end is still in the stream.
            if Task.isShuttingDownGracefully || Task.isCancelled { break }
            while let work = nextInLine() {
              group.addTask {
                await self.drive(work)
                signal.yield(.free)
              }
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

  /// Folds everything that the ledgers hold now, and returns.
  /// - Throws: What the database answered; what was folded before stays folded.
  public func catchUp() async throws {
    for work in try await behind(nil) {
      while case .folded = try await step(work) {}
    }
  }

  /// Lets others take over at once what this projector holds.
  public func release() async throws {
    for (projection, works) in Dictionary(grouping: folded, by: \.projection) {
      try await Checkpoints(pool).release(
        projection.rawValue, of: works.map(\.app), by: configuration.owner)
    }
    folded = []
  }

  // MARK: What is behind

  private func hear(_ signal: Signal) async {
    do {
      switch signal {
      case .free: return
      case .app(let app):
        guard configuration.apps.isEmpty || configuration.apps.contains(app) else { return }
        add(try await behind(app))
      case .poll: add(try await behind(nil))
      }
    } catch {
      log(error, nil)
    }
  }

  private func add(_ works: [Work]) {
    for work in works {
      if running.contains(work) {
        again.insert(work)
      } else if !line.contains(work) {
        line.append(work)
      }
    }
  }

  private func behind(_ app: AppID?) async throws -> [Work] {
    var values = PostgresParameters()
    values.add(array: configuration.projections.map(\.rawValue))
    values.add(array: app.map { [$0.rawValue] } ?? configuration.apps.map(\.rawValue))
    values.add(Int64(Self.worksPerPoll))
    let rows = try await pool.query(
      """
      select p.projection, h.app from ledger.projections p
      cross join ledger.heads h
      left join ledger.checkpoints c on c.app = h.app and c.projection = p.projection
      where p.fold_sql is not null and h.position > coalesce(c.position, 0)
        and c.paused_at is null and c.failed_at is null
        and (cardinality($1::text[]) = 0 or p.projection = any ($1))
        and (cardinality($2::text[]) = 0 or h.app = any ($2))
      order by c.updated_at nulls first limit $3
      """, values)
    return try rows.map {
      Work(
        projection: ProjectionName(unchecked: try $0.get(0)), app: AppID(unchecked: try $0.get(1)))
    }
  }

  private func nextInLine() -> Work? {
    guard !stopping, running.count < configuration.folds, !line.isEmpty else { return nil }
    let work = line.removeFirst()
    running.insert(work)
    return work
  }

  // MARK: Folding

  private func drive(_ work: Work) async {
    var hasMore = true
    do {
      for _ in 0..<Self.batchesInTurn where hasMore && !stopping {
        if case .folded = try await step(work) { continue }
        hasMore = false
      }
    } catch {
      hasMore = false
      log(error, work)
    }
    running.remove(work)
    let wasAsked = again.remove(work) != nil
    if (hasMore || wasAsked) && !stopping { line.append(work) }
  }

  private func step(_ work: Work) async throws -> AddedStep.Progress {
    let progress = try await AddedStep(
      projection: work.projection, app: work.app, owner: configuration.owner
    ).run(on: pool)
    switch progress {
    case .folded: folded.insert(work)
    case .poisoned(let event):
      logger.error(
        "An event cannot be folded; the projection stands still before it in this app",
        metadata: [
          "app": "\(work.app)", "projection": "\(work.projection)", "position": "\(event.position)",
          "reason": "\(event.reason)",
        ])
    case .caughtUp, .heldByAnother, .standsStill, .gone: break
    }
    return progress
  }

  private func log(_ error: any Error, _ work: Work?) {
    guard !(error is CancellationError), !Task.isCancelled else { return }
    logger.warning(
      "A batch was not projected; it is tried again at the next poll",
      metadata: [
        "app": "\(work?.app.rawValue ?? "-")", "projection": "\(work?.projection.rawValue ?? "-")",
        "error": "\(error)",
      ])
  }
}

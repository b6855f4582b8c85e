public import Logging
public import Postgres
public import PushCore
public import ServiceLifecycle
import Synchronization

/// The way of many small appends into few commits (group commit).
///
///     append ──► backlog ──► commit in flight ──► answers, all of a commit at once
///     append ──►   │   ▲         │
///     append ──►   └───┴─────────┘  what arrived meanwhile goes together, an app a commit
///
/// An append waits at most for the commit in flight and is answered once its own is durable. One
/// connection commits: a ledger has one order, so a second would only wait for the first. It is a
/// service: ``run()`` commits until it is told to stop, and then what still waits.
public final class Appender: Service {
  private let committer: Committer
  private let backlog: SharedBacklog
  private let limits: AppendLimits

  public init(
    _ configuration: PostgresConfiguration, limits: AppendLimits = AppendLimits(), logger: Logger
  ) {
    self.limits = limits
    backlog = SharedBacklog(limits: limits)
    committer = Committer(configuration, backlog: backlog, limits: limits, logger: logger)
  }

  /// Appends events to an app's ledger: all of them or none, in one transaction.
  ///
  /// - Parameters:
  ///   - events: 1 to ``PushCore/Limits/eventsPerAppend``, checked by ``PushCore/EventDoor``,
  ///     oldest first.
  ///   - expecting: Refuses the append when the stream has gone on.
  /// - Returns: A position for each event, in the order given; one already stored answers its
  ///   first position.
  /// - Throws: ``AppendError``. Retrying is safe: an event id is stored once.
  /// - SeeAlso: `sql/functions/append_batch.sql`
  public func append(
    _ events: [NewEvent], to app: AppID, expecting: StreamExpectation? = nil
  ) async throws(AppendError) -> [Position] {
    try await appendEvents(events, to: app, expecting: expecting).map(\.position)
  }

  /// The same as ``append(_:to:expecting:)``, and says of each event whether it was new.
  public func appendEvents(
    _ events: [NewEvent], to app: AppID, expecting: StreamExpectation? = nil
  ) async throws(AppendError) -> [AppendedEvent] {
    guard (1...Limits.eventsPerAppend).contains(events.count) else {
      throw .badCount(events.count)
    }
    let pending = PendingAppend(
      app: app, events: events, expectation: expecting,
      deadline: .now + limits.patience)
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        pending.wait(continuation)
        backlog.admit(pending)
      }
    } onCancel: {
      pending.finish(.failure(.cancelled))
    }
    return try answer.get()
  }

  /// Commits until the service is shut down; returns when all that was taken is answered.
  public func run() async {
    await withGracefulShutdownHandler {
      await withTaskCancellationHandler {
        await committer.run()
      } onCancel: {
        backlog.stop()
      }
    } onGracefulShutdown: {
      self.stop()
    }
  }

  /// Takes no more appends, and lets ``run()`` return when those that wait are answered.
  public func stop() { backlog.stop() }

  public var status: AppenderStatus { backlog.status }
}

/// What an ``Appender`` is doing.
public struct AppenderStatus: Sendable, Equatable {
  /// Events waiting or in flight, and their payload.
  public internal(set) var waitingEvents = 0
  public internal(set) var waitingBytes = 0
  /// Since the start: commits that added or found events, and the events answered in them.
  public internal(set) var commits: UInt64 = 0
  public internal(set) var events: UInt64 = 0
  /// Whether the committing connection is up.
  public internal(set) var isConnected = false
}

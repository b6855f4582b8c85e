import Logging
import Postgres
import PushCore

/// Takes commits from the backlog and makes them, one after the other, on one connection. When that
/// is lost the same commit is made again on the next: event ids make a repeat harmless.
struct Committer: Sendable {
  private enum Ending { case drained, lost }

  private static let shortestPause = Duration.milliseconds(50)
  private static let longestPause = Duration.seconds(1)

  private let configuration: PostgresConfiguration
  private let backlog: SharedBacklog
  private let limits: AppendLimits
  private let logger: Logger

  init(
    _ configuration: PostgresConfiguration, backlog: SharedBacklog, limits: AppendLimits,
    logger: Logger
  ) {
    var configuration = configuration
    configuration.statementTimeout = limits.patience
    configuration.connectTimeout = min(configuration.connectTimeout, limits.patience / 2)
    self.configuration = configuration
    self.backlog = backlog
    self.limits = limits
    self.logger = logger
  }

  /// Returns when the backlog was stopped and everything in it is answered.
  func run() async {
    var failures = 0
    while !backlog.hasEnded, !Task.isCancelled {
      do throws(PostgresError) {
        let connection = try await PostgresConnection.connect(configuration, logger: logger)
        try await connection.execute(
          "set lock_timeout = \(limits.lockTimeout.wholeMicroseconds / 1000)")
        backlog.setConnected(true)
        if failures > 0 { logger.info("Appending again") }
        failures = 0
        let ending = await serve(on: connection)
        backlog.setConnected(false)
        await connection.close()
        if ending == .drained { break }
        logger.warning("The appending connection was lost; connecting again")
      } catch {
        failures += 1
        logger.error(
          "The ledger's database cannot be reached", metadata: ["reason": "\(error)"])
        let pause = min(Self.shortestPause * (1 << min(failures, 10)), Self.longestPause)
        try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
      }
      backlog.expire()
    }
    backlog.stop()
    backlog.failAll(.stopped)
  }

  /// Runs on the connection's own thread: from one commit to the next there is no hop.
  private func serve(on connection: isolated PostgresConnection) async -> Ending {
    var readers = ReaderWakeUps(interval: limits.notifyInterval)
    while !Task.isCancelled {
      switch backlog.next() {
      case .commit(let commit):
        guard await make(commit, on: connection) else { return .lost }
        readers.note(commit[0].app)
        if readers.areDue(at: .now), await !wake(&readers, on: connection) { return .lost }
      case .nothing:
        if !readers.isEmpty {
          if await !wake(&readers, on: connection) { return .lost }
        } else if backlog.hasEnded {
          return .drained
        } else {
          await backlog.waitForWork()
        }
      }
    }
    return .drained
  }

  /// Makes a commit. Where the database refuses one of its appends, it is made in halves, and
  /// those in halves, until the one at fault stands alone and is refused alone.
  ///
  /// - Returns: False when the connection is of no more use.
  private func make(
    _ commit: [PendingAppend], on connection: isolated PostgresConnection
  ) async -> Bool {
    let app = commit[0].app
    var parts = [commit[...]]
    while let part = parts.popLast() {
      do throws(PostgresError) {
        let call = AppendStatement.call(part, to: app)
        let result = try await connection.query(call.sql, call.parameters)
        backlog.answer(part, with: try AppendStatement.appended(result))
      } catch {
        let failure = CommitFailure(
          error, app: app, expectation: part.first?.expectation, limits: limits)
        switch failure {
        case .takeApart(let refusal):
          if part.count == 1 {
            backlog.fail(part, refusal)
          } else {
            let middle = part.startIndex + part.count / 2
            parts += [part[middle...], part[..<middle]]
          }
        case .all(let refusal):
          report(error, refusal)
          backlog.fail(part, refusal)
        case .again:
          backlog.putBack(Array(([part] + parts.reversed()).joined()))
          return true
        case .reconnect(let outcomeUnknown):
          if outcomeUnknown { part.forEach { $0.noteUnknownOutcome() } }
          backlog.putBack(Array(([part] + parts.reversed()).joined()))
          return false
        }
      }
    }
    return true
  }

  private func report(_ error: PostgresError, _ refusal: AppendError) {
    switch refusal {
    case .unknownApp, .conflict: break
    default:
      logger.error(
        "A commit failed", metadata: ["code": "\(refusal.code)", "reason": "\(error)"])
    }
  }

  /// Tells readers, beside the commits, which apps have something new.
  private func wake(
    _ readers: inout ReaderWakeUps, on connection: isolated PostgresConnection
  ) async -> Bool {
    let apps = readers.take(at: .now)
    do throws(PostgresError) {
      _ = try await connection.query(
        "select pg_notify($1, app) from unnest($2::text[]) as app", [LedgerChannels.events, apps])
      return true
    } catch {
      logger.warning("Readers were not woken; they will poll", metadata: ["reason": "\(error)"])
      return ![.connectionLost, .adminShutdown, .closed].contains(error.kind)
    }
  }
}

/// Which apps' readers are to be woken, not more often than an interval while commits go on.
private struct ReaderWakeUps {
  private let interval: Duration
  private var apps: Set<AppID> = []
  private var last: ContinuousClock.Instant?

  init(interval: Duration) { self.interval = interval }

  var isEmpty: Bool { apps.isEmpty }

  mutating func note(_ app: AppID) { apps.insert(app) }

  func areDue(at now: ContinuousClock.Instant) -> Bool {
    guard let last else { return true }
    return last.duration(to: now) >= interval
  }

  mutating func take(at now: ContinuousClock.Instant) -> [String] {
    defer { apps = [] }
    last = now
    return apps.map(\.rawValue)
  }
}

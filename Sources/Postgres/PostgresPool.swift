public import Logging
import Synchronization

/// Up to `limit` connections, opened when they are needed and handed out in the order of asking.
///
///     ask ──► free one? ──► checked if it rested long ──► body ──► back, to the first who waits
///              │ no                                                    │ broken, or left inside
///              ▼                                                       ▼ a transaction
///           wait in line ◄── opened in the background ◄── back-off    rolled back or dropped
public final class PostgresPool: Sendable {
  /// A connection that rested longer is asked for a sign of life before it is handed out.
  static let restBeforeCheck = Duration.seconds(15)
  static let checkLimit = Duration.seconds(2)
  /// Callers that may wait in line; more are refused at once.
  public static let waitingLimit = 10_000

  private let configuration: PostgresConfiguration
  private let limit: Int
  private let acquireTimeout: Duration
  private let logger: Logger
  private let state: Mutex<PoolState>
  /// What opens connections at the moment.
  private let attempts = Mutex<[UInt64: Task<Void, Never>]>([:])

  /// - Parameters:
  ///   - limit: Connections, at least 1. None is opened before it is needed.
  ///   - acquireTimeout: The longest wait for a connection, reconnecting included.
  public init(
    _ configuration: PostgresConfiguration, limit: Int, acquireTimeout: Duration = .seconds(10),
    logger: Logger
  ) {
    self.configuration = configuration
    self.limit = max(limit, 1)
    self.acquireTimeout = acquireTimeout
    self.logger = logger
    state = Mutex(PoolState(limit: max(limit, 1), waitingLimit: Self.waitingLimit))
  }

  /// How the pool is used right now.
  public var usage: PostgresPoolUsage { state.withLock { $0.usage } }

  /// Lends a connection to a body, alone. What it leaves open is rolled back.
  public func withConnection<Answer: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Answer
  ) async throws -> Answer {
    let connection = try await acquire()
    do {
      let answer = try await body(connection)
      await giveBack(connection)
      return answer
    } catch {
      await giveBack(connection)
      throw error
    }
  }

  /// Runs a body in a transaction on a connection of its own.
  public func transaction<Answer: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Answer
  ) async throws -> Answer {
    try await withConnection { try await $0.transaction(body) }
  }

  /// Runs one statement on whichever connection is free.
  public func query(
    _ sql: String, _ parameters: PostgresParameters = [], timeout: Duration? = nil
  ) async throws(PostgresError) -> PostgresResult {
    let connection = try await acquire()
    let outcome: Result<PostgresResult, PostgresError>
    do throws(PostgresError) {
      outcome = .success(try await connection.query(sql, parameters, timeout: timeout))
    } catch {
      outcome = .failure(error)
    }
    await giveBack(connection)
    return try outcome.get()
  }

  /// Closes what rests, refuses who waits, and closes what is lent when it comes back. What is being
  /// opened is given up, and has ended when this returns: a thread that still speaks TLS while the
  /// process exits finds OpenSSL taken down.
  public func close() async {
    let (connections, waiters) = state.withLock { $0.close() }
    for waiter in waiters { waiter.resume(returning: .failure(Self.closed)) }
    for connection in connections { await connection.close() }
    let attempts = attempts.withLock { Array($0.values) }
    for attempt in attempts { attempt.cancel() }
    for attempt in attempts { await attempt.value }
  }

  private static let closed = PostgresError(.closed, message: "The pool was closed by its owner.")

  // MARK: Taking

  private func acquire() async throws(PostgresError) -> PostgresConnection {
    let deadline = ContinuousClock.now + acquireTimeout
    while true {
      let taken = try await take(until: deadline)
      guard let rested = taken.restedSince, rested.duration(to: .now) > Self.restBeforeCheck else {
        return taken.connection
      }
      do throws(PostgresError) {
        try await taken.connection.execute("", timeout: Self.checkLimit)
        return taken.connection
      } catch {
        await drop(taken.connection)
        if error.kind == .cancelled { throw error }
      }
    }
  }

  private func take(
    until deadline: ContinuousClock.Instant
  ) async throws(PostgresError) -> PoolState.Taken {
    let id = state.withLock { $0.freshID() }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let step = state.withLock { state in
          Task.isCancelled
            ? .refuse(Self.cancelled) : state.ask(id, deadline: deadline, continuation)
        }
        perform(step, continuation)
      }
    } onCancel: {
      state.withLock { $0.remove(id) }?.resume(returning: .failure(Self.cancelled))
    }
    return try outcome.get()
  }

  private static let cancelled = PostgresError(
    .cancelled, message: "The task was cancelled while it waited for a connection.")

  private func perform(_ step: PoolState.AskStep, _ continuation: PoolState.Waiter) {
    switch step {
    case .take(let taken): continuation.resume(returning: .success(taken))
    case .refuse(let error): continuation.resume(returning: .failure(error))
    case .wait(let mustConnect, let mustWatch):
      if mustConnect { connectInBackground() }
      if mustWatch { watchDeadlines() }
    }
  }

  /// One task ends all waits that last too long: they are in line by their deadlines.
  private func watchDeadlines() {
    Task { [weak self, acquireTimeout] in
      while let next = self?.expire() {
        try? await Task.sleep(until: next, tolerance: acquireTimeout / 100, clock: .continuous)
      }
    }
  }

  /// - Returns: When to look again; nil when nobody waits.
  private func expire() -> ContinuousClock.Instant? {
    let (expired, next, lastFailure) = state.withLock { state in
      let (expired, next) = state.expire(now: .now)
      return (expired, next, state.lastFailure)
    }
    var message = "No connection became free within \(acquireTimeout); \(limit) are possible."
    if let lastFailure { message += " The last attempt to connect: \(lastFailure.message)" }
    for waiter in expired {
      waiter.resume(returning: .failure(PostgresError(.poolTimeout, message: message)))
    }
    return next
  }

  // MARK: Giving back

  private func giveBack(_ connection: PostgresConnection) async {
    switch connection.link.shared.withLock({ ($0.condition, $0.hasListened) }) {
    case (.ready, false): await putBack(connection)
    case (.inTransaction, false):
      logger.warning("A connection came back inside a transaction; rolled back")
      await connection.rollBack()
      if connection.link.shared.withLock({ $0.condition }) == .ready {
        await putBack(connection)
      } else {
        await drop(connection)
      }
    default: await drop(connection)
    }
  }

  private func putBack(_ connection: PostgresConnection) async {
    let step = state.withLock { $0.putBack(connection) }
    switch step {
    case .rest: break
    case .hand(let waiter):
      waiter.resume(returning: .success(PoolState.Taken(connection: connection)))
    case .close: await connection.close()
    }
  }

  private func drop(_ connection: PostgresConnection) async {
    let mustConnect = state.withLock { $0.drop() }
    if mustConnect { connectInBackground() }
    await connection.close()
  }

  // MARK: Connecting

  /// Opens one connection, with pauses between attempts that fail, as long as somebody waits.
  private func connectInBackground() {
    let id = state.withLock { $0.freshID() }
    attempts.withLock { attempts in
      attempts[id] = Task { [weak self, configuration, logger] in
        while true {
          let step: ConnectStep?
          do throws(PostgresError) {
            let connection = try await PostgresConnection.connect(configuration, logger: logger)
            step = await self?.connected(connection)
          } catch {
            step = self?.failed(error)
          }
          guard let pause = step?.pause else { break }
          try? await Task.sleep(for: pause)
          guard let self, self.state.withLock({ $0.goesOnConnecting() }) else { break }
        }
        self?.attempts.withLock { $0[id] = nil }
      }
    }
  }

  private struct ConnectStep { var pause: Duration? }

  private func connected(_ connection: PostgresConnection) async -> ConnectStep {
    let more = state.withLock { $0.connected() }
    for _ in 0..<more { connectInBackground() }
    await putBack(connection)
    return ConnectStep()
  }

  private func failed(_ error: PostgresError) -> ConnectStep {
    if error.kind != .cancelled {
      logger.warning(
        "PostgreSQL could not be reached",
        metadata: ["reason": "\(error.message)", "sql_state": "\(error.sqlState ?? "none")"])
    }
    let (failures, refused) = state.withLock { $0.failed(error) }
    for waiter in refused { waiter.resume(returning: .failure(error)) }
    guard let failures else { return ConnectStep() }
    return ConnectStep(
      pause: BackOff.delay(failures: failures, chance: Double.random(in: 0..<1)))
  }
}

/// How a pool is used.
public struct PostgresPoolUsage: Sendable, Equatable {
  public let limit: Int
  /// Open ones and those being opened.
  public let connections: Int
  public let resting: Int
  public let waiting: Int
}

import Synchronization

/// The decisions of a pool. It performs nothing: each call says what its caller is to do.
struct PoolState {
  typealias Waiter = CheckedContinuation<Result<Taken, PostgresError>, Never>

  struct Taken: Sendable {
    var connection: PostgresConnection
    /// nil when it was in use until now.
    var restedSince: ContinuousClock.Instant?
  }

  enum AskStep {
    case take(Taken)
    case refuse(PostgresError)
    case wait(mustConnect: Bool, mustWatch: Bool)
  }

  enum PutBackStep {
    case rest
    case hand(Waiter)
    case close
  }

  private struct Waiting {
    var deadline: ContinuousClock.Instant
    var waiter: Waiter
  }

  let limit: Int
  let waitingLimit: Int
  private(set) var lastFailure: PostgresError?
  private var nextID: UInt64 = 0
  private var isClosed = false
  /// The one used last is at the end, and is used next: it is warm, and the others may be closed.
  private var resting: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
  private var waiting: [UInt64: Waiting] = [:]
  /// Ids in order of asking; those that no longer wait are skipped.
  private var line: [UInt64] = []
  private var lineStart = 0
  /// Resting, lent and being opened.
  private var connections = 0
  private var connecting = 0
  /// Attempts to connect that failed since the last that didn't.
  private var failures = 0
  private var isWatched = false

  init(limit: Int, waitingLimit: Int) {
    self.limit = limit
    self.waitingLimit = waitingLimit
  }

  var usage: PostgresPoolUsage {
    PostgresPoolUsage(
      limit: limit, connections: connections, resting: resting.count, waiting: waiting.count)
  }

  mutating func freshID() -> UInt64 {
    nextID += 1
    return nextID
  }

  mutating func ask(
    _ id: UInt64, deadline: ContinuousClock.Instant, _ waiter: Waiter
  ) -> AskStep {
    if isClosed {
      return .refuse(PostgresError(.closed, message: "The pool was closed by its owner."))
    }
    while waiting.isEmpty, let last = resting.popLast() {
      if last.connection.isEnded {
        connections -= 1
      } else {
        return .take(Taken(connection: last.connection, restedSince: last.since))
      }
    }
    guard waiting.count < waitingLimit else {
      return .refuse(
        PostgresError(
          .poolTimeout, message: "\(waitingLimit) callers wait for a connection already."))
    }
    waiting[id] = Waiting(deadline: deadline, waiter: waiter)
    line.append(id)
    let mustWatch = !isWatched
    isWatched = true
    return .wait(mustConnect: reserveConnection(), mustWatch: mustWatch)
  }

  /// While the server can't be reached one attempt at a time is enough.
  private mutating func reserveConnection() -> Bool {
    let wanted = failures > 0 ? min(waiting.count, 1) : waiting.count
    guard !isClosed, connecting < wanted, connections < limit else { return false }
    connecting += 1
    connections += 1
    return true
  }

  private mutating func popWaiter() -> Waiter? {
    while let id = first() {
      lineStart += 1
      if let found = waiting.removeValue(forKey: id) { return found.waiter }
    }
    return nil
  }

  private mutating func first() -> UInt64? {
    if lineStart > 1024, lineStart * 2 > line.count {
      line.removeFirst(lineStart)
      lineStart = 0
    }
    return lineStart < line.count ? line[lineStart] : nil
  }

  mutating func remove(_ id: UInt64) -> Waiter? { waiting.removeValue(forKey: id)?.waiter }

  mutating func expire(
    now: ContinuousClock.Instant
  ) -> (expired: [Waiter], next: ContinuousClock.Instant?) {
    var expired: [Waiter] = []
    while let id = first() {
      if let found = waiting[id] {
        if found.deadline > now { return (expired, found.deadline) }
        expired.append(found.waiter)
        waiting[id] = nil
      }
      lineStart += 1
    }
    isWatched = false
    return (expired, nil)
  }

  mutating func putBack(_ connection: PostgresConnection) -> PutBackStep {
    if isClosed {
      connections -= 1
      return .close
    }
    if let waiter = popWaiter() { return .hand(waiter) }
    resting.append((connection, .now))
    return .rest
  }

  /// A connection is gone.
  /// - Returns: Whether another is to be opened.
  mutating func drop() -> Bool {
    connections -= 1
    return reserveConnection()
  }

  /// - Returns: How many more are to be opened, now that the server answers.
  mutating func connected() -> Int {
    connecting -= 1
    let recovered = failures > 0
    failures = 0
    lastFailure = nil
    guard recovered else { return 0 }
    var more = 0
    while connecting < waiting.count - 1, connections < limit, !isClosed {
      connecting += 1
      connections += 1
      more += 1
    }
    return more
  }

  /// - Returns: The failures in a row, or nil when nobody is to try again; and who is refused at once,
  ///   because trying again can't help.
  mutating func failed(_ error: PostgresError) -> (failures: Int?, refused: [Waiter]) {
    lastFailure = error
    failures += 1
    var refused: [Waiter] = []
    if !error.isRetryable {
      while let waiter = popWaiter() { refused.append(waiter) }
    }
    let others = connecting - 1
    guard !isClosed, waiting.count > others, others == 0 else {
      connecting -= 1
      connections -= 1
      return (nil, refused)
    }
    return (failures, refused)
  }

  /// After a pause: whether the attempt is still wanted.
  mutating func goesOnConnecting() -> Bool {
    if !isClosed, !waiting.isEmpty { return true }
    connecting -= 1
    connections -= 1
    return false
  }

  mutating func close() -> (connections: [PostgresConnection], waiters: [Waiter]) {
    isClosed = true
    let idle = resting.map(\.connection)
    connections -= idle.count
    resting = []
    var waiters: [Waiter] = []
    while let waiter = popWaiter() { waiters.append(waiter) }
    return (idle, waiters)
  }
}

extension PostgresConnection {
  /// Seen from any thread.
  nonisolated var isEnded: Bool { link.shared.withLock { $0.condition } == .ended }
}

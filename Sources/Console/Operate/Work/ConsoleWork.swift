import Ledger
public import Logging
public import Postgres
import Projections
import PushCore
public import ServiceLifecycle
import Synchronization

/// Long work that was ordered in the console, done by the server's process: one piece at a time, in
/// the order in which it was ordered, and of each app one.
///
/// It ends with the process. What was broken off goes on where it stood when it is ordered again: a
/// rebuild keeps its steps in the database, and an erasure finds what it took.
public final class ConsoleWork: Service {
  enum Kind: Sendable, Equatable {
    case rebuild
    case erase(UserID, reason: String?)
  }

  /// A piece of work, as pages show it.
  struct State: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
      /// Another piece is done first.
      case waits
      case runs
      case done
      case failed
      /// The server ended before.
      case brokenOff

      var isOver: Bool { self != .waits && self != .runs }
    }

    var kind: Kind
    var phase = Phase.waits
    /// What is done at the moment, or what came of it.
    var sentence = "It begins once what was ordered before it is done."
    var done: Int64 = 0
    /// 0 while it is not known.
    var total: Int64 = 0
    /// What ``done`` counts.
    var unit = ""
    /// How much was done when it was first looked at, and when that was: what its pace is told by.
    var first: Int64?
    var firstAt: Timestamp?
    var endedAt: Timestamp?

    /// Seconds that it takes at the pace so far; nil where that says nothing.
    func secondsLeft(at now: Timestamp) -> Double? {
      guard phase == .runs, let first, let firstAt, done > first, total > done else { return nil }
      return now.seconds(since: firstAt) / Double(done - first) * Double(total - done)
    }
  }

  /// Apps whose work is remembered once it is over.
  private static let limit = 1_000

  let pool: PostgresPool
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  private let states = Mutex<[AppID: State]>([:])
  private let orders: AsyncStream<AppID>
  private let order: AsyncStream<AppID>.Continuation

  /// - Parameter pool: Of its own, of at least four connections, on which a statement may take long.
  public init(
    _ pool: PostgresPool, logger: Logger
  ) {
    self.pool = pool
    self.logger = logger
    clock = Timestamp.systemClock
    (orders, order) = AsyncStream.makeStream(of: AppID.self)
  }

  /// What is done, or was done last, of an app.
  func state(of app: AppID) -> State? { states.withLock { $0[app] } }

  /// - Returns: False where something of the app waits or runs already.
  func begin(_ kind: Kind, of app: AppID) -> Bool {
    let isTaken = states.withLock { states in
      if let known = states[app], !known.phase.isOver { return false }
      if states.count >= Self.limit { states = states.filter { !$0.value.phase.isOver } }
      states[app] = State(kind: kind)
      return true
    }
    if isTaken { order.yield(app) }
    return isTaken
  }

  /// Says how far it is.
  func report(
    _ app: AppID, _ sentence: String, done: Int64 = 0, of total: Int64 = 0, _ unit: String = ""
  ) {
    let now = clock()
    change(app) { state in
      if state.sentence != sentence || state.first == nil {
        state.first = done
        state.firstAt = now
      }
      state.sentence = sentence
      state.done = done
      state.total = total
      state.unit = unit
    }
  }

  private func change(_ app: AppID, _ body: (inout State) -> Void) {
    states.withLock { states in
      guard var state = states[app] else { return }
      body(&state)
      states[app] = state
    }
  }

  // MARK: Running

  /// Works until the process is to end.
  public func run() async throws {
    for await app in orders.cancelOnGracefulShutdown() {
      guard let kind = state(of: app)?.kind else { continue }
      change(app) { $0.phase = .runs }
      let (phase, sentence) = await outcome(kind, of: app)
      let now = clock()
      change(app) { state in
        state.phase = phase
        state.sentence = sentence
        state.endedAt = now
      }
    }
  }

  private func outcome(_ kind: Kind, of app: AppID) async -> (State.Phase, String) {
    do {
      let sentence = try await cancelWhenGracefulShutdown {
        switch kind {
        case .rebuild: try await self.rebuild(of: app)
        case .erase(let user, let reason): try await self.erase(user, reason: reason, of: app)
        }
      }
      return (.done, sentence)
    } catch let refusal as SwapRefusal {
      return (.failed, refusal.description)
    } catch {
      if Task.isCancelled || Task.isShuttingDownGracefully {
        return (.brokenOff, "The server ended before it was done.")
      }
      logger.error(
        "What was ordered in the console failed",
        metadata: ["app": "\(app)", "error": "\(LoggedError.text(error))"])
      return (.failed, "It failed; the server's log says why. Ordered again, it goes on.")
    }
  }
}

import Postgres
import PushCore
import Synchronization

/// One batch of an app's events, folded into a projection that was added.
///
/// All of it is one statement, `ledger.fold_projection`, so what the fold does and the checkpoint are
/// stored together or not at all. A batch that fails is halved until the one event is found:
///
///     1,000 fail ─► 500 go well ─► the next 1,000 fail ─► 500 fail ─► … ─► 1 fails: it is named
///
/// The session in which a fold failed is closed: what its SQL left there is not looked for.
struct AddedStep: Sendable {
  /// At most so many halvings lead from the largest batch to one event.
  static let halvings = 14
  static let reasonCharacters = 300

  enum Progress: Sendable, Equatable {
    /// Everything up to here is folded; there may be more.
    case folded(to: Position)
    case caughtUp
    /// Another process folds it.
    case heldByAnother
    /// Somebody paused it, or it stands before an event that cannot be folded.
    case standsStill
    /// It was removed.
    case gone
    case poisoned(PoisonedEvent)
  }

  let projection: ProjectionName
  let app: AppID
  /// Whether what a rebuild makes beside is folded.
  var isBeside = false
  let owner: String
  /// Events in a batch, besides the projection's own limit.
  var limit = ProjectionManifest.batchEvents.upperBound

  var checkpoint: String {
    isBeside ? Checkpoints.beside(projection.rawValue) : projection.rawValue
  }

  func run(on pool: PostgresPool) async throws -> Progress {
    var events = limit
    for _ in 0...Self.halvings {
      do {
        return try await batch(of: events, on: pool)
      } catch let failure as FailedFold {
        guard failure.events > 1 else {
          let event = PoisonedEvent(position: failure.first, reason: failure.reason)
          try await Checkpoints(pool).fail(checkpoint, of: app, at: event)
          return .poisoned(event)
        }
        events = failure.events / 2
      }
    }
    return .standsStill
  }

  /// One batch on a connection that may be inside a transaction.
  func batch(of events: Int, on connection: PostgresConnection) async throws -> Progress {
    let row = try await connection.query(
      "select progress, reached from ledger.fold_projection($1, $2, $3, $4, $5)",
      [projection.rawValue, app.rawValue, isBeside, owner, Int32(events)])[0]
    switch try row.get(0, as: String.self) {
    case "folded": return .folded(to: try row.get(1))
    case "caught_up": return .caughtUp
    case "held": return .heldByAnother
    case "gone": return .gone
    default: return .standsStill
    }
  }

  private func batch(of events: Int, on pool: PostgresPool) async throws -> Progress {
    let session = Session()
    do {
      return try await pool.withConnection { connection in
        do {
          session.set(try await connection.query("select pg_catalog.pg_backend_pid()")[0].get(0))
          let progress = try await batch(of: events, on: connection)
          try await connection.refresh()
          return progress
        } catch {
          await connection.close()
          throw error
        }
      }
    } catch let error as PostgresError {
      if Task.isCancelled { throw CancellationError() }
      if let failure = FailedFold(error) { throw failure }
      if error.kind == .connectionLost, let process = session.process {
        // A fold that catches its cancellation would go on for ever, and hold its checkpoint.
        _ = try? await pool.query("select pg_catalog.pg_terminate_backend($1, 5000)", [process])
      }
      throw error
    }
  }
}

/// The server's process that a session belongs to.
private final class Session: Sendable {
  private let state = Mutex<Int32?>(nil)

  var process: Int32? { state.withLock { $0 } }

  func set(_ process: Int32) { state.withLock { $0 = process } }
}

/// A batch that cannot be folded. What may go well another time (a lost connection, a deadlock, a full
/// disk) is none.
struct FailedFold: Error {
  /// Position of the batch's first event.
  var first: Position
  var events: Int
  /// What the fold's SQL raised; it sees no content.
  var reason: String

  init?(_ error: PostgresError) {
    guard error.sqlState == "LG023", let parts = error.detail?.split(separator: " "),
      parts.count == 3, let first = Position(parts[0]), let events = Int(parts[1])
    else { return nil }
    let state = String(parts[2])
    let isPassing =
      ["40", "53", "55", "58"].contains(String(state.prefix(2)))
      || (state.hasPrefix("57") && state != "57014")
    guard !isPassing else { return nil }
    self.first = first
    self.events = events
    reason =
      (state == "57014" ? "it takes too long" : error.message)
      .prefix(AddedStep.reasonCharacters) + " (SQLSTATE \(state))"
  }
}

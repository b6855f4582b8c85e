import Ledger
import Postgres
import Projections
import PushCore

/// Does what was ordered on the page, and writes down who ordered it.
struct OrderTaker: Sendable {
  let reader: OperateReader
  let work: ConsoleWork
  let clock: @Sendable () -> Timestamp

  private var pool: PostgresPool { reader.pool }

  /// - Throws: ``Refusal`` where it can't be done; then nothing is.
  func carryOut(_ order: OperateOrder, reason: String?, by caller: APIIdentity) async throws {
    let app = caller.app
    let facts = try await reader.read(app)
    try check(order, facts, app)
    // Written down first: what was done without a trace could not be found.
    try await Audit(pool).record(order.action, order.subject(reason: reason), by: caller)
    switch order {
    case .pause(let provider):
      _ = try await DispatchPauses(pool).pause(
        provider, of: app, by: caller.keyID, reason: reason)
    case .resume(let provider): _ = try await DispatchPauses(pool).resume(provider, of: app)
    case .pauseProjection(let name): _ = try await ProjectionControl(pool).pause(name, app: app)
    case .resumeProjection(let name): _ = try await ProjectionControl(pool).resume(name, app: app)
    case .skip(let name, let position):
      do {
        try await ProjectionControl(pool).skip(
          name, of: app, at: position, reason: reason, now: clock())
      } catch let refusal as ProjectionControl.Refusal {
        throw Refusal.state(refusal.description)
      }
    case .rebuild: try begin(.rebuild, of: app)
    case .erase(let user): try begin(.erase(user, reason: reason), of: app)
    }
  }

  private func check(_ order: OperateOrder, _ facts: OperateFacts, _ app: AppID) throws {
    switch order {
    case .pause, .resume: break
    case .pauseProjection(let name), .resumeProjection(let name), .skip(let name, _):
      guard let state = facts.projections.first(where: { $0.projection == name }) else {
        throw Refusal.unknown("There is no projection of this name.")
      }
      guard facts.rights.controlsProjections else {
        throw Refusal.state(OperateProjections.lacksControl(app))
      }
      if case .skip(_, let position) = order {
        let stands = facts.projections.contains {
          $0.projection == name && $0.failedPosition == position
        }
        guard stands else {
          throw Refusal.state(
            "The projection \(state.projection) does not stand still before position "
              + "\(position.grouped) any more.")
        }
      }
    case .rebuild:
      if let obstacle = OperateRefusals.rebuild(facts) { throw Refusal.state(obstacle) }
      try requireFree(app)
    case .erase: try requireFree(app)
    }
  }

  private func requireFree(_ app: AppID) throws {
    if let known = work.state(of: app), !known.phase.isOver {
      throw Refusal.state("Something that was ordered of this app is not done yet.")
    }
  }

  private func begin(_ kind: ConsoleWork.Kind, of app: AppID) throws {
    guard work.begin(kind, of: app) else {
      throw Refusal.state("Something that was ordered of this app is not done yet.")
    }
  }
}

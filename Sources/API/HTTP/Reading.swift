import Ledger
import Projections
import PushCore

/// What routes read from, and how they wait for it.
struct Reading: Sendable {
  let ledger: LedgerReader
  let projection: NotificationsReader
  let watch: CheckpointWatch

  /// What a request about a message is answered that the app does not have.
  func unknownMessage(of app: AppID) async throws -> Problem {
    let archive = try await ledger.archive(of: app)
    return Problem(
      .messageUnknown,
      "The app has no message with this id. Send it first, or check the id."
        + (archive.map { " " + $0.hint } ?? ""),
      field: "id")
  }

  /// Waits for the position that the request names as `at_least`.
  func awaitPosition(_ call: APICall) async throws {
    let name = QueryParameter.atLeast.name
    guard let position = try call.query.integer(name, in: 0...Int64.max) else { return }
    try await awaitPosition(position, of: call.app, isAsked: true)
  }

  /// Waits until all that is stored now shows.
  func awaitHead(of app: AppID) async throws {
    try await awaitPosition(try await ledger.head(of: app), of: app)
  }

  /// - Parameter isAsked: Whether the request named the position, and can leave it out.
  /// - Throws: ``Problem``: the projection is not there in time, or never will be.
  func awaitPosition(
    _ position: Position, of app: AppID, isAsked: Bool = false
  ) async throws {
    switch try await watch.wait(for: position, of: app) {
    case .reached: return
    case .beyondHead(let head):
      throw FieldError(
        .outOfRange, QueryParameter.atLeast.name,
        "is \(position), and the ledger ends at \(head); give a position that a write answered.")
    case .behind(let report):
      let lag = report.lagEvents
      throw Problem(
        .projectionBehind,
        "Position \(position) does not show yet: the projection is at \(report.position), "
          + "\(lag) event\(lag == 1 ? "" : "s") behind. "
          + (isAsked
            ? "Retry, or ask without at_least."
            : "Retry; if it stays behind, see pushledger projections status."),
        members: [
          .init("position", .integer(report.position)),
          .init("lag_events", .integer(lag)),
        ])
    case .refused:
      throw Problem(.tooBusy, "Too many reads wait for the projection. Retry.")
    case .unknownApp: throw Problem(.unknownApp, "The key's app does not exist any more.")
    }
  }
}

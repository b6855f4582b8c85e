import Postgres
import PushCore

/// An event that cannot be folded: its app's projection stands still before it until the program or
/// an explicit skip knows better.
struct PoisonedEvent: Error, Equatable, CustomStringConvertible {
  var position: Position
  /// Holds nothing of the event's content.
  var reason: String

  var description: String { "The event at position \(position) cannot be folded: \(reason)" }
}

/// Events that somebody decided to leave out of the projection: `projection.event_skipped`. They
/// are left out of every rebuild, replay and explanation as well.
struct SkippedEvents {
  let positions: Set<Position>

  /// In no order.
  var all: [Position] { Array(positions) }

  static func call(_ app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select (data ->> 'position')::bigint from ledger.events
      where app = $1 and stream = $2 and type = $3
      """,
      [
        app.rawValue, StreamName.projection(ProjectionTables.projection).rawValue,
        EventType.eventSkipped.rawValue,
      ])
  }

  init(_ rows: PostgresResult) throws {
    positions = Set(try rows.map { try $0.get(0) })
  }

  func contains(_ position: Position) -> Bool { positions.contains(position) }
}

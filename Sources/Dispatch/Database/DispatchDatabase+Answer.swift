import Ledger
import Logging
import Postgres
import PushCore

extension DispatchDatabase {
  /// Does what a board wants of the database, and says what came of it. Never throws.
  func answer(_ command: BoardCommand, clock: DatabaseClock, logger: Logger) async -> BoardInput {
    do {
      return try await perform(command, clock: clock)
    } catch {
      let isRefusal = Self.isRefusal(error)
      if !Task.isCancelled {
        logger.log(
          level: isRefusal ? .error : .warning, "A dispatcher's call to the database failed",
          metadata: ["call": "\(command.name)", "error": "\(error)"])
      }
      return .failed(command, isRefusal: isRefusal)
    }
  }

  private func perform(_ command: BoardCommand, clock: DatabaseClock) async throws -> BoardInput {
    let start = clock.now()
    switch command {
    case .poll:
      try await clock.adjust(isFirst: false) { try await self.clock() }
      return .polled(try await appsDue())
    case .loadCredentials(let book):
      // A dispatcher that has credentials and does not know yet what is paused would push it.
      let pauses = try await pauses()
      return .credentials(book.updated(with: try await credentials(), pauses: pauses))
    case .count: return .counted(try await countDue())
    case .take(let app, let providers, let held):
      return .taken(
        app, try await takeLanes(of: app, providers: providers, held: held), from: start)
    case .renew(let lanes):
      return .renewed(lanes, try await renew(lanes.map { ($0.app, $0.id) }), from: start)
    case .release(let app, let lanes, let leaves):
      try await release(lanes, of: app, leaves: leaves)
      return .released(app, lanes)
    case .list(let app, let orders):
      return .listed(app, orders, try await list(orders.map(\.request), of: app))
    case .handOut(let order): return .handedOut(order, try await handOut(order.request))
    case .record(let app, let attempts):
      return .recorded(app, attempts, lost: try await record(attempts, of: app))
    case .findExpired(let app, let lanes):
      return .expired(app, try await expired(in: lanes, of: app))
    case .announce(let app):
      try await announce(app)
      return .announced(app)
    case .send: return .tick
    }
  }

  /// Whether the database would refuse the same again for what is in it: data that it can't store.
  private static func isRefusal(_ error: any Error) -> Bool {
    guard let state = (error as? PostgresError)?.sqlState else { return false }
    return state.hasPrefix("22") || state.hasPrefix("23") || state == "LG003"
  }
}

extension BoardCommand {
  /// For logs.
  var name: String {
    switch self {
    case .poll: "poll"
    case .loadCredentials: "load_credentials"
    case .count: "count"
    case .take: "take_lanes"
    case .renew: "renew_lanes"
    case .release: "release_lanes"
    case .list: "list_due"
    case .handOut: "hand_out"
    case .record: "record"
    case .findExpired: "list_expired"
    case .announce: "announce"
    case .send: "send"
    }
  }
}

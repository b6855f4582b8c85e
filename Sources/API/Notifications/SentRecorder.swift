import Logging
import Postgres
import PushCore

/// Records what became of what streams were sent. What comes for an app while a recording is under
/// way goes with the next, so that many acknowledgements cost one transaction.
actor SentRecorder {
  private enum Order {
    /// A device has everything up to a position.
    case acknowledge(DeviceKey, upTo: Position)
    case record([(row: SentRow, isAccepted: Bool)])
  }

  private struct Waiting {
    var order: Order
    var continuation: CheckedContinuation<Int, any Error>
  }

  /// A row's place, in which rows are locked.
  fileprivate struct Place: Hashable {
    var device: DeviceKey
    var position: Position
  }

  private let database: StreamsDatabase
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger
  private var waiting: [AppID: [Waiting]] = [:]
  private var working: Set<AppID> = []

  init(
    _ database: StreamsDatabase, clock: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.database = database
    self.clock = clock
    self.logger = logger
  }

  /// - Returns: How many notifications that newly acknowledges.
  func acknowledge(_ device: DeviceKey, upTo position: Position, of app: AppID) async throws -> Int
  {
    try await ask(.acknowledge(device, upTo: position), of: app)
  }

  /// Records what a device's older streams were sent, as far as nobody did: what it acknowledges is
  /// accepted, of the rest it is not known.
  func settle(_ rows: [SentRow], acknowledged: Position, of app: AppID) async throws {
    guard !rows.isEmpty else { return }
    _ = try await ask(.record(rows.map { ($0, $0.position <= acknowledged) }), of: app)
  }

  /// Records what expired without an acknowledgement.
  func sweep() async {
    do {
      while let (app, rows) = try await database.unanswered(limit: APILimits.sentPerRecording) {
        _ = try await ask(.record(rows.map { ($0, false) }), of: app)
        if rows.count < APILimits.sentPerRecording { return }
      }
    } catch {
      logger.warning(
        "What streams were sent and what expired could not be recorded; it is tried again",
        metadata: ["error": "\(error)"])
    }
  }

  private func ask(_ order: Order, of app: AppID) async throws -> Int {
    guard waiting[app, default: []].count < APILimits.waitingRecordings else {
      throw Problem(.tooBusy, "Too many acknowledgements are being recorded. Retry.")
    }
    return try await withCheckedThrowingContinuation { continuation in
      waiting[app, default: []].append(Waiting(order: order, continuation: continuation))
      guard working.insert(app).inserted else { return }
      Task { await work(app) }
    }
  }

  private func work(_ app: AppID) async {
    while let orders = waiting.removeValue(forKey: app) {
      do {
        let counts = try await perform(orders.map(\.order), of: app)
        for (order, count) in zip(orders, counts) { order.continuation.resume(returning: count) }
      } catch {
        for order in orders { order.continuation.resume(throwing: Self.problem(error)) }
      }
    }
    working.remove(app)
  }

  private func perform(_ orders: [Order], of app: AppID) async throws -> [Int] {
    var asked: [(device: DeviceKey, upTo: Position)] = []
    for case .acknowledge(let device, let position) in orders { asked.append((device, position)) }
    var found = asked.isEmpty ? [] : try await database.sent(asked, of: app)[...]
    var places: [Place: (row: SentRow, isAccepted: Bool)] = [:]
    let counts = orders.map { order in
      switch order {
      case .acknowledge:
        let rows = found.popFirst() ?? []
        for row in rows {
          places[Place(device: row.device, position: row.position)] = (row, true)
        }
        return rows.count
      case .record(let rows):
        for (row, isAccepted) in rows {
          let place = Place(device: row.device, position: row.position)
          if isAccepted || places[place] == nil { places[place] = (row, isAccepted) }
        }
        return rows.count
      }
    }
    let ordered = places.sorted { $0.key < $1.key }.map(\.value)
    var rest = ordered[...]
    while !rest.isEmpty {
      try await database.record(
        Array(rest.prefix(APILimits.sentPerRecording)), of: app, at: clock())
      rest = rest.dropFirst(APILimits.sentPerRecording)
    }
    return counts
  }

  /// Whatever keeps the ledger from taking it, the same acknowledgement may succeed later.
  private static func problem(_ error: any Error) -> any Error {
    guard let error = error as? PostgresError, error.kind == .server else { return error }
    let state = error.sqlState ?? ""
    if ["22", "23", "42", "LG"].contains(where: state.hasPrefix) { return error }
    return Problem(.ledgerUnavailable, "The ledger cannot be appended to now. Retry.")
  }
}

extension SentRecorder.Place: Comparable {
  static func < (left: Self, right: Self) -> Bool {
    (left.device.user, left.device.device, left.position)
      < (right.device.user, right.device.device, right.position)
  }
}

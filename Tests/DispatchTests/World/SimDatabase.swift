import Ledger
import PushCore

import struct Foundation.UUID

@testable import PushDispatch

/// The tables of schema `dispatch` and the attempts in the ledger, in memory. Its functions do
/// what those in `sql/functions` do, each in one step as in one transaction.
struct SimDatabase {
  struct LaneName: Hashable {
    var app: AppID
    var lane: Int16
  }

  struct Lane {
    var epoch: Int64 = 0
    var dispatcher: String?
    var leasedUntil: Timestamp?
  }

  struct Due {
    var lane: Int16
    var provider: ProviderName
    var key: RowKey
    var device: DeviceKey
    var message: MessageID
    var attempts = 0
    var dueAt: Timestamp
    var expiresAt: Timestamp
  }

  struct DeviceName: Hashable {
    var app: AppID
    var device: DeviceKey
  }

  struct Device {
    var topic: String?
    var environment = PushEnvironment.production
    var token = "token"
    var isValid = true
  }

  struct HandedOutName: Hashable {
    var lane: LaneName
    var provider: ProviderName
  }

  /// A `push.attempted` in the ledger.
  struct Attempt {
    var app: AppID
    var delivery: UUID
    var number: Int
    var outcome: AttemptOutcome
    var reason: String?
    var dispatcher: String
    var isFenced: Bool
    var retryAt: Timestamp?
  }

  var lanesOfApp: [AppID: Int] = [:]
  var lanes: [LaneName: Lane] = [:]
  var dispatchers: [AppID: [String: Timestamp]] = [:]
  var due: [AppID: [UUID: Due]] = [:]
  /// What was taken out of `due`, whyever.
  var ended: [UUID: Due] = [:]
  var calledOffAt: [UUID: Timestamp] = [:]
  /// The projection has seen no attempt yet.
  var isProjectionBehind = false
  struct HandedOut {
    var epoch: Int64
    var number: Int64
    var rows: [(key: RowKey, attempt: Int)]
  }

  var handedOut: [HandedOutName: HandedOut] = [:]
  var devices: [DeviceName: Device] = [:]
  var credentials: [LoadedCredential] = []
  var pauses: [DispatchPause] = []
  var attempts: [UUID: Attempt] = [:]
  /// Numbers of recorded attempts by delivery, fenced ones included.
  var numbers: [UUID: Set<Int>] = [:]

  /// Does what a board asks for.
  mutating func perform(
    _ command: BoardCommand, by name: String, lease: Duration, from start: Timestamp,
    at now: Timestamp
  ) -> BoardInput {
    switch command {
    case .poll: .polled(appsDue())
    case .loadCredentials(let book):
      .credentials(book.updated(with: credentials, pauses: pauses))
    case .count: .counted(countDue())
    case .take(let app, let providers, let held):
      .taken(
        app, takeLanes(of: app, providers, held, by: name, lease: lease, at: now), from: start)
    case .renew(let names): .renewed(names, renew(names, by: name, lease, at: now), from: start)
    case .release(let app, let lanes, let leaves):
      release(lanes, of: app, leaves: leaves, by: name)
    case .list(let app, let orders): .listed(app, orders, orders.map { list($0.request, of: app) })
    case .handOut(let order): .handedOut(order, handOut(order.request, by: name))
    case .record(let app, let attempts):
      .recorded(app, attempts, lost: record(attempts, of: app, by: name))
    case .findExpired(let app, let lanes): .expired(app, expired(in: lanes, of: app, at: now))
    case .announce(let app): .announced(app)
    case .send: .tick
    }
  }

  // MARK: Lanes

  private mutating func takeLanes(
    of app: AppID, _ providers: [ProviderName], _ held: [Int16], by name: String, lease: Duration,
    at now: Timestamp
  ) -> [DispatchDatabase.TakenLane] {
    if dispatchers[app]?[name].map({ $0 > now + lease / 2 }) != true {
      dispatchers[app, default: [:]][name] = now + lease
    }
    let alive = dispatchers[app]?.values.count { $0 > now } ?? 0
    let share = (lanesOfApp[app] ?? 0) + max(1, alive) - 1
    let room = share / max(1, alive) - held.count
    let rows = due[app]?.values.filter { providers.contains($0.provider) } ?? []
    let left = lanes.filter { $0.key.app == app && $0.value.leasedUntil.map { $0 < now } ?? false }
    let wanted = Set(rows.map(\.lane)).union(left.keys.map(\.lane)).subtracting(held).sorted()
      .filter { number in
        guard let lane = lanes[LaneName(app: app, lane: number)] else { return true }
        return lane.dispatcher == nil || lane.dispatcher == name
          || lane.leasedUntil.map { $0 < now } ?? true
      }
    return wanted.prefix(max(0, room)).map { number in
      let place = LaneName(app: app, lane: number)
      let before = lanes[place] ?? Lane()
      lanes[place] = Lane(epoch: before.epoch + 1, dispatcher: name, leasedUntil: now + lease)
      return DispatchDatabase.TakenLane(
        id: HeldLaneID(lane: number, epoch: before.epoch + 1), lostDispatcher: before.dispatcher,
        lost: unrecorded(in: place))
    }
  }

  /// What may have been sent in a lane without being recorded.
  func unrecorded(in place: LaneName) -> [DispatchDatabase.UnrecordedDelivery] {
    ProviderName.allCases.flatMap { provider in
      (handedOut[HandedOutName(lane: place, provider: provider)]?.rows ?? []).compactMap { entry in
        let delivery = entry.key.delivery
        if let row = due[place.app]?[delivery] {
          return row.attempts + 1 == entry.attempt
            ? Self.unrecorded(row, attempts: row.attempts) : nil
        }
        guard let row = ended[delivery], row.attempts < entry.attempt,
          isProjectionBehind || numbers[delivery]?.contains(entry.attempt) != true
        else { return nil }
        return Self.unrecorded(row, attempts: entry.attempt - 1)
      }
    }
  }

  static func unrecorded(_ row: Due, attempts: Int) -> DispatchDatabase.UnrecordedDelivery {
    DispatchDatabase.UnrecordedDelivery(
      lane: row.lane, provider: row.provider, key: row.key, device: row.device,
      message: row.message, attempts: attempts)
  }

  func holds(_ lane: HeldLaneID, of app: AppID, _ name: String) -> Bool {
    let held = lanes[LaneName(app: app, lane: lane.lane)]
    return held?.epoch == lane.epoch && held?.dispatcher == name
  }

  private mutating func renew(
    _ names: [HeldLane.Name], by dispatcher: String, _ lease: Duration, at now: Timestamp
  ) -> [DispatchDatabase.RenewedLane] {
    for name in names { dispatchers[name.app, default: [:]][dispatcher] = now + lease }
    return names.filter { holds($0.id, of: $0.app, dispatcher) }.map { name in
      lanes[LaneName(app: name.app, lane: name.id.lane)]?.leasedUntil = now + lease
      return DispatchDatabase.RenewedLane(
        app: name.app, lane: name.id.lane, appLanes: lanesOfApp[name.app] ?? 0,
        dispatchers: dispatchers[name.app]?.values.count { $0 > now } ?? 0)
    }
  }

  private mutating func release(
    _ given: [HeldLaneID], of app: AppID, leaves: Bool, by name: String
  ) -> BoardInput {
    for lane in given where holds(lane, of: app, name) {
      let place = LaneName(app: app, lane: lane.lane)
      lanes[place]?.dispatcher = nil
      lanes[place]?.leasedUntil = nil
      for provider in ProviderName.allCases {
        handedOut[HandedOutName(lane: place, provider: provider)] = nil
      }
    }
    if leaves { dispatchers[app]?[name] = nil }
    return .released(app, given)
  }
}

import PushCore

import struct Foundation.UUID

/// One provider's due deliveries in one lane: which may go next, a device's always in order.
///
///     listed ─► waiting ─► asked for ─► loaded ─► sent ─► finished ─► recorded: gone,
///                  ▲            │          │                  │        or waiting again
///                  └────────────┴──────────┴── withdrawn      └─ a retry holds its device back
///
/// Every device has a line. The first of a line is the only one that is sent; some behind it may
/// be loaded already, so that they can follow at once. Times are the database's.
struct Strand: Sendable {
  struct Limits: Sendable {
    /// Rows in memory.
    var held: Int
    /// Rows of one listing.
    var page: Int
    /// Deliveries of one device that are asked for ahead of their turn.
    var ahead: Int
    var freshness: Duration
  }

  enum Stage: Sendable {
    case waiting
    case asked(purse: Int)
    /// Asked for, and dropped meanwhile: what comes is given back.
    case askedInVain(purse: Int)
    case loaded(LoadedDelivery, at: Timestamp, purse: Int)
    case sent(LoadedDelivery, purse: Int)
    case finished(purse: Int)
  }

  struct Entry: Sendable {
    var row: DueRow
    var stage: Stage

    var tag: DeliveryTag { DeliveryTag(delivery: row.key.delivery, attempt: row.attempts + 1) }
  }

  /// A device's deliveries in memory that have not ended, oldest first.
  struct Line: Sendable {
    var rows: [UUID] = []
    /// How many of the first ones are not waiting.
    var open = 0
    var isReady = false
  }

  /// What to do next.
  enum Step: Sendable {
    case send(LoadedDelivery, by: Route.Open, purse: Int)
    /// It ends without being sent.
    case end(LoadedDelivery, AttemptResult, purse: Int)
  }

  let app: AppID
  let lane: Int16
  let provider: ProviderName
  var limits: Limits
  /// Nothing is sent from this instant on, unless the lease is renewed.
  var sendUntil: Timestamp
  /// Set when the lane is about to be given back: nothing new is sent.
  private(set) var isClosing = false

  var entries: [UUID: Entry] = [:]
  var lines: [DeviceKey: Line] = [:]
  /// Deliveries handed out, or about to be, and not recorded.
  private(set) var open: Set<UUID> = []
  /// Devices of which something can be asked for, by the route that it goes.
  private(set) var ready: [ReadyDevices] = []
  var delayed = Delays()
  /// Devices whose loaded delivery waits for the lease.
  private var stalled: Set<DeviceKey> = []
  var listing = Listing()
  var passed = PassedOver()

  struct ReadyDevices: Sendable {
    var route: RouteID
    var devices = Fifo<DeviceKey>()
  }

  init(
    app: AppID, lane: Int16, provider: ProviderName, limits: Limits, sendUntil: Timestamp
  ) {
    self.app = app
    self.lane = lane
    self.provider = provider
    self.limits = limits
    self.sendUntil = sendUntil
  }

  /// Nothing is known that would have to be sent.
  var isEmpty: Bool { entries.isEmpty && passed.isEmpty && !listing.isUnderWay && !listing.wants }
  var waiting: Int { entries.count - open.count }
  var hasReady: Bool { !ready.isEmpty }

  // MARK: Asking

  /// Chooses deliveries to hand out, of as many devices as possible before a second one of any.
  mutating func ask(upTo count: Int, _ gates: inout Gates, at now: Timestamp) -> [DueRow] {
    guard !isClosing, now < sendUntil else { return [] }
    var asked: [DueRow] = []
    var index = 0
    while index < ready.count, asked.count < count {
      let route = ready[index].route
      devices: while asked.count < count, let device = ready[index].devices.first {
        guard let line = lines[device], line.isReady else {
          _ = ready[index].devices.popFirst()
          continue
        }
        guard case .row(let id) = candidate(line, at: now), let entry = entries[id],
          entry.row.route == route
        else {
          _ = ready[index].devices.popFirst()
          lines[device]?.isReady = false
          makeReady(device, at: now)
          continue
        }
        switch gates.admit(entry.tag, by: route, at: now) {
        case .full: break devices
        case .blocked:
          _ = ready[index].devices.popFirst()
          lines[device]?.isReady = false
          pass(device, .route(route))
        case .admitted(let purse):
          _ = ready[index].devices.popFirst()
          entries[id]?.stage = .asked(purse: purse)
          open.insert(id)
          lines[device]?.open += 1
          lines[device]?.isReady = false
          asked.append(entry.row)
          makeReady(device, at: now)
        }
      }
      index += 1
    }
    ready.removeAll { $0.devices.isEmpty }
    return asked
  }

  private enum Candidate {
    case row(UUID)
    case later(Timestamp)
    case none
  }

  /// What of a line could be asked for next.
  private func candidate(_ line: Line, at now: Timestamp) -> Candidate {
    guard line.open < min(line.rows.count, limits.ahead),
      let next = entries[line.rows[line.open]], case .waiting = next.stage
    else { return .none }
    if line.open > 0, let first = entries[line.rows[0]], case .finished = first.stage {
      return .none
    }
    if next.row.dueAt <= now { return .row(next.row.key.delivery) }
    return line.open == 0 ? .later(next.row.dueAt) : .none
  }

  /// Puts a device among the ready ones, or among those that wait for a time, where it belongs.
  mutating func makeReady(_ device: DeviceKey, at now: Timestamp) {
    guard let line = lines[device], !line.isReady, !isClosing else { return }
    let next: Entry
    switch candidate(line, at: now) {
    case .none: return
    case .later(let time):
      delayed.add(device, until: time)
      return
    case .row(let id):
      guard let entry = entries[id] else { return }
      next = entry
    }
    lines[device]?.isReady = true
    if let index = ready.firstIndex(where: { $0.route == next.row.route }) {
      ready[index].devices.append(device)
    } else {
      var devices = ReadyDevices(route: next.row.route)
      devices.devices.append(device)
      ready.append(devices)
    }
  }

  // MARK: What comes back

  /// Takes what was handed out of the rows asked for; what is missing is no longer due.
  mutating func handedOut(
    _ asked: [UUID], _ loaded: [UUID: (LoadedDelivery, RouteID)], _ gates: inout Gates,
    at now: Timestamp, _ steps: inout [Step]
  ) {
    var devices: [DeviceKey] = []
    for id in asked {
      guard let entry = entries[id] else { continue }
      switch entry.stage {
      case .asked(let purse):
        if let (delivery, route) = loaded[id] {
          if route == entry.row.route {
            entries[id]?.stage = .loaded(delivery, at: now, purse: purse)
          } else {
            // The device was registered anew meanwhile: it goes another way now.
            withdraw(id, purse, &gates, at: now)
            entries[id]?.row.route = route
          }
        } else {
          gates.giveUp(entry.tag, by: entry.row.route, purse: purse, at: now)
          remove(id)
          lines[entry.row.device]?.rows.removeAll { $0 == id }
        }
        devices.append(entry.row.device)
      case .askedInVain(let purse):
        gates.giveUp(entry.tag, by: entry.row.route, purse: purse, at: now)
        remove(id)
        listing.removed.remove(entry.row.key)
        passed.add(entry.row.device, .crowded, from: entry.row.key)
        passed.resolve(.crowded)
      default: break
      }
    }
    for device in devices { settle(device, &gates, at: now, &steps) }
  }

  /// Nothing of what was asked for was handed out.
  mutating func handOutFailed(
    _ asked: [UUID], _ gates: inout Gates, at now: Timestamp, _ steps: inout [Step]
  ) {
    for id in asked {
      guard let entry = entries[id] else { continue }
      switch entry.stage {
      case .asked(let purse):
        withdraw(id, purse, &gates, at: now)
        settle(entry.row.device, &gates, at: now, &steps)
      case .askedInVain: handedOut([id], [:], &gates, at: now, &steps)
      default: break
      }
    }
  }

  /// The provider's answer to a delivery that was sent.
  mutating func answered(
    _ id: UUID, isFinal: Bool, _ gates: inout Gates, at now: Timestamp, _ steps: inout [Step]
  ) {
    guard let entry = entries[id], case .sent(_, let purse) = entry.stage else { return }
    entries[id]?.stage = .finished(purse: purse)
    if isFinal { endLine(entry) }
    settle(entry.row.device, &gates, at: now, &steps)
  }

  /// An attempt is in the ledger.
  ///
  /// - Parameter next: Attempts so far and when it is due again; nil: it has ended.
  mutating func recorded(
    _ id: UUID, next: (attempts: Int, dueAt: Timestamp)?, _ gates: inout Gates, at now: Timestamp,
    _ steps: inout [Step]
  ) {
    guard let entry = entries[id], case .finished = entry.stage else { return }
    guard let next else {
      remove(id)
      if lines[entry.row.device] == nil { passed.lineEnded(entry.row.device) }
      return
    }
    guard lines[entry.row.device]?.rows.contains(id) == true else {
      // It had ended, but that could not be recorded: it is read again later.
      remove(id)
      passed.add(entry.row.device, .backingOff, from: entry.row.key)
      passed.wake(entry.row.device, at: next.dueAt)
      return
    }
    open.remove(id)
    entries[id]?.row.attempts = next.attempts
    entries[id]?.row.dueAt = next.dueAt
    entries[id]?.stage = .waiting
    settle(entry.row.device, &gates, at: now, &steps)
  }

  // MARK: Settling a line

  /// Sends or ends what stands first in a device's line, and withdraws what can't follow it now.
  mutating func settle(
    _ device: DeviceKey, _ gates: inout Gates, at now: Timestamp, _ steps: inout [Step]
  ) {
    while let id = lines[device]?.rows.first, let entry = entries[id],
      case .loaded(let delivery, let since, let purse) = entry.stage
    {
      if let end = Self.ending(of: delivery, entry.row, at: now) {
        gates.endProbe(entry.tag, by: entry.row.route, at: now)
        entries[id]?.stage = .finished(purse: purse)
        endLine(entry)
        steps.append(.end(delivery, end, purse: purse))
        continue
      }
      if now >= sendUntil, !isClosing {
        stalled.insert(device)
      } else if !isClosing, now < since + limits.freshness,
        let way = gates.way(entry.tag, by: entry.row.route)
      {
        entries[id]?.stage = .sent(delivery, purse: purse)
        steps.append(.send(delivery, by: way, purse: purse))
      } else {
        withdraw(id, purse, &gates, at: now)
      }
      break
    }
    withdrawFollowers(device, &gates, at: now)
    guard let line = lines[device] else { return }
    if line.rows.isEmpty {
      lines[device] = nil
      passed.lineEnded(device)
    } else {
      makeReady(device, at: now)
    }
  }

  private static func ending(
    of delivery: LoadedDelivery, _ row: DueRow, at now: Timestamp
  ) -> AttemptResult? {
    if now >= row.expiresAt { return AttemptResult(.expired, reason: "expired") }
    return delivery.obstacle
  }

  private mutating func withdrawFollowers(
    _ device: DeviceKey, _ gates: inout Gates, at now: Timestamp
  ) {
    guard let line = lines[device] else { return }
    var mustWait = false
    // Not up to `open`: what was asked for behind a delivery that waits again may come only now.
    for id in line.rows.prefix(limits.ahead) {
      switch entries[id]?.stage {
      case .waiting, .finished: mustWait = true
      case .loaded(_, let since, let purse)
      where mustWait || isClosing || now >= since + limits.freshness:
        withdraw(id, purse, &gates, at: now)
        mustWait = true
      default: break
      }
    }
    lines[device]?.open =
      line.rows.firstIndex { id in
        if case .waiting = entries[id]?.stage { true } else { false }
      } ?? line.rows.count
  }

  private mutating func withdraw(
    _ id: UUID, _ purse: Int, _ gates: inout Gates, at now: Timestamp
  ) {
    guard let entry = entries[id] else { return }
    gates.giveUp(entry.tag, by: entry.row.route, purse: purse, at: now)
    entries[id]?.stage = .waiting
    open.remove(id)
  }

  mutating func endLine(_ entry: Entry) {
    let device = entry.row.device
    guard let index = lines[device]?.rows.firstIndex(of: entry.row.key.delivery) else { return }
    lines[device]?.rows.remove(at: index)
    if let open = lines[device]?.open, index < open { lines[device]?.open = open - 1 }
  }

  mutating func remove(_ id: UUID) {
    if listing.isUnderWay, let key = entries[id]?.row.key { listing.removed.insert(key) }
    entries[id] = nil
    open.remove(id)
  }

  // MARK: Time and the end

  /// Looks at what waits for a time.
  mutating func tick(_ gates: inout Gates, at now: Timestamp, _ steps: inout [Step]) {
    for device in delayed.take(until: now) { makeReady(device, at: now) }
    if !stalled.isEmpty {
      let devices = stalled
      stalled = []
      for device in devices { settle(device, &gates, at: now, &steps) }
    }
    passed.tick(at: now)
  }

  /// Sends nothing more: what is loaded is withdrawn, what is on its way goes on.
  mutating func close(_ gates: inout Gates, at now: Timestamp) {
    isClosing = true
    ready = []
    var none: [Step] = []
    for device in Array(lines.keys) {
      lines[device]?.isReady = false
      settle(device, &gates, at: now, &none)
    }
  }

  /// The lane is lost: gives back what was asked for and not sent.
  mutating func abandon(_ gates: inout Gates, at now: Timestamp) {
    for entry in entries.values {
      switch entry.stage {
      case .asked(let purse), .askedInVain(let purse), .loaded(_, _, let purse):
        gates.giveUp(entry.tag, by: entry.row.route, purse: purse, at: now)
      case .waiting, .sent, .finished: break
      }
    }
    entries = [:]
    lines = [:]
    open = []
    ready = []
  }
}

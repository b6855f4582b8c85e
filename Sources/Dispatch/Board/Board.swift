import PushCore

import struct Foundation.UUID

/// Decides all that a dispatcher does: what it is told goes in, what is to be done comes out. It
/// reads no clock and waits for nothing.
///
///     notified, polled ─► take lanes ─► list ─► hand out ─► send ─► record ─┐
///                                        ▲        ▲ retry, next of device   │
///                                        └────────┴─────────────────────────┘
///
/// For each app one listing, one hand-out and one recording are under way at a time; what comes
/// meanwhile goes with the next.
struct Board: Sendable {
  let dispatcher: String
  let configuration: DispatcherConfiguration
  var gates: Gates
  var apps: [AppID: AppBoard] = [:]
  var strands: [StrandID: Strand] = [:]
  var inFlight: [Ticket.ID: Ticket] = [:]
  var counters = DispatcherCounters()
  var waiting: [WaitingDeliveries] = []
  var random: any RandomNumberGenerator & Sendable
  /// Apps that something happened in since the last plan.
  var touched: Set<AppID> = []
  /// Sends decided since the last plan.
  var sends: [BoardCommand] = []
  var timers = BoardTimers()
  /// Whether credentials were loaded once: before, everything would seem to lack one.
  var hasLoadedCredentials = false
  /// When tickets are overdue, oldest first.
  var overdue = Fifo<(id: Ticket.ID, at: Timestamp)>()
  /// Providers through which something is due that nothing can be sent through, at the last poll.
  var unsendable: [AppID: [ProviderName]] = [:]
  /// Routes for which a probe is being looked for, and since when.
  var probes: [RouteID: Timestamp] = [:]
  private(set) var isStopping = false
  private var lastTicket: Ticket.ID = 0
  private var lastStrand: StrandID = 0
  private var lastHandOut: Int64 = 0

  init(dispatcher: String, configuration: DispatcherConfiguration, routes: Routes) {
    self.dispatcher = dispatcher
    self.configuration = configuration
    gates = Gates(
      routes: routes, circuits: Circuits(configuration.circuits),
      budget: Budget(limit: configuration.openDeliveries))
    random = configuration.random
  }

  /// Everything is answered, recorded and given back.
  var isDone: Bool { isStopping && inFlight.isEmpty && apps.isEmpty }

  mutating func handle(_ input: BoardInput, at now: Timestamp) {
    switch input {
    case .due(let names): for app in names { becameDue(app) }
    case .mended(let names): for app in names { readAnew(app) }
    case .polled(let due): polled(due)
    case .credentials(let book): replaceCredentials(book)
    case .credentialsChanged: timers.credentials.hurry()
    case .reconnected:
      timers.poll.hurry()
      timers.credentials.hurry()
      for app in Array(apps.keys) { readAnew(app) }
    case .taken(let app, let lanes, let start): taken(lanes, of: app, from: start, at: now)
    case .renewed(let asked, let lanes, let start): renewed(asked, lanes, from: start, at: now)
    case .released(let app, let lanes): released(lanes, of: app, at: now)
    case .listed(let app, let orders, let rows): listed(orders, rows, of: app, at: now)
    case .handedOut(let order, let loaded): handedOut(order, loaded, at: now)
    case .answered(let id, let result, let time): answered(id, result, finishedAt: time, at: now)
    case .recorded(let app, let attempts, let lost): recorded(attempts, lost, of: app, at: now)
    case .expired(let app, let found): expired(found, of: app, at: now)
    case .counted(let counts): counted(counts, at: now)
    case .announced(let app): announced(app, at: now)
    case .failed(let command, let isRefusal): failed(command, isRefusal: isRefusal, at: now)
    case .tick: break
    case .stop: stop(at: now)
    }
  }

  mutating func newTicketID() -> Ticket.ID {
    lastTicket += 1
    return lastTicket
  }

  mutating func newStrandID() -> StrandID {
    lastStrand += 1
    return lastStrand
  }

  mutating func newHandOutNumber() -> Int64 {
    lastHandOut += 1
    return lastHandOut
  }

  mutating func chance() -> Double { Double.random(in: 0..<1, using: &random) }

  mutating func update(_ app: AppID, _ change: (inout AppBoard) -> Void) {
    touched.insert(app)
    let limit = configuration.recordRows
    change(&apps[app, default: AppBoard(recordLimit: limit)])
  }

  private mutating func stop(at now: Timestamp) {
    isStopping = true
    for app in Array(apps.keys) {
      apps[app]?.wantsLanes = false
      apps[app]?.wantsExpired = false
      for lane in apps[app]?.lanes.keys.sorted() ?? [] { leave(lane, of: app, at: now) }
      touched.insert(app)
    }
  }

  // MARK: What became due

  private mutating func becameDue(_ app: AppID) {
    guard !isStopping, !gates.routes.sendable(app).isEmpty else { return }
    update(app) { $0.wantsLanes = true }
    for id in strandIDs(of: app) { strands[id]?.notify() }
  }

  private mutating func readAnew(_ app: AppID) {
    for id in strandIDs(of: app) { strands[id]?.readAnew() }
    becameDue(app)
  }

  private mutating func polled(_ due: [AppID: [ProviderName]]) {
    timers.poll.ended()
    unsendable = [:]
    for (app, providers) in due {
      let sendable = gates.routes.sendable(app)
      if providers.contains(where: sendable.contains) { becameDue(app) }
      let rest = providers.filter { !sendable.contains($0) }
      if !rest.isEmpty { unsendable[app] = rest }
    }
  }

  func strandIDs(of app: AppID) -> [StrandID] {
    (apps[app]?.lanes.values.flatMap { $0.strands.values } ?? []).sorted()
  }

  // MARK: Failed calls

  private mutating func failed(_ command: BoardCommand, isRefusal: Bool, at now: Timestamp) {
    counters.databaseFailures += 1
    switch command {
    case .poll: timers.poll.ended()
    case .loadCredentials: timers.credentials.ended()
    case .count: timers.count.ended()
    case .renew: timers.renewal.ended()
    case .take(let app, _, _):
      pause(.take, of: app, at: now)
      if !isStopping { update(app) { $0.wantsLanes = true } }
    case .release(let app, let lanes, _):
      pause(.release, of: app, at: now)
      for lane in lanes { apps[app]?.lanes[lane.lane]?.isBeingReleased = false }
    case .list(let app, let orders):
      pause(.list, of: app, at: now)
      for order in orders { strands[order.strand]?.listingFailed() }
    case .handOut(let order): handOutFailed(order, at: now)
    case .record(let app, let attempts):
      recordFailed(attempts, of: app, isRefusal: isRefusal, at: now)
    case .findExpired(let app, _): apps[app]?.underWay.remove(.expired)
    case .announce(let app): announced(app, at: now)
    case .send: break
    }
  }

  /// Waits before the same call of an app is made again: longer after every failure.
  mutating func pause(_ call: AppBoard.Call, of app: AppID, at now: Timestamp) {
    let chance = chance()
    let first = configuration.firstDatabasePause
    let longest = configuration.longestDatabasePause
    update(app) { board in
      board.underWay.remove(call)
      let failures = (board.pauses[call]?.failures ?? 0) + 1
      let wait = min(first * (1 << min(failures - 1, 16)), longest) * (0.5 + chance / 2)
      board.pauses[call] = AppBoard.Pause(failures: failures, until: now + wait)
    }
  }
}

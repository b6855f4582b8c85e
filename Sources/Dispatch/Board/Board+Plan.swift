import PushCore

extension Board {
  /// What is to be done now.
  mutating func plan(at now: Timestamp) -> [BoardCommand] {
    var commands: [BoardCommand] = []
    if timers.tick.begin(every: configuration.tick, at: now) {
      tick(at: now)
      timers.tick.ended()
    }
    if !isStopping { planRoutine(at: now, &commands) }
    if timers.renewal.begin(every: configuration.renewInterval, at: now) {
      let lanes = lanesToRenew()
      if lanes.isEmpty {
        timers.renewal.ended()
      } else {
        commands.append(.renew(lanes))
      }
    }
    let names = touched
    touched = []
    for app in names { plan(app, at: now, &commands) }
    commands.append(contentsOf: sends)
    sends.removeAll(keepingCapacity: true)
    return commands
  }

  private mutating func tick(at now: Timestamp) {
    giveUpOverdue(at: now)
    let limits = strandLimits()
    for id in Array(strands.keys) {
      var steps: [Strand.Step] = []
      strands[id]?.limits = limits
      strands[id]?.tick(&gates, at: now, &steps)
      take(steps, of: id, at: now)
    }
    for app in Array(apps.keys) {
      if apps[app]?.isIdle == true {
        apps[app] = nil
        continue
      }
      touched.insert(app)
      if !isStopping { leaveIdleLanes(of: app, at: now) }
    }
  }

  private mutating func planRoutine(at now: Timestamp, _ commands: inout [BoardCommand]) {
    if timers.credentials.begin(every: configuration.credentialsInterval, at: now) {
      commands.append(.loadCredentials(gates.routes.book))
    }
    if timers.poll.begin(every: configuration.pollInterval, at: now) { commands.append(.poll) }
    if hasLoadedCredentials, timers.count.begin(every: configuration.countInterval, at: now) {
      commands.append(.count)
    }
    if timers.expiry.begin(every: configuration.expiryInterval, at: now) {
      timers.expiry.ended()
      for app in Set(apps.keys).union(unsendable.keys) { update(app) { $0.wantsExpired = true } }
      for id in strands.keys { strands[id]?.passed.resolveAll() }
    }
  }

  private mutating func plan(_ app: AppID, at now: Timestamp, _ commands: inout [BoardCommand]) {
    guard let board = apps[app] else { return }
    if !isStopping {
      planLanes(app, board, at: now, &commands)
      planExpiry(app, at: now, &commands)
      if board.mayCall(.list, at: now) { planListing(app, at: now, &commands) }
      if board.mayCall(.handOut, at: now), isWorthACall(.handOut, board, at: now),
        let order = nextHandOut(of: app, at: now)
      {
        begin(.handOut, of: app, at: now)
        commands.append(.handOut(order))
      }
    }
    if board.mayCall(.record, at: now), !board.outbox.isEmpty,
      isStopping || board.outbox.count >= board.recordLimit
        || isWorthACall(.record, board, at: now)
    {
      begin(.record, of: app, at: now)
      commands.append(.record(app, nextRecording(of: app)))
    }
    planRelease(app, at: now, &commands)
    planAnnouncement(app, at: now, &commands)
  }

  /// Whether to make a call at once or to let more come together for it. Where little is open a
  /// delivery is worth a call of its own; the next tick asks again.
  private func isWorthACall(_ call: AppBoard.Call, _ board: AppBoard, at now: Timestamp) -> Bool {
    guard gates.budget.open >= configuration.busyDeliveries, let last = board.begunAt[call] else {
      return true
    }
    return now >= last + configuration.batchInterval
  }

  private mutating func begin(_ call: AppBoard.Call, of app: AppID, at now: Timestamp) {
    apps[app]?.underWay.insert(call)
    apps[app]?.begunAt[call] = now
  }

  private mutating func planLanes(
    _ app: AppID, _ board: AppBoard, at now: Timestamp, _ commands: inout [BoardCommand]
  ) {
    let expiring = board.wantsExpired ? unsendable[app] ?? [] : []
    guard board.wantsLanes || !expiring.isEmpty, board.mayCall(.take, at: now) else { return }
    apps[app]?.wantsLanes = false
    unsendable[app] = nil
    guard board.lanes.count < board.share else { return }
    apps[app]?.underWay.insert(.take)
    let providers = Set(gates.routes.sendable(app)).union(expiring).sorted {
      $0.rawValue < $1.rawValue
    }
    commands.append(.take(app, providers, held: board.lanes.keys.sorted()))
  }

  /// Looks for what expired in the lanes that are held, once those are taken that only wait for
  /// it, and once what was found before is recorded.
  private mutating func planExpiry(
    _ app: AppID, at now: Timestamp, _ commands: inout [BoardCommand]
  ) {
    guard let board = apps[app], board.wantsExpired, board.mayCall(.take, at: now),
      board.mayCall(.expired, at: now), board.outbox.isEmpty, !board.underWay.contains(.record)
    else { return }
    apps[app]?.wantsExpired = false
    let lanes = board.lanes.values.filter { $0.phase == .active }.map(\.id.lane).sorted()
    if lanes.isEmpty { return }
    apps[app]?.underWay.insert(.expired)
    commands.append(.findExpired(app, lanes))
  }

  private mutating func planListing(
    _ app: AppID, at now: Timestamp, _ commands: inout [BoardCommand]
  ) {
    var orders: [ListOrder] = []
    for id in strandIDs(of: app) {
      let probe = probeListing(id, at: now)
      if let request = probe ?? strands[id]?.nextListing(&gates, at: now) {
        orders.append(ListOrder(strand: id, request: request))
      }
    }
    guard !orders.isEmpty else { return }
    apps[app]?.underWay.insert(.list)
    commands.append(.list(app, orders))
  }

  private mutating func planRelease(
    _ app: AppID, at now: Timestamp, _ commands: inout [BoardCommand]
  ) {
    guard apps[app]?.mayCall(.release, at: now) == true else { return }
    let lanes = lanesToRelease(of: app)
    // At the end all go in one call.
    guard !lanes.isEmpty, !isStopping || lanes.count == apps[app]?.lanes.count else { return }
    for lane in lanes { apps[app]?.lanes[lane.lane]?.isBeingReleased = true }
    apps[app]?.underWay.insert(.release)
    commands.append(.release(app, lanes, leaves: isStopping))
  }

  private mutating func planAnnouncement(
    _ app: AppID, at now: Timestamp, _ commands: inout [BoardCommand]
  ) {
    guard let board = apps[app], board.wantsAnnouncement, board.mayCall(.announce, at: now) else {
      return
    }
    let isQuiet = board.outbox.isEmpty && !board.underWay.contains(.record)
    let isLate = board.announcedAt.map { now >= $0 + configuration.announceInterval } ?? true
    guard isQuiet || isLate else { return }
    apps[app]?.wantsAnnouncement = false
    apps[app]?.announcedAt = now
    apps[app]?.underWay.insert(.announce)
    commands.append(.announce(app))
  }

  mutating func announced(_ app: AppID, at now: Timestamp) {
    update(app) { $0.succeeded(.announce) }
  }
}

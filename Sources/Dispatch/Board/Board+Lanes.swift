import PushCore

import struct Foundation.UUID

extension Board {
  // MARK: Taking and losing

  mutating func taken(
    _ lanes: [DispatchDatabase.TakenLane], of app: AppID, from start: Timestamp, at now: Timestamp
  ) {
    update(app) { $0.succeeded(.take) }
    let sendUntil = start + configuration.lease - configuration.requestDeadline
    for lane in lanes {
      drop(lane.id.lane, of: app, at: now)
      let lost = Set(lane.lost.map(\.key.delivery))
      let held = HeldLane(
        id: lane.id, phase: lost.isEmpty ? .active : .recovering(lost), sendUntil: sendUntil)
      apps[app]?.lanes[lane.id.lane] = held
      counters.lanesTaken += 1
      for delivery in lane.lost {
        // It goes out again as soon as this is recorded.
        add(
          delivery, AttemptResult(.unknown, reason: FinishedAttempt.lostReason), of: app,
          lane: lane.id, by: lane.lostDispatcher ?? dispatcher, retryAt: now, at: now)
      }
      if isStopping {
        leave(lane.id.lane, of: app, at: now)
      } else if lost.isEmpty {
        addStrands(to: lane.id.lane, of: app)
      }
    }
  }

  /// Records what was never sent, or by somebody else.
  mutating func add(
    _ delivery: DispatchDatabase.UnrecordedDelivery, _ result: AttemptResult, of app: AppID,
    lane: HeldLaneID, by sender: String, retryAt: Timestamp?, at now: Timestamp
  ) {
    let attempt = FinishedAttempt(
      lane: lane, provider: delivery.provider, key: delivery.key, device: delivery.device,
      message: delivery.message, attempt: delivery.attempts + 1, result: result, startedAt: now,
      finishedAt: now, retryAt: retryAt, dispatcher: sender)
    update(app) { $0.outbox.append(attempt) }
  }

  /// Makes a strand for each provider through which the app can be sent, where it has none yet.
  mutating func addStrands(to lane: Int16, of app: AppID) {
    guard let held = apps[app]?.lanes[lane], held.phase == .active else { return }
    touched.insert(app)
    for provider in gates.routes.sendable(app) where held.strands[provider] == nil {
      let id = newStrandID()
      strands[id] = Strand(
        app: app, lane: lane, provider: provider, limits: strandLimits(),
        sendUntil: held.sendUntil)
      apps[app]?.lanes[lane]?.strands[provider] = id
    }
  }

  /// The rows that memory has room for are shared by all strands.
  func strandLimits() -> Strand.Limits {
    let fair = configuration.heldRows / max(1, strands.count)
    let held = min(
      max(fair, configuration.deliveriesAheadOfDevice * 8), configuration.heldRowsPerStrand)
    return Strand.Limits(
      held: held, page: min(configuration.listRows, held),
      ahead: configuration.deliveriesAheadOfDevice, freshness: configuration.freshness)
  }

  /// Forgets a lane that is lost or given back. What is on its way is recorded all the same.
  mutating func drop(_ lane: Int16, of app: AppID, at now: Timestamp) {
    guard let held = apps[app]?.lanes.removeValue(forKey: lane) else { return }
    touched.insert(app)
    for id in held.strands.values {
      strands[id]?.abandon(&gates, at: now)
      strands[id] = nil
    }
  }

  mutating func lost(_ lane: HeldLaneID, of app: AppID, at now: Timestamp) {
    guard apps[app]?.lanes[lane.lane]?.id == lane else { return }
    counters.lanesLost += 1
    drop(lane.lane, of: app, at: now)
  }

  // MARK: Renewing and sharing

  func lanesToRenew() -> [HeldLane.Name] {
    apps.flatMap { app, board in
      board.lanes.values.filter { !$0.isBeingReleased }
        .map { HeldLane.Name(app: app, id: $0.id) }
    }
  }

  mutating func renewed(
    _ asked: [HeldLane.Name], _ lanes: [DispatchDatabase.RenewedLane], from start: Timestamp,
    at now: Timestamp
  ) {
    timers.renewal.ended()
    let sendUntil = start + configuration.lease - configuration.requestDeadline
    var held: [AppID: Set<Int16>] = [:]
    for lane in lanes {
      held[lane.app, default: []].insert(lane.lane)
      apps[lane.app]?.share =
        (lane.appLanes + lane.dispatchers - 1) / max(1, lane.dispatchers)
    }
    for name in asked {
      guard apps[name.app]?.lanes[name.id.lane]?.id == name.id else { continue }
      guard held[name.app]?.contains(name.id.lane) == true else {
        lost(name.id, of: name.app, at: now)
        continue
      }
      apps[name.app]?.lanes[name.id.lane]?.sendUntil = sendUntil
      for id in apps[name.app]?.lanes[name.id.lane]?.strands.values.map({ $0 }) ?? [] {
        strands[id]?.sendUntil = sendUntil
      }
    }
    for app in held.keys { giveUpExcess(of: app, at: now) }
  }

  /// Leaves lanes to dispatchers that have none.
  private mutating func giveUpExcess(of app: AppID, at now: Timestamp) {
    guard let board = apps[app] else { return }
    let staying = board.lanes.values.filter { $0.phase != .leaving }.map(\.id.lane).sorted()
    guard staying.count > board.share else { return }
    for lane in staying.suffix(staying.count - board.share) { leave(lane, of: app, at: now) }
  }

  // MARK: Giving back

  /// Sends nothing new in a lane; it is given back once all that is open is recorded.
  mutating func leave(_ lane: Int16, of app: AppID, at now: Timestamp) {
    guard let held = apps[app]?.lanes[lane] else { return }
    touched.insert(app)
    // What its last holder may have sent is not recorded yet: then it is lost, not given back.
    if case .recovering = held.phase, !isStopping { return }
    if case .recovering = held.phase {
      drop(lane, of: app, at: now)
      return
    }
    apps[app]?.lanes[lane]?.phase = .leaving
    for id in held.strands.values { strands[id]?.close(&gates, at: now) }
  }

  /// Lanes of an app that can be given back now.
  func lanesToRelease(of app: AppID) -> [HeldLaneID] {
    guard let board = apps[app], !board.underWay.contains(.handOut) else { return [] }
    return board.lanes.values.filter { lane in
      lane.phase == .leaving && !lane.isBeingReleased
        && lane.strands.values.allSatisfy { strands[$0]?.open.isEmpty ?? true }
    }.map(\.id)
  }

  mutating func released(_ lanes: [HeldLaneID], of app: AppID, at now: Timestamp) {
    update(app) { $0.succeeded(.release) }
    for lane in lanes where apps[app]?.lanes[lane.lane]?.id == lane {
      drop(lane.lane, of: app, at: now)
    }
  }

  /// Leaves lanes in which nothing has been due for long.
  mutating func leaveIdleLanes(of app: AppID, at now: Timestamp) {
    for (lane, held) in apps[app]?.lanes ?? [:] where held.phase == .active {
      guard held.strands.values.allSatisfy({ strands[$0]?.isEmpty ?? true }) else {
        apps[app]?.lanes[lane]?.idleSince = nil
        continue
      }
      let since = held.idleSince ?? now
      apps[app]?.lanes[lane]?.idleSince = since
      if now >= since + configuration.idleLane { leave(lane, of: app, at: now) }
    }
  }
}

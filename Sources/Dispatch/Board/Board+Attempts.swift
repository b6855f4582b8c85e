import PushCore

import struct Foundation.UUID

extension Board {
  // MARK: Listing and handing out

  mutating func listed(
    _ orders: [ListOrder], _ rows: [[ListedRow]], of app: AppID, at now: Timestamp
  ) {
    update(app) { $0.succeeded(.list) }
    for (order, listed) in zip(orders, rows) {
      guard strands[order.strand] != nil else { continue }
      var due: [DueRow] = []
      due.reserveCapacity(listed.count)
      for row in listed {
        let key = RouteKey(
          app: app, provider: order.request.provider, topic: row.topic,
          environment: row.environment, credential: row.credential)
        due.append(
          DueRow(
            key: row.key, device: row.device, attempts: row.attempts, dueAt: row.dueAt,
            expiresAt: row.expiresAt, route: gates.routes.id(of: key)))
      }
      strands[order.strand]?.listed(due, limit: order.request.limit, &gates, at: now)
    }
  }

  /// Chooses what to hand out of an app's lanes next; nil where nothing can be.
  mutating func nextHandOut(of app: AppID, at now: Timestamp) -> HandOutOrder? {
    let ids = strandIDs(of: app)
    guard !ids.isEmpty, let board = apps[app] else { return nil }
    var order = HandOutOrder(
      request: HandOutRequest(app: app, number: newHandOutNumber(), lanes: [], rows: []), asked: [])
    var places: [Int16: Int] = [:]
    var room = configuration.handOutRows
    for offset in ids.indices where room > 0 {
      let id = ids[(offset + board.turn) % ids.count]
      guard let lane = strands[id]?.lane, let held = board.lanes[lane],
        strands[id]?.hasReady == true,
        let rows = strands[id]?.ask(upTo: room, &gates, at: now), !rows.isEmpty
      else { continue }
      room -= rows.count
      let place = places[lane] ?? order.request.lanes.count
      if places[lane] == nil { order.request.lanes.append(held.id) }
      places[lane] = place
      order.asked.append((id, rows.map(\.key.delivery)))
      strands[id]?.describe(rows, lane: place, into: &order.request.rows)
    }
    apps[app]?.turn = (board.turn + 1) % ids.count
    return order.asked.isEmpty ? nil : order
  }

  mutating func handedOut(_ order: HandOutOrder, _ loaded: [LoadedDelivery], at now: Timestamp) {
    update(order.request.app) { $0.succeeded(.handOut) }
    // By what was asked for: a delivery that goes another way now may be known by both.
    var byProvider: [ProviderName: [UUID: (LoadedDelivery, RouteID)]] = [:]
    for delivery in loaded {
      byProvider[delivery.provider, default: [:]][delivery.key.delivery] =
        (delivery, gates.routes.id(of: delivery.route))
    }
    for (id, asked) in order.asked {
      guard let provider = strands[id]?.provider else { continue }
      var steps: [Strand.Step] = []
      strands[id]?.handedOut(asked, byProvider[provider] ?? [:], &gates, at: now, &steps)
      take(steps, of: id, at: now)
    }
  }

  mutating func handOutFailed(_ order: HandOutOrder, at now: Timestamp) {
    pause(.handOut, of: order.request.app, at: now)
    for (id, asked) in order.asked {
      var steps: [Strand.Step] = []
      strands[id]?.handOutFailed(asked, &gates, at: now, &steps)
      take(steps, of: id, at: now)
    }
  }

  // MARK: Sending

  /// Does what a strand decided.
  mutating func take(_ steps: [Strand.Step], of strand: StrandID, at now: Timestamp) {
    for step in steps {
      switch step {
      case .send(let delivery, let way, let purse):
        guard let lane = apps[delivery.app]?.lanes[delivery.lane]?.id else { continue }
        let ticket = Ticket(
          id: newTicketID(), lane: lane, strand: strand, delivery: delivery, way: way,
          purse: purse, startedAt: now)
        inFlight[ticket.id] = ticket
        overdue.append(
          (ticket.id, now + configuration.requestDeadline + configuration.requestGrace))
        counters.sent += 1
        sends.append(.send(ticket))
      case .end(let delivery, let result, let purse):
        guard let lane = apps[delivery.app]?.lanes[delivery.lane]?.id else { continue }
        finish(
          delivery, result, lane: lane, purse: purse, isSent: false, startedAt: now,
          finishedAt: now)
      }
    }
  }

  mutating func answered(
    _ id: Ticket.ID, _ result: AttemptResult, finishedAt: Timestamp, at now: Timestamp
  ) {
    // One that is missing was answered too late, and counts as unknown already.
    guard let ticket = inFlight.removeValue(forKey: id) else { return }
    let delivery = ticket.delivery
    let tag = DeliveryTag(delivery: delivery.key.delivery, attempt: delivery.request.attempt)
    gates.circuits.learn(result, of: tag, ticket.way.circuits, at: now, chance: chance())
    finish(
      delivery, result, lane: ticket.lane, purse: ticket.purse, isSent: true,
      startedAt: ticket.startedAt, finishedAt: max(finishedAt, ticket.startedAt))
    var steps: [Strand.Step] = []
    strands[ticket.strand]?.answered(
      delivery.key.delivery, isFinal: result.outcome.isFinal, &gates, at: now, &steps)
    take(steps, of: ticket.strand, at: now)
  }

  /// Takes providers that never returned for silent.
  mutating func giveUpOverdue(at now: Timestamp) {
    while let first = overdue.first, first.at <= now {
      _ = overdue.popFirst()
      guard inFlight[first.id] != nil else { continue }
      counters.overdue += 1
      answered(
        first.id, AttemptResult(.unknown, reason: "no_answer", blame: .host), finishedAt: now,
        at: now)
    }
  }

  private mutating func finish(
    _ delivery: LoadedDelivery, _ result: AttemptResult, lane: HeldLaneID, purse: Int,
    isSent: Bool, startedAt: Timestamp, finishedAt: Timestamp
  ) {
    let request = delivery.request
    var retryAt: Timestamp?
    if !result.outcome.isFinal {
      let delay = configuration.retries.delay(
        after: request.attempt, asked: result.retryAfter, chance: chance())
      // No later than its expiry: then it is found expired, and that is recorded.
      retryAt = max(finishedAt, min(finishedAt + delay, request.expiresAt))
    }
    let attempt = FinishedAttempt(
      lane: lane, provider: delivery.provider, key: delivery.key, device: delivery.device,
      message: delivery.message, attempt: request.attempt, result: result, startedAt: startedAt,
      finishedAt: finishedAt, retryAt: retryAt, badge: request.notification.badge,
      tokenSHA256: isSent ? delivery.tokenSHA256 : nil, dispatcher: dispatcher, purse: purse)
    counters.outcomes[result.outcome, default: 0] += 1
    update(delivery.app) { $0.outbox.append(attempt) }
  }

  /// Records what expired while it could not be sent.
  mutating func expired(
    _ found: [DispatchDatabase.UnrecordedDelivery], of app: AppID, at now: Timestamp
  ) {
    // As many as come at once: there may be more.
    let mayBeMore = found.count == DispatchDatabase.expiredRows
    update(app) { board in
      board.succeeded(.expired)
      if mayBeMore { board.wantsExpired = true }
    }
    for delivery in found {
      guard let lane = apps[app]?.lanes[delivery.lane], lane.phase == .active else { continue }
      let strand = lane.strands[delivery.provider].flatMap { strands[$0] }
      // What is in memory is found expired when its turn comes.
      if strand?.entries[delivery.key.delivery] != nil { continue }
      counters.outcomes[.expired, default: 0] += 1
      add(
        delivery, AttemptResult(.expired, reason: "expired"), of: app, lane: lane.id,
        by: dispatcher, retryAt: nil, at: now)
    }
  }

  // MARK: Recording

  mutating func nextRecording(of app: AppID) -> [FinishedAttempt] {
    guard let board = apps[app] else { return [] }
    let count = min(board.outbox.count, board.recordLimit)
    let batch = Array(board.outbox.prefix(count))
    apps[app]?.outbox.removeFirst(count)
    return batch
  }

  mutating func recorded(
    _ attempts: [FinishedAttempt], _ lostLanes: Set<HeldLaneID>, of app: AppID, at now: Timestamp
  ) {
    let limit = configuration.recordRows
    update(app) { board in
      board.succeeded(.record)
      board.recordLimit = min(limit, board.recordLimit * 2)
      board.wantsAnnouncement = true
    }
    counters.recorded += Int64(attempts.count)
    counters.recordings += 1
    for lane in lostLanes { lost(lane, of: app, at: now) }
    for attempt in attempts { settle(attempt, of: app, at: now) }
    counters.fenced += Int64(attempts.count { lostLanes.contains($0.lane) })
  }

  /// What was recorded goes on its way, or is forgotten.
  private mutating func settle(_ attempt: FinishedAttempt, of app: AppID, at now: Timestamp) {
    if let purse = attempt.purse { gates.budget.giveBack(purse) }
    guard let lane = apps[app]?.lanes[attempt.lane.lane], lane.id == attempt.lane else { return }
    if case .recovering(var lost) = lane.phase {
      lost.remove(attempt.key.delivery)
      apps[app]?.lanes[lane.id.lane]?.phase = lost.isEmpty ? .active : .recovering(lost)
      if lost.isEmpty { addStrands(to: lane.id.lane, of: app) }
      return
    }
    guard let strand = lane.strands[attempt.provider] else { return }
    var steps: [Strand.Step] = []
    strands[strand]?.recorded(
      attempt.key.delivery, next: attempt.retryAt.map { (attempt.attempt, $0) }, &gates, at: now,
      &steps)
    take(steps, of: strand, at: now)
  }

  /// A recording that failed is made again as it is. One that the database refuses is made in
  /// halves, and what it refuses alone is put off: nothing else waits for it.
  mutating func recordFailed(
    _ attempts: [FinishedAttempt], of app: AppID, isRefusal: Bool, at now: Timestamp
  ) {
    guard isRefusal else {
      pause(.record, of: app, at: now)
      update(app) { $0.outbox.insert(contentsOf: attempts, at: 0) }
      return
    }
    update(app) { board in
      board.underWay.remove(.record)
      board.recordLimit = max(1, attempts.count / 2)
      if attempts.count > 1 { board.outbox.insert(contentsOf: attempts, at: 0) }
    }
    guard attempts.count == 1, var attempt = attempts.first else { return }
    counters.unrecordable += 1
    attempt.attempt -= 1
    attempt.retryAt = now + configuration.retries.longest
    settle(attempt, of: app, at: now)
  }
}

extension Strand {
  /// Writes down the rows asked for, and all that is open besides.
  func describe(_ asked: [DueRow], lane place: Int, into rows: inout [HandOutRequest.Row]) {
    for row in asked {
      rows.append(
        HandOutRequest.Row(
          lane: place, provider: provider, key: row.key, attempt: row.attempts + 1,
          device: row.device))
    }
    for id in open {
      guard let entry = entries[id] else { continue }
      switch entry.stage {
      case .waiting, .asked, .askedInVain: continue
      case .loaded, .sent, .finished:
        rows.append(
          HandOutRequest.Row(
            lane: place, provider: provider, key: entry.row.key, attempt: entry.row.attempts + 1,
            device: nil))
      }
    }
  }
}

import PushCore

import struct Foundation.UUID

@testable import PushDispatch

extension SimDatabase {
  // MARK: Reading

  func appsDue() -> [AppID: [ProviderName]] {
    due.filter { !$0.value.isEmpty }.mapValues { rows in
      let found = Set(rows.values.map(\.provider))
      return ProviderName.allCases.filter(found.contains)
    }
  }

  func countDue() -> [DispatchDatabase.DueCount] {
    var counts: [RouteKey: Int] = [:]
    for (app, rows) in due {
      for row in rows.values {
        let device = devices[DeviceName(app: app, device: row.device)]
        let route = RouteKey(
          app: app, provider: row.provider, topic: device?.topic,
          environment: device?.environment ?? .production)
        counts[route, default: 0] += 1
      }
    }
    return counts.map { DispatchDatabase.DueCount(route: $0.key, deliveries: $0.value) }
  }

  func list(_ request: ListRequest, of app: AppID) -> [ListedRow] {
    let rows = due[app]?.values.filter {
      $0.lane == request.lane && $0.provider == request.provider && request.after < $0.key
    }
    return (rows ?? []).sorted { $0.key < $1.key }.prefix(request.limit).map { row in
      let device = devices[DeviceName(app: app, device: row.device)]
      return ListedRow(
        key: row.key, device: row.device, attempts: row.attempts, dueAt: row.dueAt,
        expiresAt: row.expiresAt, topic: device?.topic,
        environment: device?.environment ?? .production)
    }
  }

  func expired(
    in lanes: [Int16], of app: AppID, at now: Timestamp
  ) -> [DispatchDatabase.UnrecordedDelivery] {
    let rows = due[app]?.values.filter { lanes.contains($0.lane) && $0.expiresAt <= now } ?? []
    return rows.sorted { $0.key < $1.key }.prefix(DispatchDatabase.expiredRows)
      .map { Self.unrecorded($0, attempts: $0.attempts) }
  }

  // MARK: Handing out

  mutating func handOut(_ request: HandOutRequest, by name: String) -> [LoadedDelivery] {
    let held = request.lanes.map { holds($0, of: request.app, name) }
    var lists: [HandedOutName: (rows: [(key: RowKey, attempt: Int)], isFresh: Bool)] = [:]
    for row in request.rows where held[row.lane] {
      let place = LaneName(app: request.app, lane: request.lanes[row.lane].lane)
      let list = HandedOutName(lane: place, provider: row.provider)
      lists[list, default: ([], false)].rows.append((row.key, row.attempt))
      if row.device != nil { lists[list]?.isFresh = true }
    }
    for (list, content) in lists where content.isFresh {
      let epoch = lanes[list.lane]?.epoch ?? 0
      if let last = handedOut[list], (last.epoch, last.number) >= (epoch, request.number) {
        continue
      }
      handedOut[list] = HandedOut(epoch: epoch, number: request.number, rows: content.rows)
    }
    return request.rows.compactMap { wanted in
      guard held[wanted.lane], wanted.device != nil,
        let row = due[request.app]?[wanted.key.delivery], row.provider == wanted.provider,
        row.lane == request.lanes[wanted.lane].lane
      else { return nil }
      return loaded(row, of: request.app)
    }
  }

  private func loaded(_ row: Due, of app: AppID) -> LoadedDelivery {
    let device = devices[DeviceName(app: app, device: row.device)]
    let environment = device?.environment ?? .production
    let obstacle: AttemptResult? =
      if let device {
        device.isValid ? nil : AttemptResult(.tokenInvalid, reason: "token_invalid")
      } else {
        AttemptResult(.rejected, reason: "device_unknown")
      }
    return LoadedDelivery(
      app: app, lane: row.lane, provider: row.provider, key: row.key, device: row.device,
      message: row.message, tokenSHA256: device?.token ?? "",
      request: PushRequest(
        app: app, deliveryID: row.key.delivery, attempt: row.attempts + 1,
        token: device?.token ?? "", topic: device?.topic, environment: environment,
        notification: Notification(text: "hello", threadID: "user/ann"),
        expiresAt: row.expiresAt),
      obstacle: obstacle,
      route: RouteKey(
        app: app, provider: row.provider, topic: device?.topic, environment: environment))
  }

  // MARK: Recording

  mutating func record(
    _ finished: [FinishedAttempt], of app: AppID, by name: String
  ) -> Set<HeldLaneID> {
    let lost = Set(finished.map(\.lane)).filter { !holds($0, of: app, name) }
    for attempt in finished {
      let delivery = attempt.key.delivery
      if let retryAt = attempt.retryAt {
        if !lost.contains(attempt.lane), let row = due[app]?[delivery],
          row.attempts < attempt.attempt
        {
          due[app]?[delivery]?.attempts = attempt.attempt
          due[app]?[delivery]?.dueAt = retryAt
        }
      } else if lost.contains(attempt.lane) || due[app]?[delivery]?.attempts ?? 0 < attempt.attempt
      {
        end(delivery, of: app)
      }
    }
    for attempt in finished { append(attempt, to: app, by: name, lost.contains(attempt.lane)) }
    return lost
  }

  private mutating func append(
    _ attempt: FinishedAttempt, to app: AppID, by name: String, _ isLost: Bool
  ) {
    let event = AttemptEvents.attempted(attempt)
    let fencedID = isLost ? AttemptEvents.fencedID(attempt) : nil
    if isLost, let stored = attempts[event.id], stored.dispatcher == name,
      stored.reason != FinishedAttempt.lostReason
    {
      return
    }
    let id = fencedID ?? event.id
    guard attempts[id] == nil else { return }
    attempts[id] = Attempt(
      app: app, delivery: attempt.key.delivery, number: attempt.attempt,
      outcome: attempt.result.outcome, reason: attempt.result.reason,
      dispatcher: attempt.dispatcher, isFenced: fencedID != nil, retryAt: attempt.retryAt)
    numbers[attempt.key.delivery, default: []].insert(attempt.attempt)
    if AttemptEvents.tokenInvalidated(attempt) != nil {
      devices[DeviceName(app: app, device: attempt.device)]?.isValid = false
    }
  }

  private mutating func end(_ delivery: UUID, of app: AppID) {
    if let row = due[app]?.removeValue(forKey: delivery) { ended[delivery] = row }
  }

  mutating func callOff(_ delivery: UUID, of app: AppID, at now: Timestamp) {
    guard due[app]?[delivery] != nil else { return }
    end(delivery, of: app)
    calledOffAt[delivery] = now
  }
}

import struct Foundation.UUID

extension DeliveryTable {
  /// Moves the table by what one event did. Outputs come in the order of the ledger.
  public mutating func apply(_ output: FoldOutput) {
    if tracksMoves { moves.removeAll(keepingCapacity: true) }
    switch output {
    case .decided(let decided): insert(decided)
    case .cancelled(let cancellation): cancel(cancellation)
    case .attempted(let attempt, let position, _, let next): record(attempt, at: position, next)
    case .delivered(let receipt, _):
      receive(receipt) { $0.deliveredAt = Self.earlier($0.deliveredAt, receipt.at) }
    case .opened(let receipt, _):
      receive(receipt) { $0.openedAt = Self.earlier($0.openedAt, receipt.at) }
    case .notShown(let receipt, let reason, _):
      receive(receipt) { extra in
        if let at = extra.notShownAt {
          let isEarlier =
            receipt.at < at
            || receipt.at == at
              && Word(rawValue: reason) < Word(rawValue: extra.notShownReason ?? "")
          guard isEarlier else { return }
        }
        extra.notShownAt = receipt.at
        extra.notShownReason = reason
      }
    case .ordered(let order): carryOut(order)
    }
  }

  // MARK: Decisions

  private mutating func insert(_ decided: MessageDecisions) {
    guard let kept = decided.state else { return }
    let keepsSuppressed = suppressedRowsLimit.map { decided.recipients <= $0 } ?? false
    let conversation = conversations.number(kept.conversation)
    messages.append(
      MessageEntry(
        id: kept.id, position: kept.position, recordedAt: decided.recordedAt,
        expiresAt: decided.message.expiresAt,
        conversation: conversation, first: Int32(records.count)))
    for decision in decided.decisions {
      switch decision.verdict {
      case .push(let push):
        var record = self.record(of: decision, .due)
        record.provider = Self.code(push.provider, Self.providers)
        record.badge = push.badge
        record.sound = number(push.sound)
        due[record.user, default: [:]][conversation, default: []].append(Int32(records.count))
        append(record, kept.id, decision)
      case .suppressed(let reason) where keepsSuppressed:
        var record = self.record(of: decision, .suppressed)
        record.reason = number(reason.rawValue)
        append(record, kept.id, decision)
      case .suppressed: continue
      }
    }
  }

  private mutating func record(of decision: Decision, _ status: DeliveryStatus) -> Record {
    Record(
      message: Int32(messages.count - 1), user: users.number(decision.user),
      device: number(decision.device?.rawValue), appVersion: number(decision.appVersion),
      platform: Self.code(decision.platform, Self.platforms), provider: Self.noCode,
      status: Self.code(status, Self.statuses))
  }

  private mutating func append(_ record: Record, _ message: MessageID, _ decision: Decision) {
    if tracksMoves { moves.append(Move(place: records.count, before: nil)) }
    records.append(record)
    ids.append(
      DeliveryID.make(app: app, message: message, user: decision.user, device: decision.device))
    places.addLast(of: ids)
  }

  mutating func number(_ text: String?) -> Int32 {
    text.map { words.number(Word(rawValue: $0)) } ?? Record.none
  }

  // MARK: Call-offs

  private mutating func cancel(_ cancellation: Cancellation) {
    switch cancellation.scope {
    case .device(let user, let device):
      guard let user = users.number(known: user),
        let device = words.number(known: Word(rawValue: device.rawValue))
      else { return }
      for conversation in due[user].map({ Array($0.keys) }) ?? [] {
        end(user, conversation, cancellation) { $0.device == device }
      }
    case .read(let user, let key, let upTo):
      guard let user = users.number(known: user),
        let conversation = conversations.number(known: key)
      else { return }
      let last = firstMessage(after: upTo)
      end(user, conversation, cancellation) { Int($0.message) < last }
    case .message(_, let position): end(at: position, cancellation)
    case .erased(let positions): for position in positions { end(at: position, cancellation) }
    }
  }

  /// Ends what is due of the message at a position.
  private mutating func end(at position: Position, _ cancellation: Cancellation) {
    let message = firstMessage(after: position) - 1
    guard message >= 0, messages[message].position == position else { return }
    let next = message + 1 < messages.count ? Int(messages[message + 1].first) : records.count
    for place in Int(messages[message].first)..<next { end(place, cancellation) }
  }

  /// Ends what is due of a user in a conversation, and keeps the list of what is left.
  private mutating func end(
    _ user: Int32, _ conversation: Int32, _ cancellation: Cancellation,
    where concerns: (Record) -> Bool
  ) {
    guard let listed = due[user]?[conversation] else { return }
    var left: [Int32] = []
    for place in listed where isDue(Int(place)) {
      if concerns(records[Int(place)]) {
        end(Int(place), cancellation)
      } else {
        left.append(place)
      }
    }
    due[user]?[conversation] = left.isEmpty ? nil : left
  }

  private mutating func carryOut(_ order: DeliveryOrder) {
    guard let place = place(of: order.deliveryID) else { return }
    let record = records[place]
    let message = messages[Int(record.message)]
    let status = Self.statuses[Int(record.status)]
    guard message.position == order.message, order.message < order.position,
      users[record.user] == order.user, record.device != Record.none,
      words[record.device].rawValue == order.device.rawValue
    else { return }
    switch order.kind {
    case .cancel: end(place, .operator, order.recordedAt)
    case .retry:
      guard status.canBeRetried else { return }
      track(place)
      records[place].status = Self.code(.due, Self.statuses)
      records[place].reason = Record.none
      records[place].endedAt = Record.noNumber
      extras[Int32(place), default: Extra()].duePosition = order.position
      due[record.user, default: [:]][message.conversation, default: []].append(Int32(place))
    }
  }

  private func isDue(_ place: Int) -> Bool {
    Self.statuses[Int(records[place].status)] == .due
  }

  private mutating func end(_ place: Int, _ cancellation: Cancellation) {
    end(place, cancellation.reason, cancellation.recordedAt)
  }

  private mutating func end(_ place: Int, _ reason: CancellationReason, _ at: Timestamp) {
    guard isDue(place) else { return }
    track(place)
    records[place].status = Self.code(.cancelled, Self.statuses)
    records[place].reason = number(reason.rawValue)
    records[place].endedAt = at.microseconds
  }

  // MARK: Attempts and receipts

  private mutating func record(
    _ attempt: PushAttempt, at position: Position, _ next: ProviderName?
  ) {
    guard let place = place(of: attempt.deliveryID) else { return }
    let status = Self.statuses[Int(records[place].status)]
    guard status != .suppressed else { return }
    track(place)
    if let next, records[place].provider == Self.code(attempt.provider, Self.providers) {
      records[place].provider = Self.code(next, Self.providers)
      extras[Int32(place), default: Extra()].duePosition = position
    }
    let moved = next == nil ? status.moved(to: DeliveryStatus(after: attempt.outcome)) : status
    if moved != status {
      records[place].status = Self.code(moved, Self.statuses)
      records[place].reason = number(attempt.reason)
      records[place].endedAt = attempt.finishedAt.microseconds
    }
    records[place].attempts = max(records[place].attempts, Int32(clamping: attempt.attempt))
    let first = records[place].firstAttemptAt
    let started = attempt.startedAt.microseconds
    records[place].firstAttemptAt = first == Record.noNumber ? started : min(first, started)
  }

  private mutating func receive(_ receipt: PushReceipt, _ body: (inout Extra) -> Void) {
    guard let place = place(of: receipt.deliveryID) else { return }
    track(place)
    body(&extras[Int32(place), default: Extra()])
  }

  private mutating func track(_ place: Int) {
    if tracksMoves { moves.append(Move(place: place, before: self[place])) }
  }

  private static func earlier(_ left: Timestamp?, _ right: Timestamp) -> Timestamp {
    left.map { min($0, right) } ?? right
  }
}

internal import NIOCore
internal import PushCore

/// What a pool looks after while nothing arrives: deadlines, silence, idleness.
extension APNsPool {
  /// How exact a deadline is.
  static let busyStep = TimeAmount.milliseconds(20)
  static let idleStep = TimeAmount.seconds(1)

  func scheduleUpkeep() {
    if upkeep != nil, !upkeepIsSlow { return }
    let isBusy = !waiting.isEmpty || inFlight > 0
    if let upkeep {
      guard isBusy else { return }
      upkeep.cancel()
    }
    guard isBusy || !connections.isEmpty else {
      upkeep = nil
      return
    }
    upkeepIsSlow = !isBusy
    upkeep = eventLoop.assumeIsolated().scheduleTask(in: isBusy ? Self.busyStep : Self.idleStep) {
      self.upkeep = nil
      self.lookAfter(.now())
    }
  }

  private func lookAfter(_ now: NIODeadline) {
    passDeadlines(now)
    for connection in connections { connection.checkLiveness(now) }
    if isIdle(now) { for connection in connections { connection.retire() } }
    pump()
    scheduleUpkeep()
  }

  private func passDeadlines(_ now: NIODeadline) {
    guard let earliest = earliestDeadline, earliest <= now else { return }
    var next: NIODeadline?
    for exchange in waiting where !exchange.isFinished {
      if exchange.deadline <= now {
        counters.deadlinesPassed += 1
        exchange.finish(.retry, "not_sent_in_time", blame: .host)
      } else {
        next = min(next ?? exchange.deadline, exchange.deadline)
      }
    }
    if waiting.contains(where: \.isFinished) {
      waiting = CircularBuffer(waiting.filter { !$0.isFinished })
    }
    for connection in connections {
      if let earliest = connection.passDeadlines(now) { next = min(next ?? earliest, earliest) }
    }
    earliestDeadline = next
  }

  var status: ProviderStatus {
    var status = counters
    let now = NIODeadline.now()
    for connection in connections {
      switch connection.phase {
      case .ready:
        status.connections += 1
        status.streamLimit += connection.limit.allowed
      case .draining: status.drainingConnections += 1
      case .dialing, .closed: break
      }
    }
    status.inFlight = inFlight
    status.waiting = waiting.count { !$0.isFinished }
    status.nextConnect = nextDial.flatMap {
      $0 > now ? .nanoseconds(($0 - now).nanoseconds) : nil
    }
    status.tokensMinted = tokens?.minted ?? 0
    return status
  }
}

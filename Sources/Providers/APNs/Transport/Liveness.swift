internal import NIOCore

/// Whether the peer of a connection is still there: silence is answered with a PING, and a PING
/// that is not answered shows a dead socket.
struct Liveness {
  enum Action: Equatable {
    case none
    case ping
    case dead
  }

  let whenBusy: TimeAmount
  let whenIdle: TimeAmount
  let timeout: TimeAmount
  private var lastHeard: NIODeadline
  private var busySince: NIODeadline
  private var pingedAt: NIODeadline?

  init(whenBusy: TimeAmount, whenIdle: TimeAmount, timeout: TimeAmount, now: NIODeadline) {
    self.whenBusy = whenBusy
    self.whenIdle = whenIdle
    self.timeout = timeout
    lastHeard = now
    busySince = now
  }

  /// Anything came from the peer.
  mutating func heard(at now: NIODeadline) {
    lastHeard = now
    pingedAt = nil
  }

  /// A request left on a connection that had none: its answer could not come before.
  mutating func becameBusy(at now: NIODeadline) { busySince = now }

  mutating func check(at now: NIODeadline, isBusy: Bool) -> Action {
    if let pingedAt {
      return now - pingedAt >= timeout ? .dead : .none
    }
    let isSilent =
      now - lastHeard >= whenIdle || isBusy && now - max(lastHeard, busySince) >= whenBusy
    guard isSilent else { return .none }
    pingedAt = now
    return .ping
  }
}

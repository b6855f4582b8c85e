import PushCore

/// How many deliveries may be open, that is handed out and not yet recorded, and who may have how
/// many of them.
///
/// A purse, which is a credential, may hold as much as is still free: one alone gets half, two get
/// a third each, and there is always room for one that comes new. So a slow one starves none.
struct Budget: Sendable, Equatable {
  let limit: Int
  private(set) var open = 0
  private var byPurse: [Int: Int] = [:]

  init(limit: Int) { self.limit = limit }

  func hasRoom(_ purse: Int) -> Bool { byPurse[purse, default: 0] < limit - open }

  mutating func take(_ purse: Int) {
    open += 1
    byPurse[purse, default: 0] += 1
  }

  mutating func giveBack(_ purse: Int) {
    open -= 1
    byPurse[purse, default: 1] -= 1
  }
}

/// All that decides whether a delivery may go now, apart from its own lane.
struct Gates: Sendable {
  enum Admission: Equatable {
    case admitted(purse: Int)
    /// Its way is closed: nothing that goes it may be sent.
    case blocked
    /// Its credential has its share of what is open.
    case full
  }

  var routes: Routes
  var circuits: Circuits
  var budget: Budget

  /// Whether nothing can go by a route, not even a probe.
  func isBlocked(_ route: RouteID, at now: Timestamp) -> Bool {
    guard let way = routes[route].open else { return true }
    return circuits.gate(way.circuits, at: now) == .closed
  }

  func gate(_ route: RouteID, at now: Timestamp) -> Circuit.Gate {
    guard let way = routes[route].open else { return .closed }
    return circuits.gate(way.circuits, at: now)
  }

  /// Lets a delivery be handed out, as a probe where that is what the route is ready for.
  mutating func admit(_ tag: DeliveryTag, by route: RouteID, at now: Timestamp) -> Admission {
    guard let way = routes[route].open else { return .blocked }
    let gate = circuits.gate(way.circuits, at: now)
    guard gate != .closed else { return .blocked }
    guard budget.hasRoom(way.purse) else { return .full }
    if gate == .probe { circuits.beginProbe(tag, way.circuits, at: now) }
    budget.take(way.purse)
    return .admitted(purse: way.purse)
  }

  /// The way of a delivery that was admitted; nil where it has closed meanwhile.
  func way(_ tag: DeliveryTag, by route: RouteID) -> Route.Open? {
    guard let way = routes[route].open,
      circuits.letsThrough(tag, way.circuits)
    else { return nil }
    return way
  }

  /// A delivery that was admitted is not sent, or is gone.
  mutating func giveUp(_ tag: DeliveryTag, by route: RouteID, purse: Int, at now: Timestamp) {
    budget.giveBack(purse)
    endProbe(tag, by: route, at: now)
  }

  /// A delivery ended before it was sent: if it was to be a probe, another may be one.
  mutating func endProbe(_ tag: DeliveryTag, by route: RouteID, at now: Timestamp) {
    if case .success(let way) = routes[route].way {
      circuits.giveUp(tag, way.circuits, at: now)
    }
  }

  /// Why nothing can go by a route; nil where something can.
  func lack(_ route: RouteID, at now: Timestamp) -> DispatchLack? {
    if routes[route].isPaused { return .paused }
    switch routes[route].way {
    case .failure(let lack): return lack.why
    case .success(let way):
      for key in way.circuits where circuits.gate([key], at: now) == .closed {
        switch key {
        case .credential: return .credentialCircuit
        case .host: return .hostCircuit
        }
      }
      return nil
    }
  }
}

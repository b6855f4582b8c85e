import PushCore

import struct Foundation.UUID

@testable import PushDispatch

/// A strand of one lane with what it stands before.
struct StrandRig {
  var gates: Gates
  var strand: Strand
  let route: RouteID
  var now = World.start

  init(ahead: Int = 3) {
    var routes = Routes(providers: [FakeAPNs()])
    routes.replace(CredentialBook().updated(with: [TestCredential.loaded(of: World.app)]))
    route = routes.id(
      of: RouteKey(
        app: World.app, provider: .apns, topic: World.topic, environment: .production))
    gates = Gates(
      routes: routes, circuits: Circuits(CircuitLimits()), budget: Budget(limit: 1_000))
    strand = Strand(
      app: World.app, lane: 0, provider: .apns,
      limits: Strand.Limits(held: 1_000, page: 100, ahead: ahead, freshness: .seconds(1)),
      sendUntil: World.start + .seconds(10))
  }

  /// - Parameter users: Whose deliveries stand at positions 1, 2, 3 …
  mutating func list(_ users: [String], known: [UUID] = [], from start: Int = 0) -> [UUID] {
    let rows = users.enumerated().map { index, user in
      DueRow(
        key: RowKey(
          position: Position(index + 1),
          delivery: known.indices.contains(index) ? known[index] : UUID()),
        device: DeviceKey(user: UserID(unchecked: user), device: DeviceID(unchecked: "phone")),
        attempts: 0, dueAt: now, expiresAt: now + .seconds(3_600), route: route)
    }.dropFirst(start).map(\.self)
    strand.listed(rows, limit: 100, &gates, at: now)
    return rows.map(\.key.delivery)
  }

  mutating func ask(_ count: Int = 100) -> [UUID] {
    strand.ask(upTo: count, &gates, at: now).map(\.key.delivery)
  }

  /// Hands out all that was asked for but for some; gives the positions that are sent.
  mutating func handOut(_ asked: [UUID], without missing: Set<UUID> = []) -> [Position] {
    var loaded: [UUID: (LoadedDelivery, RouteID)] = [:]
    for id in asked where !missing.contains(id) {
      guard let row = strand.entries[id]?.row else { continue }
      loaded[id] = (delivery(row), route)
    }
    var steps: [Strand.Step] = []
    strand.handedOut(asked, loaded, &gates, at: now, &steps)
    return positions(steps)
  }

  mutating func answer(_ id: UUID, isFinal: Bool = true) -> [Position] {
    var steps: [Strand.Step] = []
    strand.answered(id, isFinal: isFinal, &gates, at: now, &steps)
    return positions(steps)
  }

  mutating func tick() -> [Position] {
    var steps: [Strand.Step] = []
    strand.tick(&gates, at: now, &steps)
    return positions(steps)
  }

  /// What it took of the budget the board gives back.
  mutating func record(_ id: UUID, retryAt: Timestamp? = nil) -> [Position] {
    var steps: [Strand.Step] = []
    if case .finished(let purse) = strand.entries[id]?.stage { gates.budget.giveBack(purse) }
    strand.recorded(id, next: retryAt.map { (1, $0) }, &gates, at: now, &steps)
    return positions(steps)
  }

  mutating func refuseCredential() throws {
    gates.circuits.learn(
      AttemptResult(.retry, status: 403, blame: .credential),
      of: DeliveryTag(delivery: UUID(), attempt: 1), try gates.routes[route].way.get().circuits,
      at: now, chance: 0)
  }

  private func positions(_ steps: [Strand.Step]) -> [Position] {
    steps.compactMap { if case .send(let sent, _, _) = $0 { sent.key.position } else { nil } }
  }

  private func delivery(_ row: DueRow) -> LoadedDelivery {
    LoadedDelivery(
      app: World.app, lane: 0, provider: .apns, key: row.key, device: row.device,
      message: MessageID(unchecked: "m\(row.key.position)"), tokenSHA256: "",
      request: PushRequest(
        app: World.app, deliveryID: row.key.delivery, attempt: row.attempts + 1, token: "t",
        topic: World.topic, environment: .production,
        notification: Notification(text: "hello", threadID: "user/ann"),
        expiresAt: row.expiresAt),
      obstacle: nil,
      route: RouteKey(
        app: World.app, provider: .apns, topic: World.topic, environment: .production))
  }
}

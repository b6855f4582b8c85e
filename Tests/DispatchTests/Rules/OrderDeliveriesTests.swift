import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

@Suite struct OrderDeliveries {
  /// A strand of one lane with what it stands before.
  private struct Rig {
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

  @Test("asks for one delivery of each device before a second one of any")
  func isFair() {
    var rig = Rig()
    let ids = rig.list(["ann", "ann", "ann", "ann", "bob", "cho"])
    #expect(rig.ask(3) == [ids[0], ids[4], ids[5]])
    #expect(rig.ask() == [ids[1], ids[2]], "no more than so many ahead of a device's turn")
  }

  @Test("G9: sends a device's next delivery when the one before has ended, and no sooner")
  func keepsTheOrder() {
    var rig = Rig()
    let ids = rig.list(["ann", "ann", "ann"])
    #expect(rig.handOut(rig.ask()) == [1])
    #expect(rig.tick() == [])
    #expect(rig.answer(ids[0]) == [2], "what is loaded follows at once, recorded or not")
    #expect(rig.record(ids[0]) == [])
    #expect(rig.answer(ids[1]) == [3])
  }

  @Test("G9: a retry holds back what stands behind it, and only that device")
  func retriesInOrder() {
    var rig = Rig()
    let ids = rig.list(["ann", "ann", "bob"])
    let asked = rig.ask()
    #expect(Set(rig.handOut(asked)) == [1, 3])
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.ask() == [], "not before the attempt is in the ledger")
    #expect(rig.record(ids[0], retryAt: rig.now + .seconds(5)) == [])
    rig.now = rig.now + .seconds(4)
    #expect(rig.tick() == [] && rig.ask() == [])
    rig.now = rig.now + .seconds(1)
    _ = rig.tick()
    let again = rig.ask()
    #expect(again == [ids[0], ids[1]])
    #expect(rig.handOut(again) == [1])
    #expect(rig.strand.entries[ids[0]]?.row.attempts == 1)
  }

  @Test("G8, G9: what was asked for behind a retry is given back, and goes after it")
  func givesBackWhatStandsBehindARetry() {
    var rig = Rig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask(1)) == [1])
    #expect(rig.ask() == [ids[1]])
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.record(ids[0], retryAt: rig.now + .seconds(5)) == [])
    #expect(rig.handOut([ids[1]]) == [])
    #expect(rig.gates.budget.open == 0 && rig.strand.open.isEmpty)
    rig.now = rig.now + .seconds(5)
    _ = rig.tick()
    #expect(rig.ask() == ids)
    #expect(rig.handOut(ids) == [1])
    #expect(rig.answer(ids[0]) == [2])
  }

  @Test("G9: what was asked for and dropped meanwhile is read again before what stands behind it")
  func readsAgainInOrder() throws {
    var rig = Rig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask(1)) == [1])
    #expect(rig.ask() == [ids[1]])
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.record(ids[0], retryAt: rig.now) == [])
    let circuits = try rig.gates.routes[rig.route].way.get().circuits
    rig.gates.circuits.learn(
      AttemptResult(.retry, status: 403, blame: .credential),
      of: DeliveryTag(delivery: UUID(), attempt: 1), circuits, at: rig.now, chance: 0)
    #expect(rig.ask() == [], "the first is put aside, and the second with it")
    rig.gates.circuits.keep { _ in false }
    rig.strand.passed.resolveAll()
    #expect(rig.strand.nextListing(&rig.gates, at: rig.now)?.after == .before(1))
    let third = rig.list(["ann", "ann", "ann"], known: ids)[2]
    let first = rig.ask()
    #expect(first == [ids[0]])
    #expect(rig.handOut(first) == [1])
    #expect(rig.answer(ids[0]) == [] && rig.ask() == [])
    #expect(rig.handOut([ids[1]]) == [])
    rig.now = rig.now + .seconds(1)
    #expect(rig.strand.nextListing(&rig.gates, at: rig.now)?.after == .before(2))
    _ = rig.list(["ann", "ann", "ann"], known: ids + [third], from: 1)
    #expect(rig.ask() == [ids[1], third])
    #expect(rig.handOut([ids[1], third]) == [2])
  }

  @Test("what is no longer due makes way for what stands behind it")
  func skipsCalledOff() {
    var rig = Rig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask(), without: [ids[0]]) == [2])
    #expect(rig.gates.budget.open == 1)
  }

  @Test("asks again for what waited too long for its turn: it may have been called off")
  func asksAgain() {
    var rig = Rig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask()) == [1])
    rig.now = rig.now + .seconds(2)
    #expect(rig.answer(ids[0]) == [])
    #expect(rig.ask() == [ids[1]])
    #expect(rig.handOut([ids[1]]) == [2])
  }

  @Test("sends nothing at the end of a lease, and goes on once it is renewed")
  func heedsTheLease() {
    var rig = Rig()
    _ = rig.list(["ann"])
    let asked = rig.ask()
    rig.now = rig.strand.sendUntil
    #expect(rig.handOut(asked) == [])
    #expect(rig.tick() == [] && rig.ask() == [])
    rig.strand.sendUntil = rig.now + .seconds(5)
    var sent = rig.tick()
    if sent.isEmpty { sent = rig.handOut(rig.ask()) }
    #expect(sent == [1])
  }

  @Test("gives back what it has of the budget when it closes or is lost")
  func givesBack() {
    var rig = Rig()
    _ = rig.list(["ann", "ann", "bob"])
    _ = rig.handOut(rig.ask())
    #expect(rig.gates.budget.open == 3)
    rig.strand.close(&rig.gates, at: rig.now)
    #expect(rig.gates.budget.open == 2, "what is on its way is waited for")
    #expect(rig.strand.open.count == 2)
    rig.strand.abandon(&rig.gates, at: rig.now)
    #expect(rig.gates.budget.open == 2, "it is given back when it is recorded")
  }
}

import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

@Suite struct HoldLanes {
  private func held(_ world: World, _ dispatcher: World.MemberID) -> Int {
    world.board(dispatcher)?.status.lanes[World.app] ?? 0
  }

  /// Something is always due in every lane.
  private func keepBusy(_ world: World, for duration: Duration) {
    let end = world.now + duration
    while world.now < end {
      for number in 0..<32 { world.push(to: "user-\(number)") }
      world.run(for: .milliseconds(500))
    }
  }

  @Test("takes only lanes that have something due, and gives back those that are idle for long")
  func givesBackIdleLanes() {
    let (world, dispatcher) = World.small(lanes: 8)
    #expect(held(world, dispatcher) == 0)
    world.push(to: "ann")
    world.run(for: .seconds(2))
    #expect(held(world, dispatcher) == 1)
    world.run(for: .seconds(27))
    #expect(held(world, dispatcher) == 1)
    world.run(for: .seconds(5))
    #expect(held(world, dispatcher) == 0)
    #expect(world.database.lanes.values.allSatisfy { $0.dispatcher == nil })
    let id = world.push(to: "ann")
    world.run(for: .seconds(1))
    #expect(world.outcomes(of: id) == [.accepted])
  }

  @Test("keeps a lane in which something waits for its time")
  func keepsBusyLanes() {
    let (world, dispatcher) = World.small()
    world.respond = { _, _ in
      World.Answer(
        result: AttemptResult(.retry, status: 429, retryAfter: .seconds(300)), after: .zero)
    }
    world.push(to: "ann")
    world.run(for: .seconds(120))
    #expect(held(world, dispatcher) == 1)
  }

  @Test("G9: two dispatchers share an app's lanes, and whoever stays takes over the other's")
  func shares() {
    let (world, first) = World.small(lanes: 8)
    keepBusy(world, for: .seconds(3))
    #expect(held(world, first) == 8)
    let second = world.startDispatcher()
    keepBusy(world, for: .seconds(10))
    #expect(held(world, first) == 4 && held(world, second) == 4)
    world.stop(first)
    keepBusy(world, for: .seconds(5))
    #expect(held(world, second) == 8)
    world.kill(second)
    let third = world.startDispatcher()
    keepBusy(world, for: .seconds(40))
    #expect(held(world, third) == 8)
    world.run(for: .seconds(5))
    #expect(world.ledger.left.count > 2_000)
    #expect(world.database.due.values.allSatisfy { $0.isEmpty })
    #expect(world.ledger.broken == [])
  }

  @Test("G8, G11: what a lost dispatcher handed out and did not record is unknown, then sent again")
  func takesOver() {
    let (world, first) = World.small()
    world.respond = { _, ticket in
      .accepted(after: ticket.delivery.device.user.rawValue == "fast" ? .zero : .seconds(5))
    }
    let recorded = (0..<5).map { _ in world.push(to: "fast") }
    let sent = (0..<5).map { world.push(to: "slow-\($0)") }
    let behind = (0..<20).map { _ in world.push(to: "slow-0") }
    world.run(for: .seconds(2))
    let handedOut = Set(world.database.unrecorded(in: .init(app: World.app, lane: 0)).map(\.key))
    #expect(handedOut.count == 5 + 7, "a device's next seven are handed out ahead")
    world.kill(first)
    world.respond = { _, _ in .accepted() }
    world.startDispatcher()
    world.run(for: .seconds(12))
    #expect(sent.allSatisfy { world.outcomes(of: $0) == [] }, "not before the lease ends")
    world.run(for: .seconds(10))
    #expect(recorded.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    for id in sent + behind {
      let isLost = handedOut.contains { $0.delivery == id }
      #expect(world.outcomes(of: id) == (isLost ? [.unknown, .accepted] : [.accepted]))
    }
    let lost = world.database.attempts.values.filter { $0.outcome == .unknown }
    #expect(lost.allSatisfy { $0.dispatcher == "dispatcher-1" && $0.reason == "dispatcher_lost" })
    #expect(world.ledger.broken == [])
  }

  @Test("G10: a push that was called off and whose dispatcher died is in the ledger all the same")
  func recordsTheCalledOff() {
    let (world, first) = World.small()
    world.respond = { _, _ in .accepted(after: nil) }
    let id = world.push(to: "ann")
    let other = world.push(to: "bob")
    _ = world.run(atMost: .seconds(2)) { $0.ledger.left.count == 2 }
    world.database.callOff(id, of: World.app, at: world.now)
    world.kill(first)
    world.respond = { _, _ in .accepted() }
    world.startDispatcher()
    world.run(for: .seconds(20))
    #expect(world.outcomes(of: other) == [.unknown, .accepted])
    #expect(world.outcomes(of: id) == [.unknown] && world.ledger.left.count == 3)
  }

  @Test("G10, G11: who lost a lane records what it sent, marked, and the other sends it again")
  func recordsFenced() {
    let (world, first) = World.small()
    world.respond = { _, _ in .accepted(after: .seconds(6)) }
    let id = world.push(to: "ann")
    _ = world.run(atMost: .seconds(2)) { $0.ledger.left.count == 1 }
    // The lane goes to somebody else, whatever the lease says.
    let place = SimDatabase.LaneName(app: World.app, lane: 0)
    world.database.lanes[place]?.leasedUntil = world.now - .seconds(1)
    world.database.dispatchers = [:]
    world.startDispatcher()
    world.respond = { _, _ in .accepted(after: .seconds(60)) }
    world.run(for: .seconds(8))
    let attempts = world.database.attempts.values.filter { $0.delivery == id }
      .sorted { !$0.isFenced && $1.isFenced }
    #expect(attempts.map(\.outcome) == [.unknown, .accepted])
    #expect(attempts.map(\.isFenced) == [false, true])
    #expect(attempts.map(\.dispatcher) == ["dispatcher-1", "dispatcher-1"])
    #expect(!world.isDue(id), "it has ended: nothing is left to send")
    #expect(world.board(first)?.status.counters.lanesLost == 1)
  }
}

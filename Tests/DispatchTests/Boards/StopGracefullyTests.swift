import PushCore
import Testing

@testable import PushDispatch

@Suite struct StopGracefully {
  @Test("G8, G10: what is on its way ends and is recorded, nothing new is sent, lanes go back")
  func finishes() {
    let (world, dispatcher) = World.small(lanes: 4)
    world.respond = { _, _ in .accepted(after: .seconds(3)) }
    let sent = (0..<30).map { world.push(to: "user-\($0)") }
    let behind = (0..<30).map { world.push(to: "user-\($0)") }
    world.run(for: .seconds(1))
    #expect(world.board(dispatcher)?.inFlight.count == 30)
    world.stop(dispatcher)
    let late = world.push(to: "late")
    #expect(world.run(atMost: .seconds(5)) { $0.members.isEmpty })
    #expect(sent.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    #expect(behind.allSatisfy { world.isDue($0) && world.outcomes(of: $0) == [] })
    #expect(world.isDue(late) && world.ledger.left.count == 30)
    #expect(world.database.lanes.values.allSatisfy { $0.dispatcher == nil })
    #expect(world.database.handedOut.isEmpty)
    #expect(world.database.dispatchers[World.app]?.isEmpty == true)
    #expect(world.finished == ["dispatcher-1"])

    // Whoever comes next finds nothing that may have been sent.
    world.respond = { _, _ in .accepted() }
    world.startDispatcher()
    world.run(for: .seconds(3))
    #expect((behind + [late]).allSatisfy { world.outcomes(of: $0) == [.accepted] })
    #expect(world.ledger.broken == [])
  }

  @Test("stops at once where it has nothing to do")
  func stopsIdle() {
    let (world, dispatcher) = World.small()
    world.stop(dispatcher)
    world.run(for: .milliseconds(100))
    #expect(world.members.isEmpty)
  }

  @Test("G10: waits for its database to record what was sent")
  func waitsForTheDatabase() {
    let (world, dispatcher) = World.small()
    let id = world.push(to: "ann")
    _ = world.run(atMost: .seconds(3)) { $0.ledger.left.count == 1 }
    world.faults.isOut = true
    world.stop(dispatcher)
    world.run(for: .seconds(4))
    #expect(world.members.count == 1 && world.outcomes(of: id) == [])
    world.faults.isOut = false
    #expect(world.run(atMost: .seconds(4)) { $0.members.isEmpty })
    #expect(world.outcomes(of: id) == [.accepted])
  }

  @Test("a retry that is recorded does not keep it from stopping")
  func leavesRetries() {
    let (world, dispatcher) = World.small()
    world.respond = { _, _ in
      World.Answer(
        result: AttemptResult(.retry, status: 429, retryAfter: .seconds(600)), after: .zero)
    }
    let id = world.push(to: "ann")
    world.run(for: .seconds(2))
    world.stop(dispatcher)
    #expect(world.run(atMost: .seconds(1)) { $0.members.isEmpty })
    #expect(world.outcomes(of: id) == [.retry] && world.isDue(id))
  }
}

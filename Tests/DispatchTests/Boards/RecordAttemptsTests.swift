import PushCore
import Testing

@testable import PushDispatch

@Suite struct RecordAttempts {
  @Test("G10: what the database refuses is put off alone; all else is recorded")
  func isolatesTheRefused() throws {
    let (world, dispatcher) = World.small()
    let ids = (0..<100).map { world.push(to: "user-\($0)") }
    world.faults.refuses = { $0.message.rawValue == "m37" }
    world.run(for: .seconds(10))
    for (index, id) in ids.enumerated() {
      #expect(world.outcomes(of: id) == (index == 36 ? [] : [.accepted]))
    }
    let status = try #require(world.board(dispatcher)?.status)
    #expect(status.counters.unrecordable == 1 && status.open == 0 && world.isDue(ids[36]))
    world.faults.refuses = { _ in false }
    world.run(for: .seconds(16 * 60))
    #expect(world.outcomes(of: ids[36]) == [.accepted])
  }

  @Test("G10, G11: a recording whose answer is lost is made again and changes nothing")
  func repeatsRecordings() {
    let (world, _) = World.small(seed: 3)
    world.faults.failures = 70
    let ids = (0..<50).map { world.push(to: "user-\($0)") }
    world.run(for: .seconds(60))
    world.faults.failures = 0
    world.run(for: .seconds(30))
    #expect(ids.allSatisfy { world.outcomes(of: $0).last == .accepted })
    #expect(world.ledger.broken == [])
  }

  @Test("G8, G10: sends no more than it may keep while nothing can be recorded, and loses nothing")
  func boundsTheUnrecorded() throws {
    let (world, dispatcher) = World.small { $0.openDeliveries = 30 }
    let ids = (0..<100).map { world.push(to: "user-\($0)") }
    _ = world.run(atMost: .seconds(2)) { !$0.ledger.left.isEmpty }
    world.faults.isOut = true
    world.run(for: .seconds(4))
    let status = try #require(world.board(dispatcher)?.status)
    #expect(status.inFlight == 0 && status.unrecorded <= 15)
    #expect(world.ledger.left.count <= 15)
    world.faults.isOut = false
    world.run(for: .seconds(10))
    #expect(ids.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    #expect(world.ledger.broken == [])
  }

  @Test("G9: a delivery that is called off while it waits is not sent, and holds nobody up")
  func leavesOutCalledOff() {
    let (world, _) = World.small()
    world.respond = { _, _ in .accepted(after: .seconds(3)) }
    let ids = (0..<3).map { _ in world.push(to: "ann") }
    _ = world.run(atMost: .seconds(2)) { $0.ledger.left.count == 1 }
    world.database.callOff(ids[1], of: World.app, at: world.now)
    world.run(for: .seconds(10))
    #expect(ids.map { world.ledger.attempts(of: $0).count } == [1, 0, 1])
    #expect(world.outcomes(of: ids[2]) == [.accepted])
    #expect(world.ledger.broken == [])
  }

  @Test("a token that became invalid ends what follows on its device, unsent")
  func endsInvalidTokens() {
    let (world, _) = World.small()
    world.respond = { _, _ in
      World.Answer(
        result: AttemptResult(.tokenInvalid, status: 410, reason: "Unregistered"), after: .zero)
    }
    var ids = [world.push(to: "ann")]
    world.run(for: .seconds(1))
    ids += (0..<3).map { _ in world.push(to: "ann") }
    world.run(for: .seconds(1))
    #expect(ids.allSatisfy { world.outcomes(of: $0) == [.tokenInvalid] })
    #expect(world.ledger.left.count == 1)
  }
}

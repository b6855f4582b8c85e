import PushCore
import Testing

@testable import PushDispatch

@Suite struct ExpireDeliveries {
  @Test("G8: tries until the expiry, then records that it expired and sends no more")
  func expires() throws {
    let (world, _) = World.small()
    world.respond = { _, _ in
      World.Answer(result: AttemptResult(.retry, status: 500), after: .milliseconds(10))
    }
    let id = world.push(to: "ann", expiresAfter: .seconds(20))
    let expiry = world.now + .seconds(20)
    #expect(world.run(atMost: .seconds(25)) { !$0.isDue(id) })
    let outcomes = world.outcomes(of: id)
    #expect(outcomes.last == .expired)
    #expect(outcomes.dropLast().allSatisfy { $0 == .retry } && outcomes.count >= 4)
    #expect(world.now >= expiry && world.now < expiry + .seconds(1))
    #expect(world.ledger.attempts(of: id).count == outcomes.count - 1)
    #expect(try #require(world.ledger.left.last).at < expiry)
  }

  @Test("what expires behind a retry is found when its turn comes, and not sent")
  func expiresBehindAnother() {
    let (world, _) = World.small()
    world.respond = { _, ticket in
      ticket.delivery.request.attempt > 1
        ? .accepted()
        : World.Answer(
          result: AttemptResult(.retry, status: 429, retryAfter: .seconds(30)), after: .zero)
    }
    let first = world.push(to: "ann")
    let second = world.push(to: "ann", expiresAfter: .seconds(5))
    let third = world.push(to: "ann")
    world.run(for: .seconds(200))
    #expect(world.outcomes(of: first) == [.retry, .accepted])
    #expect(world.outcomes(of: second) == [.expired])
    #expect(world.outcomes(of: third) == [.retry, .accepted])
    #expect(world.ledger.broken == [])
  }

  @Test("what expires while nothing can send it is recorded as expired")
  func expiresWhileWaiting() {
    let (world, _) = World.small { $0.expiryInterval = .seconds(10) }
    world.database.credentials = [TestCredential.loaded(of: World.app, topics: [World.topic])]
    world.run(for: .seconds(6))
    world.register("ann", topic: "t.other")
    let soon = world.push(to: "ann", expiresAfter: .seconds(5))
    let late = world.push(to: "ann", expiresAfter: .seconds(3_600))
    world.run(for: .seconds(20))
    #expect(world.outcomes(of: soon) == [.expired] && !world.isDue(soon))
    #expect(world.outcomes(of: late) == [] && world.isDue(late))
    #expect(world.ledger.left.isEmpty)
  }

  @Test("it is found also where the app has no credential at all, and however much it is")
  func expiresWithoutAnyCredential() {
    let (world, _) = World.small { $0.expiryInterval = .seconds(10) }
    world.database.credentials = []
    world.run(for: .seconds(6))
    let most = DispatchDatabase.expiredRows
    let soon = (0...most).map { world.push(to: "user\($0 % 7)", expiresAfter: .seconds(5)) }
    let late = world.push(to: "ann", expiresAfter: .seconds(3_600))
    world.run(for: .seconds(20))
    #expect(soon.allSatisfy { world.outcomes(of: $0) == [.expired] && !world.isDue($0) })
    #expect(world.outcomes(of: late) == [] && world.isDue(late))
    world.run(for: .seconds(60))
    #expect(world.database.lanes.values.allSatisfy { $0.dispatcher == nil })
    #expect(world.ledger.left.isEmpty)
  }

  @Test("a wait that the provider asks for does not outlive the delivery")
  func cutsTheWait() {
    let (world, _) = World.small()
    world.respond = { _, _ in
      World.Answer(
        result: AttemptResult(.retry, status: 429, retryAfter: .seconds(900)), after: .zero)
    }
    let id = world.push(to: "ann", expiresAfter: .seconds(30))
    world.run(for: .seconds(31))
    #expect(world.outcomes(of: id) == [.retry, .expired] && !world.isDue(id))
  }
}

import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

@Suite struct HeedProviders {
  private static let bank = AppID(unchecked: "bank")

  @Test("G8: tries again after as long as the provider asked, or later, and not before")
  func heedsRetryAfter() throws {
    let (world, _) = World.small()
    world.respond = { _, ticket in
      guard ticket.delivery.request.attempt == 1 else { return .accepted() }
      return World.Answer(
        result: AttemptResult(
          .retry, status: 429, reason: "TooManyRequests", retryAfter: .seconds(30)),
        after: .milliseconds(10))
    }
    let id = world.push(to: "ann")
    #expect(world.run(atMost: .seconds(60)) { $0.outcomes(of: id) == [.retry, .accepted] })
    let left = world.ledger.attempts(of: id)
    let wait = try #require(left.last?.at) - (try #require(left.first?.at))
    #expect(wait >= .seconds(30) && wait < .seconds(34))
    #expect(!world.isDue(id) && world.ledger.broken == [])
  }

  @Test("G9: a retry holds back its device and no other")
  func holdsBackOneDevice() {
    let (world, _) = World.small()
    world.respond = { _, ticket in
      guard ticket.delivery.device.user.rawValue == "ann", ticket.delivery.request.attempt == 1
      else { return .accepted() }
      return World.Answer(
        result: AttemptResult(.retry, status: 429, retryAfter: .seconds(20)), after: .zero)
    }
    let ann = [world.push(to: "ann"), world.push(to: "ann")]
    let bob = [world.push(to: "bob"), world.push(to: "bob")]
    world.run(for: .seconds(10))
    #expect(bob.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    #expect(world.outcomes(of: ann[1]) == [])
    world.run(for: .seconds(40))
    #expect(ann.allSatisfy { world.outcomes(of: $0) == [.retry, .accepted] })
    #expect(world.ledger.broken == [])
  }

  @Test("G10, G11: a provider that never returns is given up; that attempt counts as unknown")
  func givesUpTheSilent() throws {
    let (world, dispatcher) = World.small { configuration in
      configuration.requestDeadline = .seconds(2)
      configuration.requestGrace = .seconds(1)
    }
    world.respond = { _, ticket in
      .accepted(after: ticket.delivery.request.attempt == 1 ? nil : .milliseconds(5))
    }
    let id = world.push(to: "ann")
    world.run(for: .milliseconds(2_950))
    #expect(world.outcomes(of: id) == [])
    #expect(world.board(dispatcher)?.inFlight.count == 1)
    #expect(world.run(atMost: .seconds(3)) { $0.outcomes(of: id) == [.unknown, .accepted] })
    let event = try #require(
      world.database.attempts[DeliveryID.attemptEvent(delivery: id, attempt: 1)])
    #expect(event.reason == "no_answer")
    let status = try #require(world.board(dispatcher)?.status)
    #expect(status.counters.overdue == 1 && status.counters.outcomes[.unknown] == 1)
    world.run(for: .seconds(1))
    #expect(world.board(dispatcher)?.status.open == 0)
  }

  @Test("an answer that comes after it was given up changes nothing")
  func ignoresTheLate() {
    let (world, dispatcher) = World.small()
    world.respond = { _, _ in .accepted(after: .seconds(16)) }
    let id = world.push(to: "ann")
    world.run(for: .seconds(15) + .milliseconds(500))
    #expect(world.outcomes(of: id) == [.unknown])
    world.respond = { _, _ in .accepted() }
    world.run(for: .seconds(10))
    #expect(world.outcomes(of: id) == [.unknown, .accepted])
    #expect(world.board(dispatcher)?.status.counters.outcomes == [.unknown: 1, .accepted: 1])
    #expect(world.board(dispatcher)?.status.open == 0)
  }

  @Test("a dead host stops what goes to it and nothing else, is probed, and comes back")
  func survivesADeadHost() throws {
    let (world, dispatcher) = World.small()
    let deadUntil = world.now + .seconds(60)
    world.respond = { world, ticket in
      guard ticket.delivery.request.environment == .production, world.now < deadUntil else {
        return .accepted()
      }
      return World.Answer(
        result: AttemptResult(.retry, status: 503, reason: "Down", blame: .host), after: .zero)
    }
    for number in 0..<40 {
      world.register("live-\(number)", environment: .production)
      world.register("sand-\(number)", environment: .sandbox)
    }
    let live = (0..<40).map { world.push(to: "live-\($0)") }
    world.run(for: .seconds(5))
    let circuit = try #require(world.board(dispatcher)?.status.circuits.first)
    #expect(circuit.host == "production.example" && circuit.reason == "Down")
    #expect(circuit.app == nil)
    let before = world.ledger.left.count
    let sand = (0..<40).map { world.push(to: "sand-\($0)") }
    world.run(for: .seconds(5))
    #expect(sand.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    world.run(for: .seconds(48))
    let probes = world.ledger.left.count - before - 40
    #expect((3...12).contains(probes), "probes while it is dead: \(probes)")
    #expect(
      world.run(atMost: .seconds(180)) { world in
        live.allSatisfy { world.outcomes(of: $0).last == .accepted }
      })
    #expect(world.board(dispatcher)?.status.circuits == [])
    #expect(world.ledger.broken == [])
  }

  @Test("G12: a refused credential stops neither another app nor another credential")
  func survivesARefusedCredential() throws {
    let (world, dispatcher) = World.small()
    world.add(Self.bank, lanes: 1)
    world.database.credentials = [
      TestCredential.loaded("good", of: World.app, topics: ["t.good"]),
      TestCredential.loaded("bad", of: World.app, topics: ["t.bad"]),
      TestCredential.loaded("bank", of: Self.bank),
    ]
    world.run(for: .seconds(6))
    world.respond = { _, ticket in
      guard ticket.way.id.id == "bad" else { return .accepted() }
      return World.Answer(
        result: AttemptResult(
          .retry, status: 403, reason: "InvalidProviderToken", blame: .credential), after: .zero)
    }
    var good: [UUID] = []
    var bad: [UUID] = []
    for number in 0..<50 {
      world.register("good-\(number)", topic: "t.good")
      world.register("bad-\(number)", topic: "t.bad")
      world.register("bank-\(number)", of: Self.bank)
      bad.append(world.push(to: "bad-\(number)"))
      good.append(world.push(to: "good-\(number)"))
      good.append(world.push(to: "bank-\(number)", of: Self.bank))
    }
    world.run(for: .seconds(5))
    #expect(good.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    #expect(bad.allSatisfy(world.isDue))
    let circuit = try #require(world.board(dispatcher)?.status.circuits.first)
    #expect(circuit.credentialID == "bad" && circuit.reason == "InvalidProviderToken")
    let sent = world.ledger.left.count { $0.credential == "bad" }
    world.run(for: .seconds(30))
    #expect(world.ledger.left.count { $0.credential == "bad" } == sent, "not before its time")

    world.respond = { _, _ in .accepted() }
    world.database.credentials[1] = TestCredential.loaded(
      "bad", of: World.app, topics: ["t.bad", "t.more"])
    #expect(
      world.run(atMost: .seconds(8)) { world in
        bad.allSatisfy { world.outcomes(of: $0).last == .accepted }
      }, "a mended credential is used at once")
    #expect(world.ledger.broken == [])
  }

  @Test("a slow credential holds at most its share of what may be open")
  func boundsTheSlow() throws {
    let (world, dispatcher) = World.small { $0.openDeliveries = 40 }
    world.database.credentials = [
      TestCredential.loaded("fast", of: World.app, topics: ["t.fast"]),
      TestCredential.loaded("slow", of: World.app, topics: ["t.slow"]),
    ]
    world.run(for: .seconds(6))
    world.respond = { _, ticket in
      .accepted(after: ticket.way.id.id == "slow" ? .seconds(9) : .milliseconds(20))
    }
    for number in 0..<100 {
      world.register("slow-\(number)", topic: "t.slow")
      world.register("fast-\(number)", topic: "t.fast")
    }
    for number in 0..<100 { world.push(to: "slow-\(number)") }
    world.run(for: .seconds(1))
    #expect(world.board(dispatcher)?.inFlight.count == 20)
    let fast = (0..<100).map { world.push(to: "fast-\($0)") }
    world.run(for: .seconds(2))
    #expect(fast.allSatisfy { world.outcomes(of: $0) == [.accepted] })
    #expect(world.ledger.broken == [])
  }
}

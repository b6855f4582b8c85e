import Ledger
import PushCore
import Testing

@testable import PushDispatch

@Suite("Pause what is sent") struct PauseDispatch {
  private static let other = AppID(unchecked: "other")

  private func pause(
    _ provider: ProviderName? = .apns, of app: AppID = World.app
  ) -> DispatchPause {
    DispatchPause(app: app, provider: provider, pausedAt: World.start)
  }

  /// Changes what is paused, and tells the dispatcher as the database would.
  private func set(_ pauses: [DispatchPause], in world: World, _ dispatcher: World.MemberID) {
    world.database.pauses = pauses
    world.tell(dispatcher, .credentialsChanged)
  }

  private func waiting(_ world: World, _ dispatcher: World.MemberID) -> [DispatchLack: Int] {
    let counted = (world.board(dispatcher)?.status.lacking ?? [])
      .map { ($0.kind.why, $0.deliveries) }
    return Dictionary(counted, uniquingKeysWith: +)
  }

  @Test("nothing new is handed out; what is in flight is finished, and not tried again")
  func holdsBack() {
    let (world, dispatcher) = World.small()
    world.respond = { _, ticket in
      ticket.delivery.device.user.rawValue == "bob"
        ? World.Answer(result: AttemptResult(.retry, status: 503), after: .milliseconds(500))
        : .accepted(after: .milliseconds(500))
    }
    let flying = world.push(to: "ann")
    let failing = world.push(to: "bob")
    let behind = world.push(to: "ann")
    world.run(for: .milliseconds(200))
    #expect(world.ledger.left.count == 2)
    set([pause()], in: world, dispatcher)
    world.run(for: .milliseconds(100))
    let late = world.push(to: "cid")
    world.run(for: .seconds(120))
    #expect(world.outcomes(of: flying) == [.accepted])
    #expect(world.outcomes(of: failing) == [.retry])
    #expect(world.isDue(failing) && world.isDue(behind) && world.isDue(late))
    #expect(world.ledger.left.count == 2)
    #expect(waiting(world, dispatcher) == [.paused: 3])
  }

  @Test("G9, G11: resumed, what waited goes at once, in order, each once")
  func goesOn() {
    let (world, dispatcher) = World.small(lanes: 4)
    let before = (0..<40).map { world.push(to: "user-\($0 % 8)") }
    world.run(for: .milliseconds(5))
    set([pause()], in: world, dispatcher)
    world.run(for: .seconds(2))
    let sent = world.ledger.left.count
    let during = (0..<200).map { world.push(to: "user-\($0 % 8)") }
    world.run(for: .seconds(90))
    #expect(world.ledger.left.count == sent)
    set([], in: world, dispatcher)
    let after = (0..<40).map { world.push(to: "user-\($0 % 8)") }
    let ids = before + during + after
    let took = world.run(atMost: .seconds(5)) { world in
      ids.allSatisfy { world.outcomes(of: $0) == [.accepted] }
    }
    #expect(took)
    #expect(world.ledger.left.count == ids.count)
    #expect(world.ledger.broken == [])
    world.run(for: .seconds(31))
    #expect(waiting(world, dispatcher) == [:])
  }

  @Test("G12: the whole app stands still, and another app goes on")
  func leavesOthers() {
    let (world, dispatcher) = World.small()
    world.add(Self.other, lanes: 1)
    world.database.credentials.append(TestCredential.loaded(of: Self.other))
    set([pause(nil)], in: world, dispatcher)
    world.run(for: .milliseconds(200))
    let held = world.push(to: "ann")
    let sent = world.push(to: "ann", of: Self.other)
    world.run(for: .seconds(35))
    #expect(world.outcomes(of: held) == [] && world.isDue(held))
    #expect(world.outcomes(of: sent) == [.accepted])
    #expect(world.board(dispatcher)?.apps[World.app] == nil, "it takes no lane for nothing")
    #expect(waiting(world, dispatcher) == [.paused: 1])
    // A pause of a provider that nothing goes through holds nothing.
    set([pause(.fcm)], in: world, dispatcher)
    #expect(world.run(atMost: .seconds(2)) { $0.outcomes(of: held) == [.accepted] })
  }

  @Test("a dispatcher that starts knows it, whether it was told or not")
  func outlivesDispatchers() {
    let (world, first) = World.small()
    set([pause()], in: world, first)
    world.run(for: .seconds(1))
    let id = world.push(to: "ann")
    world.run(for: .seconds(2))
    world.kill(first)
    world.startDispatcher()
    world.run(for: .seconds(30))
    #expect(world.ledger.left.isEmpty && world.isDue(id))
    // Nobody is told: it looks itself.
    world.database.pauses = []
    #expect(world.run(atMost: .seconds(7)) { $0.outcomes(of: id) == [.accepted] })
  }

  @Test("G8: what expires meanwhile is recorded as expired and never sent")
  func expires() {
    let (world, dispatcher) = World.small { $0.expiryInterval = .seconds(10) }
    set([pause(nil)], in: world, dispatcher)
    world.run(for: .milliseconds(200))
    let soon = world.push(to: "ann", expiresAfter: .seconds(5))
    let late = world.push(to: "ann", expiresAfter: .seconds(3_600))
    world.run(for: .seconds(30))
    #expect(world.outcomes(of: soon) == [.expired] && !world.isDue(soon))
    #expect(world.outcomes(of: late) == [] && world.isDue(late))
    set([], in: world, dispatcher)
    #expect(world.run(atMost: .seconds(5)) { $0.outcomes(of: late) == [.accepted] })
    #expect(world.ledger.left.count == 1)
  }

  @Test("streams are held back like all that is pushed, and counted so")
  func holdsStreams() {
    let (world, dispatcher) = World.small()
    world.register("ann", topic: CallbackWay.stream.rawValue)
    world.push(to: "ann", through: .callback)
    set([pause(.callback)], in: world, dispatcher)
    world.run(for: .seconds(65))
    #expect(waiting(world, dispatcher) == [.paused: 1])
    set([], in: world, dispatcher)
    world.run(for: .seconds(35))
    #expect(world.board(dispatcher)?.status.waiting.map(\.kind.why) == [.device])
  }
}

import PushCore
import Testing

@testable import PushDispatch

@Suite struct WaitForDevices {
  private static let stream = CallbackWay.stream.rawValue

  @Test("what a device comes for on a stream is passed over, counted as such, and not warned of")
  func passesOver() {
    let (world, dispatcher) = World.small()
    world.run(for: .seconds(6))
    world.register("ann", topic: Self.stream)
    let waiting = (0..<3).map { _ in world.push(to: "ann", through: .callback) }
    let other = world.push(to: "bob")
    world.run(for: .seconds(40))
    #expect(world.outcomes(of: other) == [.accepted])
    #expect(waiting.allSatisfy { world.isDue($0) && world.outcomes(of: $0) == [] })
    let counted = world.board(dispatcher)?.status.waiting ?? []
    #expect(counted.map(\.kind.why) == [.device] && counted.map(\.deliveries) == [3])
    #expect(world.board(dispatcher)?.status.lacking == [])
    #expect(world.ledger.broken == [])
  }

  @Test("G8: it expires like all that waits")
  func expires() {
    let (world, _) = World.small { $0.expiryInterval = .seconds(10) }
    world.run(for: .seconds(6))
    world.register("ann", topic: Self.stream)
    let soon = world.push(to: "ann", through: .callback, expiresAfter: .seconds(5))
    let late = world.push(to: "ann", through: .callback, expiresAfter: .seconds(3_600))
    world.run(for: .seconds(20))
    #expect(world.outcomes(of: soon) == [.expired] && !world.isDue(soon))
    #expect(world.outcomes(of: late) == [] && world.isDue(late))
    #expect(world.ledger.left.isEmpty)
  }
}

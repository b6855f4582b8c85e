import PushCore
import Testing

@testable import PushDispatch

/// Dispatchers that crash, calls that fail, a provider that does what providers do at bad times.
@Suite struct SurviveChaos {
  /// What must hold at every step is checked in ``PushLog``, what must hold at the end in
  /// ``Chaos/expectPromisesKept()``.
  @Test(
    "G8, G9, G10, G11: keeps every promise, whatever fails, dies or is called off",
    arguments: Array<UInt64>(1...1000))
  func keepsEveryPromise(seed: UInt64) {
    let chaos = Chaos(seed: seed)
    chaos.run()
    chaos.expectPromisesKept()
  }

  @Test("G8: sends everything once where nothing fails", arguments: Array<UInt64>(1...40))
  func sendsOnce(seed: UInt64) {
    let chaos = Chaos(seed: seed, isCalm: true)
    chaos.run()
    chaos.expectPromisesKept()
    for delivery in chaos.sendable {
      #expect(chaos.world.ledger.attempts(of: delivery).count == 1, "seed \(seed)")
    }
  }
}

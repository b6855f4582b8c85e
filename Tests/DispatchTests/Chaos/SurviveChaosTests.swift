import Foundation
import PushCore
import Testing

@testable import PushDispatch

/// Dispatchers that crash, calls that fail, a provider that does what providers do at bad times.
///
/// What must hold at every step is checked in ``PushLog``, what must hold at the end in
/// ``Chaos/expectPromisesKept()``. `PUSHLEDGER_TEST_SEEDS=1-1000` runs these seeds.
@Suite struct SurviveChaos {
  static let seeds: [UInt64] = {
    let wanted = ProcessInfo.processInfo.environment["PUSHLEDGER_TEST_SEEDS"] ?? "1-32"
    let bounds = wanted.split(separator: "-").compactMap { UInt64($0) }
    guard let first = bounds.first, let last = bounds.last, first <= last else { return [] }
    return Array(first...last)
  }()

  @Test(
    "G8, G9, G10, G11: keeps every promise, whatever fails, dies or is called off",
    arguments: seeds)
  func keepsEveryPromise(seed: UInt64) {
    let chaos = Chaos(seed: seed)
    chaos.run()
    chaos.expectPromisesKept()
  }

  @Test("G8: sends everything once where nothing fails", arguments: Array<UInt64>(1...4))
  func sendsOnce(seed: UInt64) {
    let chaos = Chaos(seed: seed, isCalm: true)
    chaos.run()
    chaos.expectPromisesKept()
    for delivery in chaos.sendable {
      #expect(chaos.world.ledger.attempts(of: delivery).count == 1, "seed \(seed)")
    }
  }
}

import PushCore
import TestSupport
import Testing

@testable import PushDispatch

@Suite struct ScheduleRetries {
  private let schedule = RetrySchedule()

  @Test("waits twice as long after each attempt, spread by chance over the upper half")
  func doubles() {
    for attempt in 1...10 {
      let whole = Duration.seconds(1 << (attempt - 1))
      #expect(schedule.delay(after: attempt, asked: nil, chance: 0) == whole * 0.5)
      let late = schedule.delay(after: attempt, asked: nil, chance: 0.999)
      #expect(late > whole * 0.99 && late < whole)
    }
  }

  @Test("never waits longer than the longest wait, however many attempts there were")
  func isBounded() {
    for attempt in [11, 20, 64, 100_000, Int.max] {
      let wait = schedule.delay(after: attempt, asked: nil, chance: 0.999)
      #expect(wait <= schedule.longest && wait >= schedule.longest * 0.5)
    }
  }

  @Test("waits at least as long as the provider asks, and little longer than both")
  func heedsTheProvider() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2_000 {
      let asked = Duration.milliseconds(Int.random(in: 1...7_200_000, using: &random))
      let attempt = Int.random(in: 1...40, using: &random)
      let chance = Double.random(in: 0..<1, using: &random)
      let wait = schedule.delay(after: attempt, asked: asked, chance: chance)
      let own = schedule.delay(after: attempt, asked: nil, chance: chance)
      #expect(wait >= asked && wait >= own)
      #expect(wait <= max(own, asked * 1.1))
    }
  }

  @Test("takes no notice of a wait of nothing")
  func ignoresZero() {
    let own = schedule.delay(after: 3, asked: nil, chance: 0.5)
    #expect(schedule.delay(after: 3, asked: .zero, chance: 0.5) == own)
    #expect(schedule.delay(after: 3, asked: .seconds(-5), chance: 0.5) == own)
  }
}

import PushCore
import Testing

@testable import Providers

@Suite struct KeepPace {
  private let start = Timestamp(microseconds: 1_000_000_000_000)

  /// How many requests leave in a second that begins at `from`, each as soon as it may.
  private func left(_ pace: inout Pace, from: Timestamp) -> Int {
    var count = 0
    var now = from
    while true {
      now = now + pace.take(at: now)
      if now >= from + .seconds(1) { return count }
      count += 1
    }
  }

  @Test func unlimitedNeverWaits() {
    var pace = Pace(.unlimited)
    for _ in 0..<10_000 { #expect(pace.take(at: start) == .zero) }
  }

  @Test func goesNoFasterThanTheLimit() {
    var pace = Pace(Pace.Limits(perSecond: 100))
    // A tenth of a second's worth may go at once.
    #expect((100...111).contains(left(&pace, from: start)))
    #expect((99...101).contains(left(&pace, from: start + .seconds(1))))
  }

  @Test func beginsSlowlyAndRises() {
    var pace = Pace(Pace.Limits(perSecond: 1_000, ramp: .seconds(60)))
    let first = left(&pace, from: start)
    #expect((100...130).contains(first))
    for second in 1..<30 { _ = left(&pace, from: start + .seconds(second)) }
    #expect((500...600).contains(left(&pace, from: start + .seconds(30))))
    for second in 31..<60 { _ = left(&pace, from: start + .seconds(second)) }
    #expect((990...1_001).contains(left(&pace, from: start + .seconds(60))))
  }

  @Test func beginsSlowlyAgainAfterASilence() {
    var pace = Pace(Pace.Limits(perSecond: 1_000, ramp: .seconds(1)))
    _ = left(&pace, from: start)
    #expect(left(&pace, from: start + .seconds(10)) > 900)
    #expect(left(&pace, from: start + .seconds(100)) < 700)
  }
}

import Testing

@testable import Console

@Suite("Draw time lines")
struct DrawTimeLines {
  private static let second: Int64 = 1_000_000

  @Test("linear where all can be told apart, with round steps")
  func linear() {
    let scale = TimeScale([0, 10 * Self.second, 40 * Self.second])
    #expect(!scale.isLogarithmic && scale.span == 40 * Self.second)
    #expect(scale.place(0) == 0 && scale.place(20 * Self.second) == 0.5)
    #expect(scale.place(40 * Self.second) == 1 && scale.place(90 * Self.second) == 1)
    #expect(scale.place(-Self.second) == 0)
    #expect(scale.ticks.map(\.label) == ["10 s", "20 s", "30 s", "40 s"])
    #expect(scale.ticks.map(\.place) == [0.25, 0.5, 0.75, 1])
  }

  @Test("logarithmic where milliseconds and days stand in one picture")
  func logarithmic() {
    let offsets = [3_000, 120_000, 2 * Self.second, 3 * 86_400 * Self.second]
    let scale = TimeScale(offsets)
    #expect(scale.isLogarithmic)
    let places = offsets.map(scale.place)
    #expect(places == places.sorted() && places.last == 1)
    for (left, right) in zip([0] + places, places) { #expect(right - left > 0.03) }
    #expect(scale.ticks.map(\.label).contains("10 s"))
    for (left, right) in zip(scale.ticks, scale.ticks.dropFirst()) {
      #expect(right.place - left.place >= 0.12)
    }
    #expect(scale.ticks.count <= 8)
  }

  @Test("nothing, one moment and the longest time are drawn too")
  func ends() {
    for offsets in [[], [0], [0, 0], [-5]] as [[Int64]] {
      let scale = TimeScale(offsets)
      #expect(scale.place(0) == 0 && scale.place(7) == 0 && scale.ticks.isEmpty)
    }
    for span: Int64 in [1, 7, 999, 123_456, 9_999_999_999, .max / 4] {
      for offsets in [[span], [1, span]] {
        let scale = TimeScale(offsets)
        #expect(scale.place(span) == 1)
        #expect(scale.ticks.count <= 9, "\(span)")
        #expect(scale.ticks.allSatisfy { $0.place > 0 && $0.place <= 1 })
      }
    }
  }

  @Test("marks keep apart, in their order and within the line, whatever its width")
  func spreads() {
    let crowds: [[Double]] = [
      [], [0.5], [0, 0, 0], [1, 1, 1], [0, 0.01, 0.02, 0.5, 0.5, 0.99, 1],
      (0..<40).map { Double($0) / 400 }, Array(repeating: 1, count: 12),
    ]
    for places in crowds {
      let shifts = MarkRow.shifts(of: places)
      #expect(shifts.count == places.count)
      for width in [280.0, 700, 1_400] {
        let middles = zip(places, shifts).map { $0 * width + $1 }
        let room = (280 - MarkRow.pitch) / Double(max(1, places.count - 1))
        let gap = min(MarkRow.pitch, room) - 0.001
        for (left, right) in zip(middles, middles.dropFirst()) { #expect(right - left >= gap) }
        #expect(middles.allSatisfy { $0 > 10.9 && $0 < width - 10.9 }, "\(places)")
      }
    }
    #expect(MarkRow.shifts(of: [0.2, 0.5, 0.8]) == [0, 0, 0])
  }
}

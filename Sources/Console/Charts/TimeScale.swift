import Foundation
import PushCore

/// Where a moment stands on a time line, from 0 at its beginning to 1 at its end.
///
/// It is linear where all that is to be told apart then can be; where the first moments would be
/// squeezed into each other it is logarithmic, so that milliseconds and days stand in one picture.
struct TimeScale: Sendable {
  struct Tick: Sendable, Equatable {
    /// 0 to 1.
    let place: Double
    let label: String
  }

  /// The first moment stands at least so far from the beginning on a linear scale.
  private static let leastShare = 0.04
  /// Between two ticks; the label of the beginning takes a little more.
  private static let leastGap = 0.13
  private static let firstGap = 0.16
  private static let mostLinearTicks: Int64 = 5
  private static let leastUnit = 1_000.0

  /// Microseconds from the beginning to the end.
  let span: Int64
  /// What a logarithmic scale begins with, in microseconds; nil where it is linear.
  let unit: Double?

  /// - Parameter offsets: What is to be shown, in microseconds after the beginning.
  init(_ offsets: [Int64]) {
    let later = offsets.filter { $0 > 0 }
    let span = later.max() ?? 0
    self.span = span
    let first = Double(later.min() ?? 0)
    unit = first < Double(span) * Self.leastShare ? max(Self.leastUnit, first / 2) : nil
  }

  var isLogarithmic: Bool { unit != nil }

  /// - Returns: 0 to 1: what lies outside stands at its end.
  func place(_ offset: Int64) -> Double {
    guard span > 0, offset > 0 else { return 0 }
    let (offset, span) = (Double(min(offset, span)), Double(span))
    guard let unit else { return offset / span }
    return log(1 + offset / unit) / log(1 + span / unit)
  }

  /// Round durations, each far enough from the one before to be read. The beginning is none.
  var ticks: [Tick] {
    guard span > 0 else { return [] }
    var ticks: [Tick] = []
    var last = 0.0
    for (offset, label) in isLogarithmic ? Self.powers : linearSteps where offset <= span {
      let place = place(offset)
      guard place >= last + (ticks.isEmpty ? Self.firstGap : Self.leastGap) else { continue }
      ticks.append(Tick(place: place, label: label))
      last = place
    }
    return ticks
  }

  private var linearSteps: [(Int64, String)] {
    for (unit, name, steps) in Self.units {
      for step in steps where span / (step * unit) <= Self.mostLinearTicks {
        let count = span / (step * unit)
        return (0..<count).map { (($0 + 1) * step * unit, "\((($0 + 1) * step).grouped) \(name)") }
      }
    }
    return []
  }

  private static let second: Int64 = 1_000_000
  private static let day = 86_400 * second

  private static let powers: [(Int64, String)] = [
    (1_000, "1 ms"), (10_000, "10 ms"), (100_000, "100 ms"), (second, "1 s"),
    (10 * second, "10 s"), (60 * second, "1 min"), (600 * second, "10 min"),
    (3_600 * second, "1 h"), (6 * 3_600 * second, "6 h"), (day, "1 d"), (7 * day, "7 d"),
    (30 * day, "30 d"), (365 * day, "365 d"), (3_650 * day, "3,650 d"),
  ]

  private static let units: [(Int64, String, [Int64])] = [
    (1, "µs", [1, 10, 100]), (1_000, "ms", [1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (second, "s", [1, 2, 5, 10, 20]), (60 * second, "min", [1, 2, 5, 10, 20]),
    (3_600 * second, "h", [1, 2, 4, 8, 12]),
    (day, "d", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 100_000, 1_000_000]),
  ]
}

/// Marks beside each other on a line: each as near to its place as those before and behind it let it.
enum MarkRow {
  /// How wide a line is at least, in pixels.
  static let narrowest = 280.0
  /// From one mark's middle to the next one's, where there is room.
  static let pitch = 22.0

  /// By how many pixels each mark stands beside its place. The distances hold on a line of any
  /// greater width: there the places lie only farther apart.
  ///
  /// - Parameter places: 0 to 1, none before the one that it follows.
  static func shifts(of places: [Double]) -> [Double] {
    guard !places.isEmpty else { return [] }
    let room = narrowest - pitch
    let gap = places.count > 1 ? min(pitch, room / Double(places.count - 1)) : pitch
    var middles = places.map { min(max($0 * narrowest, pitch / 2), pitch / 2 + room) }
    for index in middles.indices.dropFirst() {
      middles[index] = max(middles[index], middles[index - 1] + gap)
    }
    var most = pitch / 2 + room
    for index in middles.indices.reversed() {
      middles[index] = min(middles[index], most)
      most = middles[index] - gap
    }
    return zip(middles, places).map { $0 - $1 * narrowest }
  }
}

import PushCore

/// Bars over equal steps, as the template `chart` draws them: places across in per cent of the width,
/// places down in pixels.
struct BarChart: Sendable {
  struct Bar: Sendable {
    let kind: String
    let x: Double
    let width: Double
    let y: Double
    let height: Double
    let label: String
  }

  struct Hatching: Sendable {
    let x: Double
    let width: Double
    let y: Double
    let height: Double
  }

  struct Rule: Sendable {
    let y: Double
    let isBase: Bool
  }

  struct Mark: Sendable {
    let x: Double
    let y: Double
    /// Which end of the text stands at `x`: start, middle or end.
    let at: String
    let mark: String
  }

  let tall: Int
  let alt: String
  private(set) var bars: [Bar] = []
  private(set) var hatched: [Hatching] = []
  private(set) var rules: [Rule] = []
  private(set) var marks: [Mark] = []

  /// A part of a step's bar, from the base away.
  struct Part: Sendable {
    let kind: String
    let number: Int64
    let label: String
    var isHatched = false
  }

  /// Of a step's width: how much its bar takes.
  private static let filled = 0.8

  init(tall: Int, alt: String) {
    self.tall = tall
    self.alt = alt
  }

  /// Bars that stand on a base line.
  ///
  /// - Parameters:
  ///   - numbers: One a step, with what is said of it.
  ///   - names: What stands below the first, the middle and the last step.
  init(
    tall: Int, alt: String, kind: String, _ numbers: [(number: Int64, label: String)],
    names: [String]
  ) {
    self.init(tall: tall, alt: alt)
    let (top, base) = (12.0, Double(tall) - 16)
    let most = numbers.map(\.number).max() ?? 0
    for (step, entry) in numbers.enumerated() {
      add(
        [Part(kind: kind, number: entry.number, label: entry.label)], step, of: numbers.count,
        base: base, room: base - top, most: most, isUp: true)
    }
    rules = [Rule(y: top, isBase: false), Rule(y: base, isBase: true)]
    marks = [Mark(x: 0, y: top - 3, at: "start", mark: most.grouped)]
    for (place, name) in zip([0.0, 50, 100], names) where place != 50 || name != names.last {
      marks.append(
        Mark(
          x: place, y: Double(tall) - 3, at: place == 0 ? "start" : place == 50 ? "middle" : "end",
          mark: name))
    }
  }

  /// Bars above and below a line: what went well, and what did not. Each side has a scale of its own.
  init(tall: Int, alt: String, above: [[Part]], below: [[Part]]) {
    self.init(tall: tall, alt: alt)
    let base = (Double(tall) * 2 / 3).rounded()
    for (side, isUp) in [(above, true), (below, false)] {
      let most = side.map { $0.reduce(0) { $0 + $1.number } }.max() ?? 0
      let room = isUp ? base - 1 : Double(tall) - base - 1
      for (step, parts) in side.enumerated() {
        add(parts, step, of: side.count, base: base, room: room, most: most, isUp: isUp)
      }
    }
    rules = [Rule(y: base, isBase: true)]
  }

  /// Puts one step's parts on each other, cut off at the chart's edge.
  private mutating func add(
    _ parts: [Part], _ step: Int, of steps: Int, base: Double, room: Double, most: Int64,
    isUp: Bool
  ) {
    guard most > 0, steps > 0 else { return }
    let pitch = 100 / Double(steps)
    let x = Self.rounded(Double(step) * pitch + pitch * (1 - Self.filled) / 2)
    let width = Self.rounded(pitch * Self.filled)
    var edge = base
    for part in parts where part.number > 0 {
      var height = max(0.5, room * Double(part.number) / Double(most))
      height = min(height, isUp ? edge : Double(tall) - edge)
      let y = isUp ? edge - height : edge
      edge = isUp ? y : y + height
      bars.append(
        Bar(
          kind: part.kind, x: x, width: width, y: Self.rounded(y), height: Self.rounded(height),
          label: part.label))
      if part.isHatched {
        hatched.append(
          Hatching(x: x, width: width, y: Self.rounded(y), height: Self.rounded(height)))
      }
    }
  }

  private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}

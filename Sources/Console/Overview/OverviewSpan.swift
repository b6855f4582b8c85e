import PushCore

/// The time that the overview looks back on, in whole steps of the hourly statistics.
enum OverviewSpan: String, CaseIterable, Sendable {
  case hour, day, week

  static let usual = OverviewSpan.day

  /// Hours of a step, and how many steps there are. The last one is not over yet.
  private var shape: (hours: Int64, steps: Int64) {
    switch self {
    case .hour: (1, 2)
    case .day: (1, 24)
    case .week: (6, 28)
    }
  }

  var label: String {
    switch self {
    case .hour: "Hour"
    case .day: "Day"
    case .week: "Week"
    }
  }

  var title: String {
    switch self {
    case .hour: "This hour and the last"
    case .day: "Last day"
    case .week: "Last week"
    }
  }

  /// What a step is called.
  var step: String { shape.hours == 1 ? "hour" : "six hours" }
  var stepsTitle: String { shape.hours == 1 ? "by the hour" : "by six hours" }
  var stepSeconds: Int64 { shape.hours * 3_600 }
  var steps: Int { Int(shape.steps) }

  /// When its first step begins, at a moment.
  func start(at now: Timestamp) -> Timestamp {
    let seconds = now.microseconds / 1_000_000
    let step = (seconds - (seconds % stepSeconds + stepSeconds) % stepSeconds) / stepSeconds
    return Timestamp(microseconds: (step - shape.steps + 1) * stepSeconds * 1_000_000)
  }
}

import Projections
import PushCore

/// How fast a rebuild is, and how long it will take.
struct RebuildPace: Sendable {
  /// Events that were folded before.
  let first: Int64
  private let began = ContinuousClock.now

  init(_ start: Rebuild.Progress) { first = start.events }

  var seconds: Double { (ContinuousClock.now - began).seconds }

  func text(_ progress: Rebuild.Progress) -> String {
    let rate = Double(progress.events - first) / max(seconds, 0.001)
    let share = Double(progress.events) / Double(max(progress.head, 1)) * 100
    var text =
      "\(progress.events.grouped) of \(progress.head.grouped) events (\(Int(share)) %), "
      + "\(Int(rate).grouped) a second"
    if rate > 0, progress.left > 0 {
      text += ", \(Int((Double(progress.left) / rate).rounded(.up)).grouped) s left"
    }
    return text
  }
}

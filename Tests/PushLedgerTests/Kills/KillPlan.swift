import TestSupport

/// Whom to kill, and when: after so many pushes or answers of each part of the history.
struct KillPlan {
  enum Moment {
    /// Pushes that arrived since the part began.
    case pushes(Int)
    /// Batches that the API answered since.
    case answers(Int)
  }

  struct Step {
    var roles: [Fleet.Role]
    var moment: Moment
  }

  /// Each part of the history brings at least so many pushes, more than any step waits for.
  static let pushesPerStep = 220

  /// Pushes of earlier parts that may still be on their way when the next begins.
  static let backlog = 100

  let steps: [Step]

  /// The number of deaths is the same for every seed, for each dispatcher's costs its lease.
  init(seed: UInt64) {
    var random = SeededRandom(seed: seed ^ 0x6B69_6C6C)
    let dispatchers: [[Fleet.Role]] = [
      [.firstDispatcher], [.secondDispatcher], [.firstDispatcher, .secondDispatcher],
    ]
    let others: [[Fleet.Role]] = [
      [.firstProjector], [.secondProjector], [.firstProjector, .secondProjector],
      [.firstProjector, .secondProjector, .serve], [.serve], [.serve], [.serve],
    ]
    let steps =
      dispatchers.map {
        Step(roles: $0, moment: .pushes(Int.random(in: 1...80, using: &random)))
      }
      + others.map { Step(roles: $0, moment: .answers(Int.random(in: 0...2, using: &random))) }
    self.steps = steps.shuffled(using: &random)
  }
}

import Projections
import PushCore

extension PageState {
  /// How a projection stands, in the words of every page.
  init(_ condition: ProjectionState.Condition, failedAt position: Position?, serves: Bool) {
    switch condition {
    case .failed: self.init(status: "failed", word: "stands still at \((position ?? 0).grouped)")
    case .paused: self.init(status: "paused", word: "paused")
    case .mending: self.init(status: "retry", word: "sets right what is due")
    case .follows:
      self.init(status: serves ? "ok" : "retry", word: serves ? "serves" : "being rebuilt")
    }
  }
}

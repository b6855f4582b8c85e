import Synchronization

import PushCore

/// Counts the feeds that follow a ledger, and ends them when the server stops.
final class FeedGate: Sendable {
  private struct State {
    var open: [AppID: Int] = [:]
    var sum = 0
    var stopping = false
  }

  private let limit: Int
  private let limitOfApp: Int
  private let state = Mutex(State())

  init(limit: Int = APILimits.feeds, limitOfApp: Int = APILimits.feedsOfApp) {
    self.limit = limit
    self.limitOfApp = limitOfApp
  }

  /// - Returns: False when there are too many, of this app or of all, or the server stops.
  func enter(_ app: AppID) -> Bool {
    state.withLock { state in
      let ofApp = state.open[app, default: 0]
      guard state.sum < limit, ofApp < limitOfApp, !state.stopping else { return false }
      state.open[app] = ofApp + 1
      state.sum += 1
      return true
    }
  }

  func leave(_ app: AppID) {
    state.withLock { state in
      state.sum -= 1
      let ofApp = state.open[app, default: 1] - 1
      state.open[app] = ofApp > 0 ? ofApp : nil
    }
  }

  func stop() { state.withLock { $0.stopping = true } }

  var isStopping: Bool { state.withLock { $0.stopping } }

  var open: Int { state.withLock { $0.sum } }
}

import NIOCore
import Synchronization

/// The open connections, to be reached from other threads.
final class SimulatedConnections: Sendable {
  private struct State {
    var open: [Int: any Channel] = [:]
    var accepted = 0
  }

  private let state = Mutex(State())

  var count: Int { state.withLock { $0.open.count } }
  var accepted: Int { state.withLock { $0.accepted } }

  /// - Returns: the connection's number, from 1.
  func add(_ channel: any Channel) -> Int {
    let number = state.withLock { state in
      state.accepted += 1
      state.open[state.accepted] = channel
      return state.accepted
    }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.open.removeValue(forKey: number) }
    }
    return number
  }

  func close() {
    for channel in state.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
  }
}

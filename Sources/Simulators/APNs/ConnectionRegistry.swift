import NIOCore
import Synchronization

/// The open connections, to be reached from other threads.
final class ConnectionRegistry: Sendable {
  private struct Entry {
    var connection: NIOLoopBound<APNsConnection>
    var eventLoop: any EventLoop
  }

  private struct State {
    var entries: [Int: Entry] = [:]
    var accepted = 0
  }

  private let state = Mutex(State())

  var count: Int { state.withLock { $0.entries.count } }
  var accepted: Int { state.withLock { $0.accepted } }

  /// - Returns: the connection's number, from 1.
  func nextNumber() -> Int {
    state.withLock { state in
      state.accepted += 1
      return state.accepted
    }
  }

  func add(_ connection: APNsConnection, eventLoop: any EventLoop) {
    let entry = Entry(
      connection: NIOLoopBound(connection, eventLoop: eventLoop), eventLoop: eventLoop)
    state.withLock { $0.entries[connection.number] = entry }
  }

  func remove(_ number: Int) {
    state.withLock { _ = $0.entries.removeValue(forKey: number) }
  }

  /// Returns when every connection acts by the conditions.
  func follow(_ conditions: APNsSimulator.Conditions) async {
    for entry in entries {
      try? await entry.eventLoop.submit { entry.connection.value.follow(conditions) }.get()
    }
  }

  func goAway(_ goAway: APNsSimulator.Fault.GoAway) {
    onEach { $0.goAwayNow(goAway) }
  }

  func close() { onEach { $0.closeNow() } }

  func freeze() { onEach { $0.freezeNow() } }

  private var entries: [Entry] { state.withLock { Array($0.entries.values) } }

  private func onEach(_ body: @escaping @Sendable (APNsConnection) -> Void) {
    for entry in entries {
      entry.eventLoop.execute { body(entry.connection.value) }
    }
  }
}

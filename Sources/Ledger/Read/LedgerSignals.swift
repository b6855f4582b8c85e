public import Postgres
public import PushCore
import Synchronization

/// Wakes who waits for an app's ledger to grow. A wake-up may come for nothing or be lost: whoever
/// waits looks by itself after a while.
public final class LedgerSignals: Sendable {
  private struct State {
    var nextID: UInt64 = 0
    /// Counts wake-ups, so that one that comes between a look and a wait is not missed.
    var counts: [AppID: UInt64] = [:]
    /// Wake-ups of all apps at once.
    var common: UInt64 = 0
    var waiters: [UInt64: (app: AppID, continuation: CheckedContinuation<Void, Never>)] = [:]

    func count(_ app: AppID) -> UInt64 { counts[app, default: 0] + common }
  }

  private let state = Mutex(State())

  public init() {}

  /// Passes on what a listener on ``LedgerChannels/events`` hears, until that is closed.
  public func follow(_ listener: PostgresListener) async {
    for await event in listener.events() {
      switch event {
      case .reconnected: raiseAll()
      case .notification(let notification): raise(AppID(unchecked: notification.payload))
      }
    }
  }

  /// Says that an app's ledger may have grown.
  public func raise(_ app: AppID) {
    let woken = state.withLock { state in
      state.counts[app, default: 0] += 1
      return Self.take(from: &state) { $0 == app }
    }
    for continuation in woken { continuation.resume() }
  }

  /// Says it of every app.
  public func raiseAll() {
    let woken = state.withLock { state in
      state.common += 1
      return Self.take(from: &state) { _ in true }
    }
    for continuation in woken { continuation.resume() }
  }

  /// How often an app was named so far: to be asked for before a look, and given to
  /// ``wait(for:after:atMost:)`` after it.
  public func count(of app: AppID) -> UInt64 { state.withLock { $0.count(app) } }

  /// Suspends until the app has been named more than `count` times, or the time is up, or the task
  /// is cancelled.
  public func wait(for app: AppID, after count: UInt64, atMost limit: Duration) async {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let timer = Task { [weak self] in
      try? await Task.sleep(for: limit)
      self?.end(id)
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.count(app) > count || Task.isCancelled { return true }
          state.waiters[id] = (app, continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      end(id)
    }
    timer.cancel()
  }

  private func end(_ id: UInt64) {
    state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
  }

  private static func take(
    from state: inout State, _ isMeant: (AppID) -> Bool
  ) -> [CheckedContinuation<Void, Never>] {
    let meant = state.waiters.filter { isMeant($0.value.app) }
    for id in meant.keys { state.waiters[id] = nil }
    return meant.values.map(\.continuation)
  }
}

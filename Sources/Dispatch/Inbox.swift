import PushCore
import Synchronization

/// What a board is to be told, gathered while it is busy. Notifications and ticks that come twice
/// count once, and all else answers a command, so it cannot grow without limit.
final class Inbox: Sendable {
  private struct State {
    var inputs: [BoardInput] = []
    var due: Set<AppID> = []
    var mended: Set<AppID> = []
    var isTicking = false
    var isStopping = false
    var isClosed = false
    var waiter: CheckedContinuation<Void, Never>?

    var isEmpty: Bool { inputs.isEmpty && due.isEmpty && mended.isEmpty && !isTicking }

    mutating func add(_ input: BoardInput) {
      switch input {
      case .due(let apps): due.formUnion(apps)
      case .mended(let apps): mended.formUnion(apps)
      case .tick: isTicking = true
      case .stop:
        if !isStopping { inputs.append(.stop) }
        isStopping = true
      default: inputs.append(input)
      }
    }

    mutating func take() -> [BoardInput] {
      if !due.isEmpty { inputs.append(.due(due)) }
      if !mended.isEmpty { inputs.append(.mended(mended)) }
      if isTicking { inputs.append(.tick) }
      defer {
        inputs = []
        due = []
        mended = []
        isTicking = false
      }
      return inputs
    }
  }

  private let state = Mutex(State())

  var isStopping: Bool { state.withLock { $0.isStopping || $0.isClosed } }

  func post(_ input: BoardInput) {
    let waiter = state.withLock { state in
      state.add(input)
      return Self.wake(&state)
    }
    waiter?.resume()
  }

  /// Nothing more is told.
  func close() {
    let waiter = state.withLock { state in
      state.isClosed = true
      return Self.wake(&state)
    }
    waiter?.resume()
  }

  /// All that came since the last call, at least one; nil once it is closed.
  func next() async -> [BoardInput]? {
    while true {
      let inputs: [BoardInput]? = state.withLock { $0.isClosed ? nil : $0.take() }
      guard let inputs else { return nil }
      if !inputs.isEmpty { return inputs }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.isClosed || !state.isEmpty { return true }
          state.waiter = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }

  private static func wake(_ state: inout State) -> CheckedContinuation<Void, Never>? {
    defer { state.waiter = nil }
    return state.waiter
  }
}

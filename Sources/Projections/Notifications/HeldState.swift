import Synchronization

/// An app's state on its way from one batch to the next: whoever takes it has the only one. Values
/// that two hold are copied at the first change, here of everything.
final class HeldState: Sendable {
  private let state: Mutex<LoadedState?>

  init(_ state: consuming LoadedState? = nil) { self.state = Mutex(state) }

  /// What it holds, which it holds no longer.
  func take() -> LoadedState? {
    state.withLock { held in
      let taken = held
      held = nil
      return taken
    }
  }

  func put(_ state: consuming LoadedState?) {
    let next = state
    self.state.withLock { $0 = next }
  }

  /// Where the events begin that follow it, and how many of them to read; nil: nothing is held.
  var following: (position: Int64, events: Int?)? {
    state.withLock { held in held.map { ($0.position, $0.nextEvents) } }
  }
}

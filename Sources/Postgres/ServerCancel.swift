import CLibPQ
import Synchronization

/// One request to the server to cancel what a connection is doing. It runs on a thread of its own,
/// because libpq blocks for it and a half-dead network could block for long.
final class ServerCancel: Sendable {
  private nonisolated(unsafe) let handle: OpaquePointer
  private let finished = Atomic<Bool>(false)

  /// nil when there is no connection to cancel on.
  init?(connection: OpaquePointer) {
    guard let handle = PQgetCancel(connection) else { return nil }
    self.handle = handle
  }

  deinit { PQfreeCancel(handle) }

  /// True when the server has passed the request on, or never will.
  var isFinished: Bool { finished.load(ordering: .acquiring) }

  func send(waking wake: WakeSignal) throws(PostgresError) {
    try DetachedThread.start {
      var message = [CChar](repeating: 0, count: 256)
      _ = PQcancel(self.handle, &message, Int32(message.count))
      self.finished.store(true, ordering: .releasing)
      wake.raise()
    }
  }
}

import CLibPQ

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An event descriptor: any thread raises it, and the one that polls it wakes.
final class WakeSignal: Sendable {
  let descriptor: Int32

  init() throws(PostgresError) {
    descriptor = pushledger_wake_descriptor()
    guard descriptor >= 0 else {
      throw PostgresError(
        .cannotConnect, message: "No event descriptor is left: raise the limit on open files.")
    }
  }

  deinit { _ = close(descriptor) }

  func raise() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
  }
}

/// What a wait on a socket saw.
struct Readiness {
  var readable = false
  var writable = false
  var woken = false

  var timedOut: Bool { !readable && !writable && !woken }

  /// Waits on a socket and a wake signal.
  /// - Parameters:
  ///   - socket: -1 when there is none to wait on.
  ///   - deadline: nil waits without end; the signal ends it.
  static func wait(
    on socket: Int32, reading: Bool = true, writing: Bool = false, wake: WakeSignal,
    until deadline: ContinuousClock.Instant?
  ) -> Readiness {
    var descriptors = (pollfd(), pollfd())
    descriptors.0 = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
    let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
    descriptors.1 = pollfd(fd: socket, events: Int16(events), revents: 0)
    while true {
      let count = withUnsafeMutablePointer(to: &descriptors) { pointer in
        pointer.withMemoryRebound(to: pollfd.self, capacity: 2) {
          poll($0, 2, milliseconds(until: deadline))
        }
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return Readiness() }
      let seen = Int32(descriptors.1.revents)
      let failed = seen & (POLLERR | POLLHUP | POLLNVAL) != 0
      return Readiness(
        readable: seen & POLLIN != 0 || failed,
        writable: seen & POLLOUT != 0 || (failed && writing),
        woken: descriptors.0.revents != 0)
    }
  }

  /// Rounded up, so that a deadline has passed when the wait for it ends.
  private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { return 0 }
    return Int32(clamping: left.wholeMilliseconds + 1)
  }
}

extension Duration {
  /// Cut down to milliseconds.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? .max / 2 : scaled + attoseconds / 1_000_000_000_000_000
  }
}

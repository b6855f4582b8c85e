import Foundation
import NIOCore
import PushCore
import Synchronization

/// What is sent on one connection of a device, in order, and when.
///
///     hub ── offer, beat, end ──► waiting ── next ──► the connection's task, which writes
///
/// Offering never waits; a reader too slow for what comes is cut, and comes again.
final class NotificationStream: Sendable {
  /// One notification, as it goes out.
  struct Item: Sendable {
    var position: Position
    var text: ByteBuffer
  }

  enum End: Sendable {
    /// A newer stream of the device took its place.
    case replaced
    /// It fell behind, the client is gone, or the server stops.
    case over
  }

  enum Step: Sendable {
    /// - asksOn: Whether more is to be read from the database after this.
    case send([Item], asksOn: Bool)
    case heartbeat
    case end(End)
  }

  private struct State {
    var waiting: [Item] = []
    /// The last position offered: reading goes on after it.
    var offered: Position = 0
    /// Whether all that waited in the database has been offered.
    var isLive = false
    /// Whether a page was offered whose end was not the end of what waits.
    var hasMore = false
    var isBeating = false
    var end: End?
    var writingSince: ContinuousClock.Instant?
    var continuation: CheckedContinuation<Void, Never>?
  }

  let app: AppID
  let device: DeviceKey
  /// Counts up in this process.
  let number: Int64
  /// Closes the connection, whatever is being written.
  let cut: @Sendable () -> Void
  /// Whether its place in the hub was given back.
  let left = Once()
  private let state = Mutex(State())

  init(app: AppID, device: DeviceKey, number: Int64, cut: @escaping @Sendable () -> Void) {
    self.app = app
    self.device = device
    self.number = number
    self.cut = cut
  }

  // MARK: The hub's side

  var offered: Position { state.withLock { $0.offered } }

  /// Adds what was handed out. Where too much waits already the reader is too slow.
  func offer(_ items: [Item]) {
    change { state in
      if state.isLive, state.waiting.count >= APILimits.streamNotifications {
        state.end = state.end ?? .over
      }
      state.waiting += items
      state.offered = max(state.offered, items.last?.position ?? 0)
    }
  }

  /// Says how a page ended that was read for it.
  func read(isLive: Bool) {
    change { state in
      state.isLive = isLive
      state.hasMore = !isLive
    }
  }

  func end(_ end: End) { change { $0.end = $0.end ?? end } }

  /// Asks for a sign of life, and cuts the connection where one write takes too long.
  func beat(at now: ContinuousClock.Instant, limit: Duration) {
    let isStuck = change { state in
      state.isBeating = true
      guard let since = state.writingSince else { return false }
      return since.duration(to: now) >= limit
    }
    if isStuck { cut() }
  }

  /// What was handed out and never sent, once the stream is over.
  var unsent: [Position] { state.withLock { $0.waiting.map(\.position) } }

  @discardableResult
  private func change<Answer>(_ body: (inout State) -> Answer) -> Answer {
    let (answer, continuation) = state.withLock { state in
      let answer = body(&state)
      guard Self.hasStep(state) else { return (answer, CheckedContinuation<Void, Never>?.none) }
      let continuation = state.continuation
      state.continuation = nil
      return (answer, continuation)
    }
    continuation?.resume()
    return answer
  }

  // MARK: The connection's side

  private static func hasStep(_ state: State) -> Bool {
    state.end != nil || state.isBeating || !state.waiting.isEmpty || state.hasMore
  }

  /// What `next` answered is being written from now on, until it is asked again.
  func beginWriting() { state.withLock { $0.writingSince = .now } }

  /// Takes back what `next` answered and nobody wrote.
  func takeBack(_ items: [Item]) { state.withLock { $0.waiting = items + $0.waiting } }

  /// The next thing to write.
  func next() async -> Step {
    while true {
      if let step = take() { return step }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if Self.hasStep(state) { return true }
          state.continuation = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }

  private func take() -> Step? {
    state.withLock { state in
      state.writingSince = nil
      if let end = state.end { return .end(end) }
      guard Self.hasStep(state) else { return nil }
      state.isBeating = false
      if state.waiting.isEmpty, !state.hasMore { return .heartbeat }
      let items = state.waiting
      state.waiting = []
      defer { state.hasMore = false }
      return .send(items, asksOn: state.hasMore)
    }
  }
}

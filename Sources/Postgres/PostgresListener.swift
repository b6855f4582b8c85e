public import Logging
import Synchronization

/// Listens to channels on a connection of its own, through restarts of the server.
public final class PostgresListener: Sendable {
  /// A reader that is slow loses the oldest events above this many.
  public static let bufferedEvents = 4096

  public enum Event: Sendable, Equatable {
    /// The connection is up, for the first time or again: what was sent before is lost, so look once.
    case reconnected
    case notification(PostgresNotification)
  }

  private let readers = EventReaders()
  private let loop: Task<Void, Never>

  /// Begins to listen; ``events()`` tells when it does.
  public init(_ configuration: PostgresConfiguration, channels: [String], logger: Logger) {
    let readers = self.readers
    loop = Task {
      await Self.run(configuration, channels: channels, logger: logger, readers: readers)
      readers.finish()
    }
  }

  deinit { loop.cancel() }

  /// A stream for one reader; there may be many. When the connection is up already, it begins with
  /// ``Event/reconnected``. It ends when the listener is closed.
  public func events() -> AsyncStream<Event> { readers.add() }

  /// Ends all streams and the connection.
  public func close() async {
    loop.cancel()
    await loop.value
  }

  private static func run(
    _ configuration: PostgresConfiguration, channels: [String], logger: Logger,
    readers: EventReaders
  ) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        let connection = try await PostgresConnection.connect(configuration, logger: logger)
        let notifications = try await connection.listen(to: channels)
        failures = 0
        readers.setConnected(true)
        for await notification in notifications { readers.yield(.notification(notification)) }
        readers.setConnected(false)
        await connection.close()
        if !Task.isCancelled { logger.warning("The listening connection ended; connecting again") }
      } catch {
        if Task.isCancelled { break }
        logger.warning("The listener could not connect", metadata: ["reason": "\(error)"])
      }
      failures += 1
      try? await Task.sleep(
        for: BackOff.delay(failures: failures, chance: Double.random(in: 0..<1)))
    }
  }
}

/// The streams of a listener.
private final class EventReaders: Sendable {
  private struct State {
    var nextID: UInt64 = 0
    var isConnected = false
    var isFinished = false
    var readers: [UInt64: AsyncStream<PostgresListener.Event>.Continuation] = [:]
  }

  private let state = Mutex(State())

  func add() -> AsyncStream<PostgresListener.Event> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: PostgresListener.Event.self,
      bufferingPolicy: .bufferingNewest(PostgresListener.bufferedEvents))
    let id = state.withLock { state -> UInt64? in
      if state.isFinished { return nil }
      state.nextID += 1
      state.readers[state.nextID] = continuation
      if state.isConnected { continuation.yield(.reconnected) }
      return state.nextID
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in _ = state.readers.removeValue(forKey: id) }
    }
    return stream
  }

  func setConnected(_ isConnected: Bool) {
    state.withLock { state in
      state.isConnected = isConnected
      guard isConnected else { return }
      for reader in state.readers.values { reader.yield(.reconnected) }
    }
  }

  func yield(_ event: PostgresListener.Event) {
    let readers = state.withLock { Array($0.readers.values) }
    for reader in readers { reader.yield(event) }
  }

  func finish() {
    let readers = state.withLock { state in
      state.isFinished = true
      return Array(state.readers.values)
    }
    for reader in readers { reader.finish() }
  }
}

import Synchronization

/// What `NOTIFY` sent.
public struct PostgresNotification: Sendable, Equatable {
  public let channel: String
  public let payload: String
}

/// Hands notifications to the streams that listen to their channel.
final class NotificationRouter: Sendable {
  /// A stream that isn't read drops its oldest notifications above this many.
  static let bufferedNotifications = 4096

  private struct Subscription {
    var channels: Set<String>
    var continuation: AsyncStream<PostgresNotification>.Continuation
  }

  private struct State {
    var nextID: UInt64 = 0
    var ended = false
    var subscriptions: [UInt64: Subscription] = [:]
  }

  private let state = Mutex(State())

  func subscribe(to channels: [String]) -> AsyncStream<PostgresNotification> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: PostgresNotification.self,
      bufferingPolicy: .bufferingNewest(Self.bufferedNotifications))
    let id = state.withLock { state -> UInt64? in
      if state.ended { return nil }
      state.nextID += 1
      state.subscriptions[state.nextID] = Subscription(
        channels: Set(channels), continuation: continuation)
      return state.nextID
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in _ = state.subscriptions.removeValue(forKey: id) }
    }
    return stream
  }

  func deliver(_ notification: PostgresNotification) {
    let interested = state.withLock { state in
      state.subscriptions.values.filter { $0.channels.contains(notification.channel) }
    }
    for subscription in interested { subscription.continuation.yield(notification) }
  }

  /// Ends every stream, also those still to come.
  func finish() {
    let all = state.withLock { state in
      defer { state.subscriptions = [:] }
      state.ended = true
      return state.subscriptions
    }
    for subscription in all.values { subscription.continuation.finish() }
  }
}

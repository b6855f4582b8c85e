import Postgres
import PushCore

/// What wakes a projector: notifications of appends, and a slow poll for those that were lost.
enum ProjectorSignals {
  /// - Parameter appended: Gets the app that has new events; nil where any may have.
  static func forward(
    _ events: AsyncStream<PostgresListener.Event>, _ appended: @Sendable (AppID?) -> Void
  ) async {
    for await event in events {
      switch event {
      case .notification(let notification):
        appended(AppID(unchecked: notification.payload))
      case .reconnected: appended(nil)
      }
    }
  }

  /// Calls at once, and then after every interval until the task is cancelled.
  static func tick(_ interval: Duration, _ poll: @Sendable () -> Void) async {
    repeat {
      poll()
      try? await Task.sleep(for: interval)
    } while !Task.isCancelled
  }
}

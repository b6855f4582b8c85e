import NIOCore

/// Closes a connection whose other side takes or sends nothing for too long.
struct Alarm {
  private let task: Scheduled<Void>

  init(_ channel: any Channel, after patience: Duration) {
    task = channel.eventLoop.scheduleTask(in: .init(patience)) { channel.close(promise: nil) }
  }

  func cancel() { task.cancel() }
}

import Logging
import Synchronization

/// Keeps everything that is logged, at every level.
final class LogCapture: Sendable {
  private let lines = Mutex("")

  var text: String { lines.withLock { $0 } }

  var logger: Logger {
    var logger = Logger(label: "captured") { _ in Handler(capture: self) }
    logger.logLevel = .trace
    return logger
  }

  private struct Handler: LogHandler {
    let capture: LogCapture
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      capture.lines.withLock { $0 += "\(event.message) \(event.metadata ?? [:]) \(metadata)\n" }
    }
  }
}

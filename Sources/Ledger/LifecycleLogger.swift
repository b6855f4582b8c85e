public import Logging

extension Logger {
  /// For groups of services, which write whole services into their debug log, with all that they
  /// hold.
  public var forLifecycle: Logger {
    var logger = self
    logger.logLevel = max(logger.logLevel, .info)
    return logger
  }
}

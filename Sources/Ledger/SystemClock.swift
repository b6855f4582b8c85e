public import PushCore

import struct Foundation.Date

extension Timestamp {
  /// What this machine's clock shows.
  public static let systemClock: @Sendable () -> Timestamp = {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}

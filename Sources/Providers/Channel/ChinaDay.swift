internal import PushCore

/// The day by which vendors in China count what may be sent: it starts at midnight, UTC+8.
enum ChinaDay {
  private static let eastOfUTC = Int64(8 * 3600)
  private static let seconds = Int64(24 * 3600)

  /// How long until the next day starts: above zero, at most 24 hours.
  static func untilMidnightInChina(at now: Timestamp) -> Duration {
    let local = now.seconds + eastOfUTC
    let midnight = (local / seconds + 1) * seconds - eastOfUTC
    return Timestamp(microseconds: midnight * 1_000_000) - now
  }
}

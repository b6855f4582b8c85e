import Foundation

/// Time zones by IANA name.
enum TimeZones {
  static func zone(_ name: String) -> TimeZone? { TimeZone(identifier: name) }

  /// Seconds since midnight at `instant` in the zone; UTC where the zone is unknown.
  static func secondOfDay(_ instant: Timestamp, in name: String) -> Int {
    let date = Date(timeIntervalSince1970: Double(instant.seconds))
    let shift = zone(name)?.secondsFromGMT(for: date) ?? 0
    let local = (instant.seconds + Int64(shift)) % 86_400
    return Int((local + 86_400) % 86_400)
  }
}

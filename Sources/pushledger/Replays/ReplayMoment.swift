import ArgumentParser
import Foundation
import PushCore

extension Timestamp {
  static var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }

  /// Reads a moment off the command line: a time with its zone, a day (its midnight in UTC), or how
  /// long ago.
  ///
  /// - Throws: ``ValidationError`` naming the option, what was given and what is expected.
  init(argument text: String, _ option: String) throws {
    if let exact = Timestamp(dayOrTime: text) {
      self = exact
    } else if let ago = Self.duration(text) {
      guard ago <= Self.longest else {
        throw ValidationError(
          "\(option) is \(text), which is too far back; at most \(Self.longestDays)d is expected.")
      }
      self = Timestamp.now - ago
    } else {
      throw ValidationError(
        "\(option) is \(text.given); write it like 2026-01-31T09:30:00Z, 2026-01-31T17:30:00+08:00, "
          + "2026-01-31 for its midnight in UTC, or as how long ago: 90s, 30m, 2h or 7d.")
    }
  }

  /// Reads a time with its zone, or a day: its midnight in UTC.
  init?(dayOrTime text: String) {
    guard let found = Timestamp(iso8601: text) ?? Timestamp(iso8601: text + "T00:00:00Z") else {
      return nil
    }
    self = found
  }

  private static let longestDays: Int64 = 36_500
  private static let longest = Duration.seconds(longestDays * 86_400)

  private static func duration(_ text: String) -> Duration? {
    let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let unit = text.last.flatMap({ seconds[$0] }), let number = Int64(text.dropLast()),
      number >= 0
    else { return nil }
    let (product, isTooFar) = number.multipliedReportingOverflow(by: unit)
    return .seconds(isTooFar ? .max : product)
  }
}

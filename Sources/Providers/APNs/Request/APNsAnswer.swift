internal import PushCore

extension APNsAnswer {
  /// Milliseconds from 1970 to the end of the year 9999.
  private static let timestamps: ClosedRange<Int64> = 0...253_402_300_799_999

  /// - Parameters:
  ///   - body: What came of the body; no JSON, or a part of one, gives an answer without reason.
  ///   - now: What a `retry-after` in the form of a date is counted from.
  init(status: Int, id: String?, retryAfter: String?, body: some Sequence<UInt8>, now: Timestamp) {
    self.init(status: status, id: id)
    self.retryAfter = retryAfter.flatMap { RetryAfter.read($0, now: now) }
    guard status != 200, let json = try? JSON.parse(body) else { return }
    reason = json["reason"]?.string
    timestampMilliseconds = json["timestamp"]?.integer.flatMap {
      Self.timestamps.contains($0) ? $0 : nil
    }
  }
}

/// The header `retry-after`: seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
enum RetryAfter {
  /// Longer than this nothing is put off on a server's word.
  static let longest = Duration.seconds(24 * 3600)

  static func read(_ text: String, now: Timestamp) -> Duration? {
    if let seconds = Int64(text) {
      return seconds < 0 ? nil : min(.seconds(min(seconds, longest.components.seconds)), longest)
    }
    guard let date = date(text) else { return nil }
    return min(max(date - now, .zero), longest)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func date(_ text: String) -> Timestamp? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT",
      let month = months.firstIndex(where: { $0 == parts[2] })
    else { return nil }
    let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
    return Timestamp(iso8601: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
  }
}

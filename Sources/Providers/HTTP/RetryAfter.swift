internal import PushCore

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

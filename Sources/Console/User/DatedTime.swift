import PushCore

/// A moment that may lie years back, as the partial `time` shows it.
struct DatedTime: Sendable {
  let iso: String
  let text: String

  /// With its date, to the minute or the second.
  init(_ time: Timestamp, toTheSecond: Bool = false) {
    iso = time.description
    text = "\(iso.prefix(10)) \(iso.dropFirst(11).prefix(toTheSecond ? 8 : 5))"
  }
}

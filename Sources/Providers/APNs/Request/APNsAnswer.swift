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

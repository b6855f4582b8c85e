internal import PushCore

/// What OPPO reports later: a JSON array.
///
/// ```
/// [{"messageId":…,"registrationIds":"token,token","eventTime":…,"param":<receipt tag>,
///   "eventType":"push_arrive"}, …]
/// ```
enum OPPOReceipts {
  static func read(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    guard let events = try? JSON.parse(call.body).array else {
      throw FieldError(.malformed, "", "The body is no JSON array, as OPPO's calls have it.")
    }
    var receipts: [ProviderReceipt] = []
    for event in events {
      guard let type = event["eventType"]?.string, let kind = kind(of: type) else { continue }
      let position = event["param"]?.string.flatMap(MessageNumber.position(ofReceiptTag:))
      let at = time(event["eventTime"])
      for token in event["registrationIds"]?.string?.split(separator: ",") ?? [] {
        guard receipts.count < ReceiptReading.limit else { return ReceiptReading(receipts) }
        receipts.append(
          ProviderReceipt(kind, token: String(token), position: position, at: at, reason: type))
      }
    }
    return ReceiptReading(receipts)
  }

  private static func kind(of type: String) -> ProviderReceipt.Kind? {
    switch type {
    case "push_arrive": .delivered
    case "regid_invalid": .tokenInvalid  // Uninstalled, flashed, or offline for 30 days.
    case "user_daily_limit": .notShown  // The phone had its number for this day.
    default: nil
    }
  }

  /// Milliseconds since 1970. Unverified: whatever else it may be is no time.
  private static func time(_ value: JSON?) -> Timestamp? {
    guard let milliseconds = OPPOOutcome.code(value),
      (1_000_000_000_000...253_402_300_799_999).contains(milliseconds)
    else { return nil }
    return Timestamp(microseconds: milliseconds * 1_000)
  }
}

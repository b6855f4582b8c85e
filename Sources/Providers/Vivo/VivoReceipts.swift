internal import PushCore

/// What vivo reports later, of pushes that went alone.
///
/// ```
/// {"<task id>":{"param":"<receipt tag>","targets":"<token>","ackTime":<ms>,"ackType":"0"}, …}
/// ```
enum VivoReceipts {
  static func read(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    guard let events = (try? JSON.parse(call.body))?.members else {
      throw FieldError(.malformed, "", "The body is no JSON object; vivo's receipts are one.")
    }
    var receipts: [ProviderReceipt] = []
    for event in events.map(\.value) {
      guard let type = VivoAnswer.number(event["ackType"]), let kind = kind(of: type) else {
        continue
      }
      let position = event["param"]?.string.flatMap(MessageNumber.position(ofReceiptTag:))
      let at = time(event["ackTime"])
      for token in event["targets"]?.string?.split(separator: ",") ?? [] {
        guard receipts.count < ReceiptReading.limit else { return ReceiptReading(receipts) }
        receipts.append(
          ProviderReceipt(
            kind, token: String(token), position: position, at: at, reason: "ack_\(type)"))
      }
    }
    return ReceiptReading(receipts)
  }

  private static func kind(of type: Int64) -> ProviderReceipt.Kind? {
    switch type {
    case 0: .delivered
    case 101: .notShown  // Audit. Unverified.
    case 103: .notShown  // Replaced by a later one. Unverified.
    case 104: .notShown  // Not shown. Unverified.
    case 1000: .notShown  // Held back by vivo's control. Unverified.
    default: nil
    }
  }

  private static func time(_ value: JSON?) -> Timestamp? {
    guard let milliseconds = VivoAnswer.number(value),
      (1...253_402_300_799_999).contains(milliseconds)
    else { return nil }
    return Timestamp(microseconds: milliseconds * 1_000)
  }
}

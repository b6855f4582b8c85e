internal import PushCore

/// What Xiaomi reports later: a form whose field `data` is JSON.
///
/// ```
/// {"<message id>":{"param":<receipt tag>,"type":16,"targets":"token,token","timestamp":<ms>}, …}
/// ```
enum XiaomiReceipts {
  static func read(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    guard let text = call.form["data"] else {
      throw FieldError(.missing, "data", "is missing; Xiaomi's calls are forms with this field.")
    }
    guard let events = try? JSON.parse(text).members else {
      throw FieldError(.malformed, "data", "is no JSON object.")
    }
    var receipts: [ProviderReceipt] = []
    for event in events.map(\.value) {
      guard let type = number(event["type"]), let kind = kind(of: type) else { continue }
      let position = event["param"]?.string.flatMap(MessageNumber.position(ofReceiptTag:))
      let at = time(event["timestamp"])
      for token in event["targets"]?.string?.split(separator: ",") ?? [] {
        guard receipts.count < ReceiptReading.limit else { return ReceiptReading(receipts) }
        receipts.append(
          ProviderReceipt(
            kind, token: String(token), position: position, at: at, reason: "type_\(type)"))
      }
    }
    return ReceiptReading(receipts)
  }

  private static func kind(of type: Int64) -> ProviderReceipt.Kind? {
    switch type {
    case 1: .delivered
    case 2: .opened
    case 16: .tokenInvalid  // The target is no longer one.
    case 32: .notShown  // Switched off by the user.
    case 64: .notShown  // Filtered.
    case 128: .notShown  // The day's number was used up.
    case 1024: .notShown  // Expired. Unverified.
    default: nil
    }
  }

  private static func number(_ value: JSON?) -> Int64? {
    value?.integer ?? value?.string.flatMap { Int64($0) }
  }

  private static func time(_ value: JSON?) -> Timestamp? {
    guard let milliseconds = number(value), (1...253_402_300_799_999).contains(milliseconds) else {
      return nil
    }
    return Timestamp(microseconds: milliseconds * 1_000)
  }
}

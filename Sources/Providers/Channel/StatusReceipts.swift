internal import PushCore

/// The calls in which Huawei and Honor report what became of pushes. They look alike; what their
/// statuses mean does not, so each vendor brings its own table.
///
/// ```
/// {"statuses":[{"biTag":<receipt tag>,"token":…,"status":0,"timestamp":<ms>,…}, …]}
/// ```
/// Huawei can sign its calls, in the header `x-huawei-callback-id`. That is not looked at: the URL
/// of the call holds a secret that nobody but the vendor was given.
enum StatusReceipts {
  /// What both vendors want to hear.
  private static let answer: JSON = ["code": "0", "message": "success"]
  private static let milliseconds: ClosedRange<Int64> = 1...253_402_300_799_999

  static func read(
    _ call: ReceiptCall, of vendor: String, kind: (Int64) -> ProviderReceipt.Kind
  ) throws(FieldError) -> ReceiptReading {
    guard let statuses = (try? JSON.parse(call.body))?["statuses"]?.array else {
      throw FieldError(
        .malformed, "statuses", "is no array; \(vendor)'s calls are JSON objects with one.")
    }
    var receipts: [ProviderReceipt] = []
    for entry in statuses.prefix(ReceiptReading.limit) {
      guard let token = entry["token"]?.string, !token.isEmpty,
        let status = VendorCode.number(entry["status"])
      else { continue }
      receipts.append(
        ProviderReceipt(
          kind(status), token: token,
          position: entry["biTag"]?.string.flatMap(MessageNumber.position(ofReceiptTag:)),
          at: time(entry["timestamp"]), reason: "status_\(status)"))
    }
    return ReceiptReading(receipts, answer: answer)
  }

  private static func time(_ value: JSON?) -> Timestamp? {
    guard let number = VendorCode.number(value), milliseconds.contains(number) else { return nil }
    return Timestamp(microseconds: number * 1_000)
  }
}

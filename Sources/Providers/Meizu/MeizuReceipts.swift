internal import PushCore

/// What Meizu reports later, once: a form whose field `cb` is JSON.
///
/// ```
/// {"<message id>-<type>":{"param":"<receipt tag>","type":1,"targets":["token"]}, …}
/// ```
enum MeizuReceipts {
  static func read(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    guard let text = call.form["cb"] else {
      throw FieldError(.missing, "cb", "is missing; Meizu's calls are forms with this field.")
    }
    guard let events = (try? JSON.parse(text))?.members else {
      throw FieldError(.malformed, "cb", "is no JSON object.")
    }
    var receipts: [ProviderReceipt] = []
    for event in events.map(\.value) {
      guard let type = MeizuAnswer.number(event["type"]), let kind = kind(of: type) else {
        continue
      }
      let position = event["param"]?.string.flatMap(MessageNumber.position(ofReceiptTag:))
      for target in event["targets"]?.array ?? [] {
        guard let token = target.string else { continue }
        guard receipts.count < ReceiptReading.limit else { return ReceiptReading(receipts) }
        receipts.append(
          ProviderReceipt(kind, token: token, position: position, reason: "type_\(type)"))
      }
    }
    return ReceiptReading(receipts)
  }

  private static func kind(of type: Int64) -> ProviderReceipt.Kind? {
    switch type {
    case 1: .delivered
    case 2: .opened
    default: nil
    }
  }
}

import PushCore

/// What a fate's name asks for: a status, and seconds or a code behind it.
struct WebPushFate {
  let status: Int
  private var retryAfter: Int?
  private var code: String?

  init?(_ name: String) {
    if name == "dead" {
      status = 410
      return
    }
    let parts = name.split(maxSplits: 1) { $0 == ":" || $0 == " " }
    guard let status = parts.first.flatMap({ Int($0) }), (200..<600).contains(status) else {
      return nil
    }
    self.status = status
    guard parts.count == 2 else { return }
    if name.contains(":") { retryAfter = Int(parts[1]) } else { code = String(parts[1]) }
  }

  /// A code says why it is not shown after all.
  var isAccepted: Bool { (200..<300).contains(status) && code == nil }

  /// - Parameter moved: Where an endpoint that moved is found: its path stands behind that.
  func answer(to subscription: SimulatedSubscription, under moved: String) -> SimulatedAnswer {
    switch status {
    case 301, 307, 308:
      SimulatedAnswer(
        status: status,
        headers: [("location", subscription.origin + moved + subscription.path)])
    case 200..<300 where code == nil: .empty(status)
    default: subscription.dialect.refusal(status, code: code, retryAfter: retryAfter)
    }
  }
}

/// What the log of pushes shows of one.
struct WebPushNote {
  var head: WebPushRequest?
  /// Decrypted.
  var text: [UInt8]?
  var arrival: SimulatedSubscription.Arrival?
  /// Why it was refused.
  var problem: String?
  private let dialect: WebPushDialect

  init(_ subscription: SimulatedSubscription) { dialect = subscription.dialect }

  var json: JSON {
    let message = text.map { text in
      (try? JSON.parse(text)) ?? .string(String(decoding: text, as: UTF8.self))
    }
    return .object(present: [
      ("dialect", .string(dialect.rawValue)), ("problem", problem.map { .string($0) }),
      ("arrival", arrival.map { .string($0.rawValue) }),
      ("ttl", head.map { .integer($0.ttl) }),
      ("urgency", head.map { .string($0.urgency.rawValue) }),
      ("topic", head?.topic.map { .string($0) }), ("message", message),
      ("title", message?["title"]), ("body", message?["body"]),
      ("delivery_id", message?["delivery_id"]),
    ])
  }
}

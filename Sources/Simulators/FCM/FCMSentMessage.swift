import PushCore

/// One message of a request, found to be whole.
struct FCMSentMessage {
  private enum Target: String, CaseIterable {
    case token, fid, topic, condition
  }

  /// Who gets it: a token, an installation's id, a topic or a condition.
  let target: String
  /// Not a topic's or a condition's subscribers.
  let isForOneDevice: Bool
  /// `validate_only`: nobody gets it.
  let isOnlyChecked: Bool
  private let message: JSON

  private static let limitBytes = 4_096
  private static let topicLimitBytes = 2_048
  /// Four weeks.
  private static let longestTTL: Double = 2_419_200
  private static let tokenBytes = 4_096
  private static let fromReserved: Set<String> = ["from", "message_type"]

  init(_ body: [UInt8]) throws(FCMRefusal) {
    guard let json = try? JSON.parse(body), json.members != nil else {
      throw .badForm([
        .init(field: "", description: "Invalid JSON payload received. Unexpected token.")
      ])
    }
    let violations = FCMForm.request.violations(in: json, at: "")
    guard violations.isEmpty else { throw .badForm(violations) }
    isOnlyChecked = (json["validate_only"] ?? json["validateOnly"])?.bool ?? false
    let message = json["message"] ?? [:]
    self.message = message
    let targets = Target.allCases.compactMap { kind in
      message[kind.rawValue]?.string.map { (kind, $0) }
    }
    guard let (kind, target) = targets.first else {
      throw .badValue("message", "Recipient of the message is not set.")
    }
    guard targets.count == 1 else {
      throw .badForm([
        .init(
          field: "message",
          description: "Invalid value at 'message' (oneof), oneof field 'target' is already set."
            + " Cannot set '\(targets[1].0.rawValue)'")
      ])
    }
    self.target = target
    isForOneDevice = kind == .token || kind == .fid
    if kind == .topic, !Self.isTopic(target) {
      throw .badValue("message.topic", "Malformed topic name.")
    }
    try checkData()
    try checkTTL()
    try checkSize()
  }

  /// What the log of pushes is to show of it.
  var note: JSON {
    let android = message["android"]
    let common = message["notification"]
    let own = android?["notification"]
    return .object(present: [
      ("title", own?["title"] ?? common?["title"]), ("body", own?["body"] ?? common?["body"]),
      ("ttl", android?["ttl"]), ("priority", android?["priority"]),
      ("collapse_key", android.flatMap { Self.member("collapse_key", "collapseKey", $0) }),
      ("tag", own?["tag"]), ("delivery_id", data?["delivery_id"]),
    ])
  }

  /// What Android's app gets: the platform's block replaces the common one.
  private var data: JSON? { message["android"]?["data"] ?? message["data"] }

  // MARK: Values

  private func checkData() throws(FCMRefusal) {
    for (field, data) in [
      ("message.data", message["data"]), ("message.android.data", message["android"]?["data"]),
    ] {
      for member in data?.members ?? [] {
        let key = member.key
        if Self.fromReserved.contains(key) || key.hasPrefix("google") || key.hasPrefix("gcm") {
          throw .badValue(field, "Invalid data payload key: \(key)")
        }
      }
    }
  }

  private func checkTTL() throws(FCMRefusal) {
    guard let text = message["android"]?["ttl"]?.string, let seconds = FCMForm.seconds(text),
      !(0...Self.longestTTL).contains(seconds)
    else { return }
    throw .badValue("message.android.ttl", "Invalid ttl: it is none from 0s to 2419200s.")
  }

  private func checkSize() throws(FCMRefusal) {
    let limit = isForOneDevice ? Self.limitBytes : Self.topicLimitBytes
    let own = message["android"]?["notification"]
    let dataBytes = Self.bytes(of: data)
    let shown = Self.bytes(of: message["notification"], besides: own) + Self.bytes(of: own)
    guard dataBytes + shown <= limit else {
      throw .badValue("message", "Message is too big: more than \(limit) bytes for Android.")
    }
    guard let payload = message["apns"]?["payload"] else { return }
    guard payload.serialized().count + Self.bytes(of: message["data"]) <= Self.limitBytes else {
      throw .badValue(
        "message.apns.payload", "Message is too big: more than \(Self.limitBytes) bytes for APNs.")
    }
  }

  /// Keys and texts.
  private static func bytes(of object: JSON?, besides other: JSON? = nil) -> Int {
    var count = 0
    for member in object?.members ?? [] where other?[member.key] == nil {
      count += member.key.utf8.count + (member.value.string?.utf8.count ?? 0)
    }
    return count
  }

  private static func member(_ name: String, _ camelName: String, _ object: JSON) -> JSON? {
    object[name] ?? object[camelName]
  }

  // MARK: Texts

  static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= tokenBytes
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"): true
        default: isLetterOrDigit(byte)
        }
      }
  }

  private static func isTopic(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
          UInt8(ascii: "%"):
          true
        default: isLetterOrDigit(byte)
        }
      }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}

import PushCore

/// What a request to Honor says, where it keeps to the rules.
struct HonorSentMessage {
  static let maxTokens = 1_000
  private static let limitBytes = 4_096
  private static let longestSeconds = Int64(15 * 24 * 3600)

  private static let rootFields: Set<String> = ["data", "notification", "android", "token"]
  private static let androidFields: Set<String> = [
    "ttl", "biTag", "targetUserType", "data", "notification",
  ]
  private static let notificationFields: Set<String> = [
    "title", "body", "image", "clickAction", "importance", "style", "bigTitle", "bigBody", "badge",
    "notifyId", "tag", "group", "when",
  ]

  let tokens: [String]
  let biTag: String?
  private let message: JSON

  init(_ body: [UInt8]) throws(HonorRefusal) {
    guard let message = try? JSON.parse(body), message.members != nil else {
      throw .badParameters
    }
    self.message = message
    let android = message["android"]
    biTag = android?["biTag"]?.string
    tokens = message["token"]?.array?.compactMap(\.string) ?? []
    try Self.refuse(message, otherThan: Self.rootFields)
    try Self.refuse(android, otherThan: Self.androidFields)
    try Self.refuse(android?["notification"], otherThan: Self.notificationFields)
    try checkTokens()
    guard message.setting("token", to: []).serialized().count <= Self.limitBytes else {
      throw .tooLong
    }
    if let ttl = android?["ttl"] {
      guard let text = ttl.string, text.hasSuffix("s"), let seconds = Int64(text.dropLast()),
        (1...Self.longestSeconds).contains(seconds)
      else { throw .badForm("ttl") }
    }
    if message["notification"] != nil || android?["notification"] != nil {
      try checkNotification(android?["notification"] ?? [:])
    } else if message["data"]?.string == nil {
      throw .badForm("data")
    }
  }

  private static func refuse(
    _ json: JSON?, otherThan known: Set<String>
  ) throws(HonorRefusal) {
    for member in json?.members ?? [] where !known.contains(member.key) {
      throw .badForm(member.key)
    }
  }

  private func checkTokens() throws(HonorRefusal) {
    guard !tokens.isEmpty, tokens.count == message["token"]?.array?.count,
      !tokens.contains("")
    else { throw .emptyToken }
    guard tokens.count <= Self.maxTokens else { throw .tooManyTokens }
    guard Set(tokens).count == tokens.count else { throw .repeatedToken }
  }

  private func checkNotification(_ own: JSON) throws(HonorRefusal) {
    for name in ["title", "body"] {
      guard let text = (own[name] ?? message["notification"]?[name])?.string, !text.isEmpty else {
        throw .badForm(name)
      }
    }
    if let data = message["data"] {
      guard let text = data.string, (try? JSON.parse(text))?.members != nil else {
        throw .badForm("data")
      }
    }
    let click = own["clickAction"]
    let isClickRight =
      switch click?["type"]?.integer {
      case 1: (click?["intent"] ?? click?["action"])?.string.map { !$0.isEmpty } ?? false
      case 2: click?["url"]?.string?.hasPrefix("https://") ?? false
      case 3: true
      default: false
      }
    guard isClickRight else { throw .badForm("clickAction") }
    if let importance = own["importance"] {
      guard ["LOW", "NORMAL"].contains(importance.string) else { throw .badForm("importance") }
    }
    if let number = own["notifyId"] {
      guard let id = number.integer, (0...Int64(Int32.max)).contains(id) else {
        throw .badForm("notifyId")
      }
    }
    if own["style"]?.integer == 1 {
      for name in ["bigTitle", "bigBody"] where (own[name]?.string ?? "").isEmpty {
        throw .badForm(name)
      }
    }
    try checkBadge(own["badge"])
  }

  private func checkBadge(_ badge: JSON?) throws(HonorRefusal) {
    guard let badge else { return }
    guard let activity = badge["badgeClass"]?.string, !activity.isEmpty else {
      throw .badForm("badgeClass")
    }
    for (name, range) in [("addNum", Int64(1)...99), ("setNum", Int64(0)...99)] {
      guard let value = badge[name] else { continue }
      guard let number = value.integer, range.contains(number) else { throw .badForm(name) }
    }
  }
}

extension HonorSentMessage {
  /// What the control endpoint shows of it.
  var note: JSON {
    let android = message["android"]
    let own = android?["notification"]
    let common = message["notification"]
    return .object(present: [
      ("delivery_id", biTag.map(JSON.string)), ("title", own?["title"] ?? common?["title"]),
      ("text", own?["body"] ?? common?["body"]), ("image", own?["image"] ?? common?["image"]),
      ("data", message["data"]), ("click_action", own?["clickAction"]),
      ("importance", own?["importance"]), ("badge", own?["badge"]), ("ttl", android?["ttl"]),
      ("notify_id", own?["notifyId"]),
    ])
  }
}

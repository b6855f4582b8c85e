import PushCore

/// What a request to Huawei says, where it keeps to the rules.
struct HuaweiSentMessage {
  static let maxTokens = 1_000
  private static let limitBytes = 4_096
  private static let longestSeconds = Int64(15 * 24 * 3600)

  private static let rootFields: Set<String> = ["validate_only", "message"]
  private static let messageFields: Set<String> = [
    "data", "notification", "android", "token", "topic", "condition",
  ]
  private static let androidFields: Set<String> = [
    "collapse_key", "urgency", "category", "ttl", "bi_tag", "receipt_id", "target_user_type",
    "data", "notification", "fast_app_target",
  ]
  private static let notificationFields: Set<String> = [
    "title", "body", "image", "icon", "color", "sound", "default_sound", "tag", "click_action",
    "channel_id", "importance", "notify_id", "badge", "foreground_show", "style", "big_title",
    "big_body", "use_default_vibrate", "use_default_light", "visibility", "auto_clear", "when",
    "group", "ticker", "notify_summary", "profile_id",
  ]
  private static let categories: Set<String> = [
    "IM", "VOIP", "SUBSCRIPTION", "TRAVEL", "HEALTH", "WORK", "ACCOUNT", "EXPRESS", "FINANCE",
    "DEVICE_REMINDER", "MAIL", "PLAY_VOICE", "MARKETING",
  ]

  let tokens: [String]
  /// `validate_only`: nobody gets it.
  let isOnlyChecked: Bool
  let isTest: Bool
  let biTag: String?
  let receiptID: String?
  private let message: JSON

  init(_ body: [UInt8]) throws(HuaweiRefusal) {
    guard let json = try? JSON.parse(body), json.members != nil, let message = json["message"]
    else { throw .badForm("message") }
    self.message = message
    isOnlyChecked = json["validate_only"]?.bool ?? false
    let android = message["android"]
    isTest = android?["target_user_type"]?.integer == 1
    biTag = android?["bi_tag"]?.string
    receiptID = android?["receipt_id"]?.string
    tokens = message["token"]?.array?.compactMap(\.string) ?? []
    try Self.refuse(json, otherThan: Self.rootFields)
    try Self.refuse(message, otherThan: Self.messageFields)
    try Self.refuse(android, otherThan: Self.androidFields)
    try Self.refuse(android?["notification"], otherThan: Self.notificationFields)
    try checkTarget()
    let bare = json.setting("message", to: message.setting("token", to: []))
    guard bare.serialized().count <= Self.limitBytes else { throw .tooLong }
    try checkAndroid(android ?? [:])
    if isNotification { try checkNotification(android?["notification"] ?? [:]) }
  }

  private static func refuse(
    _ json: JSON?, otherThan known: Set<String>
  ) throws(HuaweiRefusal) {
    for member in json?.members ?? [] where !known.contains(member.key) {
      throw .badForm(member.key)
    }
  }

  private var isNotification: Bool {
    message["notification"] != nil || message["android"]?["notification"] != nil
  }

  private func checkTarget() throws(HuaweiRefusal) {
    let targets = ["token", "topic", "condition"].filter { name in
      // A client that always writes the member writes null.
      message[name].map { $0 != .null } ?? false
    }
    guard targets == ["token"] else { throw .badForm(targets.isEmpty ? "token" : "target") }
    guard (1...Self.maxTokens).contains(tokens.count),
      tokens.count == message["token"]?.array?.count
    else { throw .badTokenCount }
  }

  private func checkAndroid(_ android: JSON) throws(HuaweiRefusal) {
    if let ttl = android["ttl"] {
      guard let text = ttl.string, text.hasSuffix("s"), let seconds = Int64(text.dropLast()),
        (1...Self.longestSeconds).contains(seconds)
      else { throw .badTTL }
    }
    if let key = android["collapse_key"] {
      guard let number = key.integer, (-1...100).contains(number) else { throw .badCollapseKey }
    }
    if let category = android["category"] {
      guard Self.categories.contains(category.string ?? "") else { throw .badParameter("category") }
    }
    if let data = message["data"], isNotification {
      guard let text = data.string, (try? JSON.parse(text))?.members != nil else {
        throw .badParameter("data")
      }
    }
  }

  private func checkNotification(_ own: JSON) throws(HuaweiRefusal) {
    for name in ["title", "body"] {
      guard let text = (own[name] ?? message["notification"]?[name])?.string, !text.isEmpty else {
        throw .badForm(name)
      }
    }
    try checkClick(own["click_action"])
    if let importance = own["importance"] {
      guard ["LOW", "NORMAL"].contains(importance.string) else { throw .badParameter("importance") }
    }
    if let sound = own["sound"] {
      guard let text = sound.string, text.hasPrefix("/raw/"), text.utf8.count > 5,
        !text.utf8.contains(UInt8(ascii: "."))
      else { throw .badParameter("sound") }
    }
    if let number = own["notify_id"] {
      guard let id = number.integer, (0...Int64(Int32.max)).contains(id) else {
        throw .badParameter("notify_id")
      }
    }
    if own["style"]?.integer == 1 {
      for name in ["big_title", "big_body"] where (own[name]?.string ?? "").isEmpty {
        throw .badForm(name)
      }
    }
    try checkBadge(own["badge"])
  }

  /// Every notification says what a tap does.
  private func checkClick(_ click: JSON?) throws(HuaweiRefusal) {
    let isRight =
      switch click?["type"]?.integer {
      case 1:
        (click?["intent"] ?? click?["action"])?.string.map { !$0.isEmpty } ?? false
      case 2: click?["url"]?.string?.hasPrefix("https://") ?? false
      case 3: true
      default: false
      }
    guard isRight else { throw .badForm("click_action") }
  }

  private func checkBadge(_ badge: JSON?) throws(HuaweiRefusal) {
    guard let badge else { return }
    guard let activity = badge["class"]?.string, !activity.isEmpty else {
      throw .badForm("badge.class")
    }
    for (name, range) in [("add_num", Int64(1)...99), ("set_num", Int64(0)...99)] {
      guard let value = badge[name] else { continue }
      guard let number = value.integer, range.contains(number) else {
        throw .badParameter("badge.\(name)")
      }
    }
  }
}

extension HuaweiSentMessage {
  /// What the control endpoint shows of it.
  var note: JSON {
    let android = message["android"]
    let own = android?["notification"]
    let common = message["notification"]
    return .object(present: [
      ("delivery_id", biTag.map(JSON.string)), ("title", own?["title"] ?? common?["title"]),
      ("text", own?["body"] ?? common?["body"]), ("image", own?["image"] ?? common?["image"]),
      ("data", message["data"]), ("click_action", own?["click_action"]),
      ("category", android?["category"]), ("channel", own?["channel_id"]),
      ("importance", own?["importance"]), ("sound", own?["sound"] ?? own?["default_sound"]),
      ("badge", own?["badge"]), ("ttl", android?["ttl"]), ("notify_id", own?["notify_id"]),
    ])
  }
}

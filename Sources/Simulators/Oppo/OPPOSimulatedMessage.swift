import PushCore

/// One message of a request to OPPO, where it keeps to the rules.
struct OPPOSimulatedMessage {
  private static let titleCharacters = 50
  private static let subtitleCharacters = 10
  /// By `style`: standard, long, picture.
  private static let contentCharacters: [Int64: Int] = [1: 200, 2: 128, 3: 50]
  private static let parameterBytes = 4_096
  private static let callbackCharacters = 200
  private static let callbackParameterCharacters = 100
  private static let longestLife = Int64(864_000)
  private static let levels: Set<Int64> = [1, 2, 16]

  private static let texts: Set<String> = [
    "app_message_id", "title", "sub_title", "content", "click_action_activity",
    "click_action_url", "action_parameters", "channel_id", "category",
    "private_msg_template_id", "call_back_url", "call_back_parameter",
  ]
  private static let numbers: [String: ClosedRange<Int64>] = [
    "style": 1...3, "click_action_type": 0...5, "off_line_ttl": 1...longestLife,
    "notify_level": 1...16, "notify_id": 0...Int64(Int32.max), "show_ttl": 0...longestLife,
    "show_time_type": 0...1, "network_type": 0...1, "badge_operation_type": 0...2,
    "badge_message_count": 0...Int64(Int32.max),
  ]
  private static let objects: Set<String> = [
    "private_title_parameters", "private_content_parameters",
  ]

  var token: String
  var notification: JSON
  let body: JSON

  /// - Throws: What is wrong with the message's envelope, by which nothing more can be said.
  init(_ json: JSON) throws(OPPORefusal) {
    guard json.members != nil else { throw .illegal("message") }
    guard json["target_type"]?.integer == 2 else { throw .illegal("target_type") }
    guard let token = json["target_value"]?.string, !token.isEmpty else {
      throw .missing("target_value")
    }
    guard let notification = json["notification"], notification.members != nil else {
      throw .missing("notification")
    }
    self.token = token
    self.notification = notification
    body = json
  }

  subscript(name: String) -> String? {
    notification[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  func check(of app: OPPOApp) throws(OPPORefusal) {
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .tokenMalformed }
    for member in notification.members ?? [] { try Self.check(member) }
    try checkTexts()
    try checkKind(of: app)
  }

  /// Snake case only; each member of its type.
  private static func check(_ member: JSON.Member) throws(OPPORefusal) {
    let isRight =
      if let range = numbers[member.key] {
        member.value.integer.map(range.contains) ?? false
      } else if texts.contains(member.key) {
        member.value.string != nil
      } else if objects.contains(member.key) {
        member.value.members != nil
      } else {
        member.key == "off_line" && member.value.bool != nil
      }
    guard isRight else { throw .illegal(member.key) }
  }

  private func checkTexts() throws(OPPORefusal) {
    let style = notification["style"]?.integer ?? 1
    let limits: [(String, Int)] = [
      ("title", Self.titleCharacters), ("sub_title", Self.subtitleCharacters),
      ("content", Self.contentCharacters[style] ?? 0),
      ("call_back_url", Self.callbackCharacters),
      ("call_back_parameter", Self.callbackParameterCharacters),
    ]
    for name in ["title", "content"] where self[name] == nil { throw .missing(name) }
    for (name, limit) in limits {
      guard (self[name] ?? "").utf16.count <= limit else { throw .illegal(name) }
    }
    if let parameters = self["action_parameters"] {
      guard parameters.utf8.count <= Self.parameterBytes,
        (try? JSON.parse(parameters))?.members != nil
      else { throw .illegal("action_parameters") }
    }
  }

  private func checkKind(of app: OPPOApp) throws(OPPORefusal) {
    if let level = notification["notify_level"]?.integer {
      guard Self.levels.contains(level), self["category"] != nil else { throw .category }
    }
    guard !isPrivate(in: app) || self["private_msg_template_id"] != nil else { throw .template }
  }

  func isPrivate(in app: OPPOApp) -> Bool {
    self["channel_id"].map(app.privateChannels.contains) ?? false
  }

  /// What the control endpoint shows of it.
  var note: JSON {
    .object(present: [
      ("delivery_id", self["app_message_id"].map(JSON.string)),
      ("title", self["title"].map(JSON.string)), ("text", self["content"].map(JSON.string)),
      ("ext", self["action_parameters"].map(JSON.string)),
      ("channel", self["channel_id"].map(JSON.string)),
      ("category", self["category"].map(JSON.string)),
      ("notify_id", notification["notify_id"]), ("off_line_ttl", notification["off_line_ttl"]),
    ])
  }
}

import PushCore

/// What a request to Xiaomi says, where it keeps to the rules.
struct XiaomiForm {
  static let maxTargets = 1_000

  private static let titleCharacters = 50
  private static let textCharacters = 128
  private static let keyCharacters = 20
  private static let extraPairs = 10
  private static let extraCharacters = 1_024
  private static let callbackBytes = 128
  private static let parameterBytes = 64
  private static let publicLife = Int64(24 * 3600 * 1_000)
  private static let privateLife = Int64(10 * 24 * 3600 * 1_000)
  /// Which of 65010…65038 Xiaomi means by what is not known.
  private static let extraTooLong = 65_011
  private static let callbackIllegal = 65_020

  private static let known: Set<String> = [
    "registration_id", "restricted_package_name", "title", "description", "payload",
    "pass_through", "notify_type", "notify_id", "time_to_live", "time_to_send",
  ]
  private static let ownExtras: Set<String> = [
    "channel_id", "notify_effect", "intent_uri", "web_uri", "notify_foreground", "sound_uri",
    "jobkey", "callback", "callback.param", "callback.type", "only_send_once", "flow_control",
    "badge", "ticker",
  ]

  var targets: [String]
  var fields: [String: String]

  subscript(name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }

  init(_ fields: [String: String], of app: XiaomiApp) throws(XiaomiRefusal) {
    self.fields = fields
    targets = (fields["registration_id"] ?? "").split(separator: ",").map { String($0) }
    try checkTargets(app)
    try checkTexts()
    try checkNumbers(app)
    try checkExtras(app)
  }

  private func checkTargets(_ app: XiaomiApp) throws(XiaomiRefusal) {
    guard let package = self["restricted_package_name"] else {
      throw .missing("restricted_package_name")
    }
    guard app.packages.contains(package) else {
      throw XiaomiRefusal(22022, "The package name is not this app's.")
    }
    guard !targets.isEmpty else { throw .missing("registration_id") }
    guard targets.count <= Self.maxTargets else {
      throw XiaomiRefusal(22101, "Too many targets.")
    }
    for name in fields.keys where !Self.known.contains(name) && !name.hasPrefix("extra.") {
      throw .wrong(name)
    }
  }

  private func checkTexts() throws(XiaomiRefusal) {
    for (name, limit) in [("title", Self.titleCharacters), ("description", Self.textCharacters)] {
      guard let text = self[name] else { throw .missing(name) }
      guard text.utf16.count <= limit else { throw .tooLong(name) }
    }
  }

  private func checkNumbers(_ app: XiaomiApp) throws(XiaomiRefusal) {
    let isPrivate = self["extra.channel_id"].map(app.privateChannels.contains) ?? false
    let life = isPrivate ? Self.privateLife : Self.publicLife
    let ranges: [(String, ClosedRange<Int64>)] = [
      ("pass_through", 0...1), ("notify_type", -1...7), ("notify_id", 0...Int64(Int32.max)),
      ("time_to_live", 1...life), ("extra.notify_effect", 1...3),
      ("extra.callback.type", 1...2047),
    ]
    for (name, range) in ranges {
      guard let text = self[name] else { continue }
      guard let number = Int64(text), range.contains(number) else { throw .wrong(name) }
    }
  }

  private func checkExtras(_ app: XiaomiApp) throws(XiaomiRefusal) {
    if let channel = self["extra.channel_id"], let channels = app.channels,
      !channels.union(app.privateChannels).contains(channel)
    {
      throw XiaomiRefusal(27001, "The channel does not match any of the app's.")
    }
    guard (self["extra.jobkey"] ?? "").utf16.count <= Self.keyCharacters else {
      throw .tooLong("extra.jobkey")
    }
    guard (self["extra.callback"] ?? "").utf8.count <= Self.callbackBytes,
      (self["extra.callback.param"] ?? "").utf8.count <= Self.parameterBytes
    else { throw XiaomiRefusal(Self.callbackIllegal, "Callback parameter too long.") }
    let custom = fields.filter { name, _ in
      name.hasPrefix("extra.") && !Self.ownExtras.contains(String(name.dropFirst(6)))
    }
    let characters = custom.reduce(0) { $0 + $1.key.utf16.count - 6 + $1.value.utf16.count }
    guard custom.count <= Self.extraPairs, characters <= Self.extraCharacters else {
      throw XiaomiRefusal(Self.extraTooLong, "Extra too long.")
    }
  }
}

extension XiaomiForm {
  /// What the control endpoint shows of it.
  func note(isShown: Bool) -> JSON {
    let payload = self["payload"].flatMap { FormText.pairs("text=\($0)").first?.value }
    let texts: [(String, String?)] = [
      ("delivery_id", self["extra.jobkey"]), ("package", self["restricted_package_name"]),
      ("title", self["title"]), ("text", self["description"]),
      ("ext", self["extra.ext"] ?? payload), ("channel", self["extra.channel_id"]),
      ("notify_type", self["notify_type"]), ("notify_id", self["notify_id"]),
      ("time_to_live", self["time_to_live"]),
    ]
    return .object(
      present: texts.map { ($0.0, $0.1.map(JSON.string)) } + [("shown", .bool(isShown))])
  }
}

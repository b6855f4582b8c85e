extension WhatIf {
  /// Entries of one part at most.
  public static let entryLimit = 1_000

  private static let known: Set<String> = [
    "language", "cancel_on_read", "cancel_on_foreground", "users", "devices", "receive",
    "from_position",
  ]

  /// Reads an object such as `{"users": {"bob": {"quiet_hours": null}}}`.
  ///
  /// - Throws: ``FieldError`` naming the member that is wrong and what is expected.
  public init(_ json: JSON) throws(FieldError) {
    let fields = try Fields(json)
    try fields.refuse(otherThan: Self.known)
    language = try fields.choice("language")
    cancelsOnRead = try fields.bool("cancel_on_read")
    cancelsOnForeground = try fields.bool("cancel_on_foreground")
    fromPosition = try fields.integer("from_position", in: 1...Int64.max)
    for (name, values) in try Self.entries(fields, "users") {
      users[try UserID(validating: name, field: "users")] = try User(values)
    }
    for (name, values) in try Self.entries(fields, "devices") {
      devices[try Self.device(name)] = try Device(values)
    }
    for (name, values) in try Self.entries(fields, "receive") {
      let user = try UserID(validating: name, field: "receive")
      for member in values.members {
        receive[MemberKey(conversation: try Self.conversation(member.key, user), user: user)] =
          try values.requiredChoice(member.key)
      }
    }
    guard self != WhatIf(fromPosition: fromPosition) else {
      throw FieldError(
        .missing, "",
        "names nothing that is to be otherwise; give language, cancel_on_read, "
          + "cancel_on_foreground, users, devices or receive.")
    }
  }

  private init(fromPosition: Position?) {
    self.init()
    self.fromPosition = fromPosition
  }

  private static func entries(
    _ fields: Fields, _ key: String
  ) throws(FieldError) -> [(String, Fields)] {
    guard let object = try fields.object(key) else { return [] }
    guard object.members.count <= entryLimit else {
      throw FieldError(
        .tooLong, key,
        "has \(object.members.count) entries; at most \(entryLimit) are allowed.")
    }
    var entries: [(String, Fields)] = []
    for member in object.members {
      entries.append((member.key, try Fields(member.value, at: object.name(member.key))))
    }
    return entries
  }

  /// `<user>/<device>`, with `/` and `%` within an id percent-encoded.
  private static func device(_ name: String) throws(FieldError) -> DeviceKey {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw FieldError(
        .badFormat, "devices",
        "holds a name that is no device's; write it like bob/phone, with / and % inside an id as "
          + "%2F and %25.")
    }
    return DeviceKey(
      user: try UserID(validating: StreamName.decode(String(parts[0])), field: "devices"),
      device: try DeviceID(validating: StreamName.decode(String(parts[1])), field: "devices"))
  }

  /// `group/<id>` or `user/<peer>`, ids as they are.
  private static func conversation(
    _ name: String, _ user: UserID
  ) throws(FieldError) -> ConversationKey {
    let id = String(name.drop { $0 != "/" }.dropFirst())
    if name.hasPrefix("group/") {
      return .group(try GroupID(validating: id, field: "receive"))
    } else if name.hasPrefix("user/") {
      return ConversationKey(
        .user(try UserID(validating: id, field: "receive")), seenBy: user)
    }
    throw FieldError(
      .badFormat, "receive",
      "holds a name that is no conversation's; write it like group/g1 or user/ann.")
  }
}

extension WhatIf.User {
  init(_ fields: Fields) throws(FieldError) {
    self.init()
    try fields.refuse(otherThan: ["quiet_hours", "muted_until", "badge", "nickname"])
    if fields.holds("quiet_hours") {
      quietHours =
        try fields.object("quiet_hours").map { fields throws(FieldError) in
          .set(try QuietHours(fields))
        } ?? .clear
    }
    if fields.holds("muted_until") {
      mutedUntil = try fields.timestamp("muted_until").map { .set($0) } ?? .clear
    }
    if fields.holds("nickname") {
      nickname =
        try fields.string("nickname", maxBytes: Limits.nameBytes).map { .set($0) } ?? .clear
    }
    badge = try fields.choice("badge")
  }
}

extension WhatIf.Device {
  init(_ fields: Fields) throws(FieldError) {
    self.init()
    try fields.refuse(
      otherThan: ["activity", "settings", "token_valid", "logged_out", "offline"])
    activity = try fields.choice("activity")
    if let values = try fields.object("settings") { settings = try DeviceSettings(values) }
    tokenValid = try fields.bool("token_valid")
    loggedOut = try fields.bool("logged_out")
    offline = try fields.bool("offline")
  }
}

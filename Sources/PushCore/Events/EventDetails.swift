import Crypto

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension UserUpdate {
  init(_ fields: Fields, _ personal: Fields?) throws(FieldError) {
    user = try fields.requiredID("user")
    nickname = try Change(personal, "nickname", maxBytes: Limits.nameBytes)
    if fields.holds("quiet_hours") {
      quietHours =
        try fields.object("quiet_hours").map { object throws(FieldError) in
          .set(try QuietHours(object))
        } ?? .clear
    } else {
      quietHours = .keep
    }
    mutedUntil =
      fields.holds("muted_until")
      ? try fields.timestamp("muted_until").map { .set($0) } ?? .clear : .keep
    badge =
      fields.holds("badge")
      ? try fields.choice("badge", BadgeSource.self).map { .set($0) } ?? .clear : .keep
  }
}

extension QuietHours {
  init(_ fields: Fields) throws(FieldError) {
    from = try fields.timeOfDay("from")
    guard from < 86_400 else {
      throw FieldError(
        .badFormat, fields.name("from"), "is 24:00, which only `to` can be; write 00:00.")
    }
    to = try fields.timeOfDay("to")
    timeZone = try fields.string("time_zone", maxBytes: Limits.idBytes) ?? "UTC"
    guard TimeZones.zone(timeZone) != nil else {
      throw FieldError(
        .unknownValue, fields.name("time_zone"),
        "is \(FieldError.shown(timeZone, most: 40)), no time zone; give an IANA name such as "
          + "Europe/Berlin.")
    }
  }
}

extension Fields {
  /// `HH:MM` or `HH:MM:SS` as seconds since midnight; `24:00` is the day's end.
  public func timeOfDay(_ key: String) throws(FieldError) -> Int {
    let text = try required(key) { key throws(FieldError) in try string(key, maxBytes: 16) }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isWritten = parts.allSatisfy { part in
      part.utf8.count == 2 && part.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }
    let numbers = parts.compactMap { Int($0) } + (parts.count == 2 ? [0] : [])
    if isWritten, numbers.count == 3, numbers[1] < 60, numbers[2] < 60 {
      let seconds = numbers[0] * 3_600 + numbers[1] * 60 + numbers[2]
      if seconds <= 86_400 { return seconds }
    }
    throw FieldError(
      .badFormat, name(key),
      "is \(FieldError.shown(text)), no time of day; write it like 22:30.")
  }
}

extension DeviceSettings {
  /// Reads `settings` of a device.
  public init(_ fields: Fields) throws(FieldError) {
    self.init(
      push: try fields.bool("push"),
      c2cSound: try fields.string("c2c_sound", maxBytes: Limits.soundBytes),
      groupSound: try fields.string("group_sound", maxBytes: Limits.soundBytes),
      videoSound: try fields.string("video_sound", maxBytes: Limits.soundBytes))
  }
}

extension DeviceRegistration {
  init(_ fields: Fields, _ personal: Fields?) throws(FieldError) {
    user = try fields.requiredID("user")
    device = try fields.requiredID("device")
    platform = try fields.requiredChoice("platform")
    provider = try fields.requiredChoice("provider")
    topic = try fields.string("topic", maxBytes: Limits.topicBytes)
    credential = try fields.string("credential", maxBytes: Limits.credentialBytes)
    whileLoggedIn = try fields.bool("while_logged_in") ?? false
    environment = try fields.choice("environment") ?? .production
    appVersion = try fields.string("app_version", maxBytes: Limits.idBytes)
    locale = try fields.string("locale", maxBytes: Limits.idBytes)
    settings =
      try fields.object("settings").map { object throws(FieldError) in
        try DeviceSettings(object)
      } ?? DeviceSettings()
    token = try Self.text(ofToken: personal?["token"], "content.token")
    tokenSHA256 = try fields.string("token_sha256", maxBytes: 64) ?? ""
    fallbacks = try FallbackWay.ways(fields, personal, after: provider)
  }

  /// A token as text, a subscription as its JSON.
  static func text(ofToken token: JSON?, _ field: String) throws(FieldError) -> String? {
    let text: String
    switch token {
    case nil: return nil
    case .string(let string): text = string
    case .object(let members): text = JSON.object(members).text
    case let other?:
      throw FieldError(
        .wrongType, field,
        "is \(other.kind); a string, or for webpush the subscription object, is expected.")
    }
    guard text.utf8.count <= Limits.tokenBytes else {
      throw FieldError(
        .tooLong, field,
        "has \(text.utf8.count) bytes; at most \(Limits.tokenBytes) are allowed.")
    }
    return text
  }

  /// SHA-256 in hex of a token, or of a subscription's canonical JSON.
  public static func fingerprint(_ token: JSON) -> String {
    let bytes = token.string.map { Array($0.utf8) } ?? token.canonical()
    return Hex.encode(SHA256.hash(data: bytes))
  }
}

extension Message {
  init(_ fields: Fields, _ personal: Fields?) throws(FieldError) {
    id = try fields.requiredID("message_id")
    sender = try fields.requiredID("from")
    conversation = try fields.conversation()
    mentions = try fields.ids("mentions", max: Limits.mentionsPerMessage) ?? []
    mentionsAll = try fields.bool("mention_all") ?? false
    expiresAt = try fields.timestamp("expires_at")
    onlineOnly = try fields.bool("online_only") ?? false
    countsUnread = try fields.bool("counts_unread") ?? true
    push = try fields.bool("push") ?? true
    overMute = try fields.bool("over_mute") ?? false
    targets = try fields.ids("targets", max: Limits.targetsPerMessage) ?? []
    device = try fields.id("device")
    if device != nil, case .group = conversation {
      throw FieldError(
        .badFormat, fields.name("device"),
        "names a device, and the message goes to a group; name one for a single user alone.")
    }
    content = try personal.map { personal throws(FieldError) in try MessageContent(personal) }
    if let stored = try fields.object("facts") {
      facts = MessageFacts(
        shows: try stored.bool("shows") ?? false,
        pushFlag: try stored.integer("push_flag") ?? 0,
        badgeMode: try stored.integer("badge_mode") ?? 0,
        badgeSet: try stored.integer("badge_set"), badgeAdd: try stored.integer("badge_add"),
        sound: try stored.string("sound", maxBytes: Limits.soundBytes) ?? content?.sound,
        androidSound: try stored.string("android_sound") ?? content?.androidSound)
    } else {
      facts = content?.facts ?? MessageFacts(shows: false, pushFlag: 0, badgeMode: 0)
    }
  }
}

extension PushAttempt {
  init(_ fields: Fields) throws(FieldError) {
    self.init(
      deliveryID: try fields.required("delivery_id", fields.uuid),
      message: try fields.requiredID("message_id"),
      user: try fields.requiredID("user"),
      device: try fields.requiredID("device"),
      attempt: try fields.required("attempt") { key throws(FieldError) in
        try fields.integer(key, in: 1...Int64(Int32.max))
      },
      provider: try fields.requiredChoice("provider"),
      outcome: try fields.requiredChoice("outcome"),
      status: try fields.integer("status"),
      reason: try fields.string("reason", maxBytes: Limits.reasonBytes),
      providerMessageID: try fields.string("provider_message_id", maxBytes: Limits.reasonBytes),
      retryAt: try fields.timestamp("retry_at"),
      startedAt: try fields.required("started_at", fields.timestamp),
      finishedAt: try fields.required("finished_at", fields.timestamp),
      badge: try fields.integer("badge"),
      payloadSHA256: try fields.string("payload_sha256", maxBytes: 64),
      dispatcher: try fields.string("dispatcher", maxBytes: Limits.idBytes),
      fenced: try fields.bool("fenced") ?? false)
  }
}

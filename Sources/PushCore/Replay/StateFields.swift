/// A thing that the fold keeps: what a change is told of.
public enum StateSubject: Hashable, Sendable {
  case user(UserID)
  case device(DeviceKey)
  case conversation(ConversationKey)
  case member(MemberKey)
  case message(MessageID)

  /// Such as `device bob/phone`.
  public var description: String {
    switch self {
    case .user(let user): "user \(user)"
    case .device(let key): "device \(key.user)/\(key.device)"
    case .conversation(let key): "conversation \(key.storedName)"
    case .member(let key): "\(key.conversation.name(seenBy: key.user)) of \(key.user)"
    case .message(let id): "message \(id)"
    }
  }
}

/// A value before an event and after it; nil: there was or is none.
public struct StateChange: Sendable, Equatable {
  public var subject: String
  public var field: String
  public var before: JSON?
  public var after: JSON?

  public init(subject: String, field: String, before: JSON?, after: JSON?) {
    self.subject = subject
    self.field = field
    self.before = before
    self.after = after
  }

  /// `device bob/phone badge: 2 → 3`.
  public var line: String {
    "\(subject) \(field): \(Self.text(before)) → \(Self.text(after))"
  }

  public var json: JSON {
    [
      "subject": .string(subject), "field": .string(field), "before": before ?? .null,
      "after": after ?? .null,
    ]
  }

  static func text(_ value: JSON?) -> String {
    switch value {
    case nil, .null: "–"
    case .string(let text): text
    case let value?: value.text
    }
  }

  /// What differs between two lists of fields.
  static func between(
    _ before: [JSON.Member], _ after: [JSON.Member], of subject: String
  ) -> [StateChange] {
    let old = Dictionary(before.map { ($0.key, $0.value) }) { $1 }
    let new = Dictionary(after.map { ($0.key, $0.value) }) { $1 }
    let names = after.map(\.key) + before.map(\.key).filter { new[$0] == nil }
    return names.compactMap { name in
      // Texts are told apart byte for byte.
      guard old[name]?.serialized() != new[name]?.serialized() else { return nil }
      return StateChange(subject: subject, field: name, before: old[name], after: new[name])
    }
  }
}

extension FoldState {
  /// What is known of a subject, in a fixed order, without what is not set; empty where it is
  /// unknown. A token shows as the first digits of its hash.
  public func fields(of subject: StateSubject) -> [JSON.Member] {
    let values: [(String, JSON?)]
    switch subject {
    case .user(let user): values = users[user].map(Self.fields) ?? []
    case .device(let key):
      values = users[key.user]?.devices.first { $0.id == key.device }.map(Self.fields) ?? []
    case .conversation(let key): values = conversations[key].map(Self.fields) ?? []
    case .member(let key):
      values =
        conversations[key.conversation]?.members[key.user].map {
          Self.fields($0, unread: conversations[key.conversation]?.unread(of: key.user) ?? 0)
        } ?? []
    case .message(let id):
      values = messages[id].map { [("recalled", .bool($0.recalled))] } ?? []
    }
    return values.compactMap { name, value in value.map { JSON.Member(name, $0) } }
  }

  private static func fields(_ user: UserState) -> [(String, JSON?)] {
    [
      ("nickname", user.nickname.map { .string($0) }),
      ("quiet_hours", user.quietHours.map { .string($0.description) }),
      ("muted_until", user.mutedUntil.map { JSON($0) }),
      ("badge", user.badge.map { .string($0.rawValue) }),
      ("tags", user.labels.map { .array($0.tags.map { JSON($0) }) }),
      ("deleted", user.deleted ? true : nil),
    ]
  }

  private static func fields(_ device: DeviceState) -> [(String, JSON?)] {
    [
      ("platform", .string(device.platform.rawValue)),
      ("provider", device.registered.map { .string($0.provider.rawValue) }),
      ("token", device.registered.map { .string(short($0)) }),
      ("token_valid", device.registered.map { _ in .bool(device.tokenValid) }),
      ("fallbacks", device.fallbacks.isEmpty ? nil : .string(text(device.fallbacks))),
      ("app_version", device.appVersion.map { .string($0) }),
      ("locale", device.locale.map { .string($0) }),
      ("push", device.settings.push.map { .bool($0) }),
      ("c2c_sound", device.settings.c2cSound.map { .string($0) }),
      ("group_sound", device.settings.groupSound.map { .string($0) }),
      ("activity", device.activity.map { .string($0.rawValue) }),
      ("badge", .integer(device.badge)), ("logged_out", .bool(device.loggedOut)),
      ("kicked_at", device.kickedAt.map { .integer($0) }), ("offline", .bool(device.offline)),
    ]
  }

  private static func short(_ token: TokenKey) -> String { "sha256 \(token.sha256.prefix(8))…" }

  private static func text(_ ways: [FallbackWay]) -> String {
    ways.map { way in
      "\(way.registered.provider.rawValue) \(short(way.registered))"
        + (way.tokenValid ? "" : " refused")
    }.joined(separator: ", ")
  }

  private static func fields(_ conversation: ConversationState) -> [(String, JSON?)] {
    [
      ("name", conversation.facts.name.map { .string($0) }),
      ("kind", conversation.facts.kind.map { .string($0) }),
      ("owner", conversation.facts.owner.map { JSON($0) }),
      ("sequence", .integer(conversation.sequence)),
    ]
  }

  private static func fields(_ member: MemberState, unread: Int64) -> [(String, JSON?)] {
    [
      ("receive", .string(member.receive.rawValue)),
      ("name_card", member.nameCard.map { .string($0) }),
      ("read_position", .integer(member.readPosition)), ("unread", .integer(unread)),
    ]
  }
}

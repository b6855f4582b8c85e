import Ledger
import Postgres
import PushCore

/// Rows of the projection's tables as the fold's values.
enum Rows {
  static let messageColumns = """
    m.message_id, m.position, m.conversation, m.sender, m.sequence, m.counted_targets, \
    m.recalled_at
    """
  static let conversationColumns = "c.conversation, c.name, c.sequence, c.kind, c.owner"
  static let memberColumns = """
    m.conversation, m.user_id, m.receive, m.name_card, m.read_position, m.read_sequence, \
    m.adjustment, m.frozen_at, m.rejected
    """
  static let userColumns = """
    u.user_id, u.nickname, u.quiet_from_second, u.quiet_to_second, u.quiet_time_zone, \
    u.muted_until, u.badge_source, u.tags, u.attributes, u.deleted
    """
  static let deviceColumns = """
    d.user_id, d.device_id, d.platform, d.provider, d.token_sha256, d.token, d.topic, \
    d.credential_id, d.environment, d.app_version, d.locale, d.push, d.c2c_sound, d.group_sound, \
    d.video_sound, d.activity, d.badge, d.token_valid, d.logged_out, d.kicked_at, d.offline, \
    d.active_at, d.registered_at
    """
  static let fallbackColumns = """
    f.user_id, f.device_id, f.provider, f.token_sha256, f.token, f.topic, f.credential_id, \
    f.environment, f.token_valid
    """

  static func message(_ row: PostgresRow) throws -> MessageState {
    let conversation = try conversationKey(row, "messages", 2)
    let targets = try JSON.parse(try row.get(5, as: PostgresJSONB.self).bytes)
    return MessageState(
      id: MessageID(unchecked: try row.get(0)), position: try row.get(1),
      conversation: conversation, sender: UserID(unchecked: try row.get(3)),
      sequence: try row.get(4),
      countedTargets: (targets.array ?? []).compactMap { $0.string.map(UserID.init(unchecked:)) },
      recalledAt: try row.optional(6))
  }

  static func conversationKey(
    _ row: PostgresRow, _ table: String, _ column: Int = 0
  ) throws -> ConversationKey {
    guard let key = ConversationKey(storedName: try row.get(column)) else {
      throw ProjectionError.corrupt(table: table, column: "conversation")
    }
    return key
  }

  static func conversation(
    _ row: PostgresRow
  ) throws -> (key: ConversationKey, facts: GroupFacts, sequence: Int64) {
    (
      try conversationKey(row, "conversations"),
      GroupFacts(
        name: try row.optional(1), kind: try row.optional(3),
        owner: try row.optional(4, as: String.self).map(UserID.init(unchecked:))),
      try row.get(2)
    )
  }

  /// - Parameter first: The column of `receive`; the others follow it.
  static func member(_ row: PostgresRow, from first: Int) throws -> MemberState {
    let rejected = try JSON.parse(try row.get(first + 6, as: PostgresJSONB.self).bytes)
    return MemberState(
      receive: try word(try row.get(first), "members", "receive"),
      nameCard: try row.optional(first + 1), readPosition: try row.get(first + 2),
      readSequence: try row.get(first + 3), adjustment: try row.get(first + 4),
      frozenAt: try row.optional(first + 5),
      rejected: (rejected.array ?? []).compactMap { range in
        guard let ends = range.array, ends.count == 2, let from = ends[0].integer,
          let to = ends[1].integer, from <= to
        else { return nil }
        return from...to
      })
  }

  static func user(_ row: PostgresRow) throws -> UserState {
    var user = UserState()
    user.nickname = try row.optional(1)
    if let from = try row.optional(2, as: Int32.self), let to = try row.optional(3, as: Int32.self),
      let zone = try row.optional(4, as: String.self)
    {
      user.quietHours = QuietHours(from: Int(from), to: Int(to), timeZone: zone)
    }
    user.mutedUntil = try row.optionalTimestamp(5)
    user.badge = try row.optional(6, as: String.self).flatMap(BadgeSource.init(rawValue:))
    if let json = try row.optional(8, as: PostgresJSONB.self) {
      let attributes = try JSON.parse(json.bytes).members ?? []
      user.labels = Labels(
        tags: try row.optionalArray(7, of: String.self).compactMap {
          $0.map(Label.init(unchecked:))
        },
        attributes: Dictionary(
          attributes.compactMap { member in
            member.value.string.map { (Label(unchecked: member.key), $0) }
          }
        ) { $1 })
    }
    user.deleted = try row.get(9)
    return user
  }

  static func fallback(_ row: PostgresRow) throws -> FallbackWay {
    FallbackWay(
      registered: TokenKey(
        provider: try word(try row.get(2), "fallbacks", "provider"), sha256: try row.get(3)),
      token: try row.optional(4), topic: try row.optional(5), credential: try row.optional(6),
      environment: try word(try row.get(7), "fallbacks", "environment"),
      tokenValid: try row.get(8))
  }

  static func device(_ row: PostgresRow) throws -> DeviceState {
    var registered: TokenKey?
    if let provider = try row.optional(3, as: String.self) {
      registered = TokenKey(
        provider: try word(provider, "devices", "provider"), sha256: try row.optional(4) ?? "")
    }
    return DeviceState(
      id: DeviceID(unchecked: try row.get(1)),
      platform: try word(try row.get(2), "devices", "platform"), registered: registered,
      token: try row.optional(5), topic: try row.optional(6), credential: try row.optional(7),
      environment: try word(try row.get(8), "devices", "environment"),
      appVersion: try row.optional(9), locale: try row.optional(10),
      settings: DeviceSettings(
        push: try row.optional(11), c2cSound: try row.optional(12),
        groupSound: try row.optional(13), videoSound: try row.optional(14)),
      activity: try row.optional(15, as: String.self)
        .flatMap(DeviceState.Activity.init(rawValue:)),
      badge: try row.get(16), tokenValid: try row.get(17), loggedOut: try row.get(18),
      kickedAt: try row.optional(19), offline: try row.get(20), activeAt: try row.timestamp(21),
      registeredAt: try row.timestamp(22))
  }

  /// Puts users in, with their devices, each with its other ways in order.
  static func insert(
    users: PostgresResult, devices: PostgresResult, fallbacks: PostgresResult,
    into state: inout FoldState
  ) throws {
    var ways: [DeviceKey: [FallbackWay]] = [:]
    for row in fallbacks {
      let key = DeviceKey(
        user: UserID(unchecked: try row.get(0)), device: DeviceID(unchecked: try row.get(1)))
      ways[key, default: []].append(try fallback(row))
    }
    var held: [UserID: [DeviceState]] = [:]
    for row in devices {
      let user = UserID(unchecked: try row.get(0))
      var device = try device(row)
      device.fallbacks = ways[DeviceKey(user: user, device: device.id)] ?? []
      held[user, default: []].append(device)
    }
    for row in users {
      let id = UserID(unchecked: try row.get(0))
      var user = try user(row)
      user.devices = held[id] ?? []
      state.insert(user, for: id)
    }
  }

  static func word<Word: RawRepresentable>(
    _ text: String, _ table: String, _ column: String
  ) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      throw ProjectionError.corrupt(table: table, column: column)
    }
    return word
  }
}

/// Why a projection cannot go on.
public enum ProjectionError: Error, Equatable, CustomStringConvertible {
  /// A table holds what no PushLedger wrote.
  case corrupt(table: String, column: String)

  public var description: String {
    switch self {
    case .corrupt(let table, let column):
      "notifications_v1.\(table).\(column) holds a value that PushLedger does not know; it was "
        + "changed from outside or written by a newer version."
    }
  }
}

import Ledger
public import Postgres
public import PushCore

/// How much a user has not read.
public struct UnreadReport: Sendable, Equatable {
  /// Messages of one-to-one talks, and of groups.
  public var c2c: Int64
  public var group: Int64
  /// The conversations with something unread, most of it first, at most
  /// ``NotificationsReader/conversationsPerUser``.
  public var conversations: [Conversation]
  /// Whether there are more conversations than these. The sums count all of them.
  public var hasMore: Bool

  public struct Conversation: Sendable, Equatable {
    public var peer: Peer
    public var unread: Int64
    /// A ``PushCore/ReceiveOption`` in its stored form.
    public var receive: String
  }
}

/// A device, without its token.
public struct DeviceReport: Sendable, Equatable {
  public var device: DeviceID
  public var platform: String
  /// Nil until a token is registered.
  public var provider: String?
  public var tokenSHA256: String?
  public var topic: String?
  public var credential: String?
  public var environment: String
  public var appVersion: String?
  public var locale: String?
  public var settings: DeviceSettings
  /// `foreground`, `background`, `killed`, `logged_out`, `offline`, `token_invalid`, or nil: none
  /// yet.
  public var state: String?
  public var badge: Int64
  public var registeredAt: Timestamp
  /// Other ways to it, in the order in which they are tried.
  public var fallbacks: [Fallback] = []

  public struct Fallback: Sendable, Equatable {
    public var provider: String
    public var tokenSHA256: String
    public var topic: String?
    public var credential: String?
    public var environment: String
    public var tokenValid: Bool
  }
}

extension NotificationsReader {
  public static let conversationsPerUser = 1_000
  public static let devicesPerUser = 1_000

  /// Reads what a user has not read. A user nobody spoke of has read everything.
  public func unread(
    of user: UserID, in app: AppID
  ) async throws(PostgresError) -> UnreadReport {
    var named = parameters(app)
    named.add(user.rawValue)
    named.add(Int64(Self.conversationsPerUser) + 1)
    let rows = try await pool.query(
      """
      select group_id, peer, unread, receive,
        coalesce(sum(unread) filter (where group_id is null) over (), 0)::bigint,
        coalesce(sum(unread) filter (where group_id is not null) over (), 0)::bigint
      from pushledger.unread where app = $1 and user_id = $2 and unread > 0
      order by unread desc, group_id, peer limit $3
      """, named)
    var report = UnreadReport(
      c2c: try rows.first?.get(4) ?? 0, group: try rows.first?.get(5) ?? 0, conversations: [],
      hasMore: rows.count > Self.conversationsPerUser)
    for row in rows.prefix(Self.conversationsPerUser) {
      let peer: Peer
      if let group = try row.optional(0, as: String.self) {
        peer = .group(GroupID(unchecked: group))
      } else {
        peer = .user(UserID(unchecked: try row.get(1)))
      }
      report.conversations.append(
        UnreadReport.Conversation(peer: peer, unread: try row.get(2), receive: try row.get(3)))
    }
    return report
  }

  /// Whether a user is in a group now.
  public func isMember(
    _ user: UserID, of group: GroupID, in app: AppID
  ) async throws(PostgresError) -> Bool {
    var named = parameters(app)
    named.add(user.rawValue)
    named.add(group.rawValue)
    return try await pool.query(
      """
      select exists (
        select from pushledger.unread where app = $1 and user_id = $2 and group_id = $3)
      """, named)[0].get(0)
  }

  /// Reads a user's devices in the order of their ids, at most ``devicesPerUser``.
  public func devices(
    of user: UserID, in app: AppID
  ) async throws(PostgresError) -> [DeviceReport] {
    var named = parameters(app)
    named.add(user.rawValue)
    named.add(Int64(Self.devicesPerUser))
    let rows = try await pool.query(
      """
      select device_id, platform, provider, token_sha256, topic, environment, app_version, locale,
        push, c2c_sound, group_sound, video_sound, state, badge, registered_at, credential_id
      from pushledger.devices where app = $1 and user_id = $2
      order by device_id limit $3
      """, named)
    let others = try await pool.query(
      """
      select device_id, provider, token_sha256, topic, credential_id, environment, token_valid
      from pushledger.fallbacks where app = $1 and user_id = $2 order by device_id, place limit $3
      """, named)
    var fallbacks: [String: [DeviceReport.Fallback]] = [:]
    for row in others {
      fallbacks[try row.get(0), default: []].append(try DeviceReport.Fallback(row))
    }
    return try rows.map { row throws(PostgresError) in
      var device = try DeviceReport(row)
      device.fallbacks = fallbacks[device.device.rawValue] ?? []
      return device
    }
  }
}

extension DeviceReport.Fallback {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    provider = try row.get(1)
    tokenSHA256 = try row.get(2)
    topic = try row.optional(3)
    credential = try row.optional(4)
    environment = try row.get(5)
    tokenValid = try row.get(6)
  }
}

extension DeviceReport {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    device = DeviceID(unchecked: try row.get(0))
    platform = try row.get(1)
    provider = try row.optional(2)
    tokenSHA256 = try row.optional(3)
    topic = try row.optional(4)
    environment = try row.get(5)
    appVersion = try row.optional(6)
    locale = try row.optional(7)
    settings = DeviceSettings(
      push: try row.optional(8), c2cSound: try row.optional(9), groupSound: try row.optional(10),
      videoSound: try row.optional(11))
    state = try row.optional(12)
    badge = try row.get(13)
    registeredAt = try row.timestamp(14)
    credential = try row.optional(15)
  }
}

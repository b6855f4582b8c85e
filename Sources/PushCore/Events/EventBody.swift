public import struct Foundation.UUID

/// An event's `data` and `content`, typed.
public enum EventBody: Sendable, Equatable {
  case userUpdated(UserUpdate)
  case userDeleted(UserID)
  case userLabelled(UserID, LabelChange)
  /// Number of an attribute and its name.
  case attributesNamed([Label: String])
  case groupUpdated(GroupUpdate)
  case memberAdded(GroupID, UserID, receive: ReceiveOption?, nameCard: Change<String>)
  case groupReceiveChanged(GroupID, UserID, ReceiveOption)
  case memberRemoved(GroupID, UserID)
  case groupDissolved(GroupID)
  case conversationReceiveChanged(UserID, Peer, ReceiveOption)
  case deviceLoggedIn(DeviceLogin)
  case deviceRegistered(DeviceRegistration)
  case deviceSettingsChanged(UserID, DeviceID, DeviceSettings)
  case deviceUnregistered(UserID, DeviceID)
  case tokenInvalidated(TokenInvalidation)
  case deviceForegrounded(UserID, DeviceID)
  case deviceBackgrounded(UserID, DeviceID, unread: Int64)
  case deviceKilled(UserID, DeviceID)
  case deviceLoggedOut(UserID, DeviceID)
  case deviceOffline(UserID, DeviceID)
  case messageSent(Message)
  case messageRefused(MessageRefusal)
  case messageRecalled(MessageID, by: UserID?)
  case conversationRead(UserID, Peer, ReadMark)
  case unreadSet(UserID, Peer, unread: Int64)
  case broadcastStarted(Broadcast)
  case broadcastFinished(BroadcastID, recipients: Int64)
  case pushAttempted(PushAttempt)
  case pushDelivered(PushReceipt)
  case pushOpened(PushReceipt)
  /// Taken by the provider, and not shown for this reason.
  case pushNotShown(PushReceipt, reason: String)
  /// Somebody calls a delivery off that is due.
  case pushCancelled(PushOrder)
  /// Somebody has a delivery sent again that was refused or called off.
  case pushRetried(PushOrder)
  /// A projection leaves an event out that it cannot fold.
  case eventSkipped(projection: ProjectionName, Position)
  case contentErased(Erasure)
}

/// A field of an update: left out, cleared by null, or set.
public enum Change<Value: Sendable & Equatable>: Sendable, Equatable {
  case keep
  case clear
  case set(Value)

  /// What `old` becomes.
  public func applied(to old: Value?) -> Value? {
    switch self {
    case .keep: old
    case .clear: nil
    case .set(let value): value
    }
  }
}

/// A conversation as one of its sides names it.
public enum Peer: Sendable, Hashable {
  case user(UserID)
  case group(GroupID)
}

/// What a member wants to hear of a conversation.
public enum ReceiveOption: String, Sendable, Hashable, CaseIterable {
  case notify, mentions, silent, reject
}

/// A daily time in which nothing rings: from inclusive, to exclusive, over midnight where
/// `from` is after `to`.
public struct QuietHours: Sendable, Equatable {
  /// Seconds since midnight.
  public var from: Int
  /// Seconds since midnight; 86,400 is the day's end.
  public var to: Int
  /// An IANA name such as `Asia/Shanghai`.
  public var timeZone: String

  public init(from: Int, to: Int, timeZone: String) {
    self.from = from
    self.to = to
    self.timeZone = timeZone
  }
}

public enum BadgeSource: String, Sendable, Hashable, CaseIterable {
  /// The client reports its count when it goes to the background; pushes count on from there.
  case reported
  /// The sum of the user's unread counts.
  case derived
}

public struct GroupUpdate: Sendable, Equatable {
  public var group: GroupID
  public var name: Change<String>
  /// What kind of group it is, in the chat backend's words; nil leaves it as it is.
  public var kind: String?
  /// Nil leaves it as it is.
  public var owner: UserID?
}

public struct UserUpdate: Sendable, Equatable {
  public var user: UserID
  public var nickname: Change<String>
  public var quietHours: Change<QuietHours>
  public var mutedUntil: Change<Timestamp>
  public var badge: Change<BadgeSource>
}

public enum DevicePlatform: String, Sendable, Hashable, CaseIterable {
  case ios, ipad, android, harmony, web, windows, mac, linux, other
}

/// Switches that a device holds; nil leaves one as it is.
public struct DeviceSettings: Sendable, Equatable {
  public var push: Bool?
  public var c2cSound: String?
  public var groupSound: String?
  public var videoSound: String?

  public init(
    push: Bool? = nil, c2cSound: String? = nil, groupSound: String? = nil,
    videoSound: String? = nil
  ) {
    self.push = push
    self.c2cSound = c2cSound
    self.groupSound = groupSound
    self.videoSound = videoSound
  }

  /// These settings with those that `newer` names put over them.
  public func merged(with newer: DeviceSettings) -> DeviceSettings {
    DeviceSettings(
      push: newer.push ?? push, c2cSound: newer.c2cSound ?? c2cSound,
      groupSound: newer.groupSound ?? groupSound, videoSound: newer.videoSound ?? videoSound)
  }
}

public struct DeviceRegistration: Sendable, Equatable {
  public var user: UserID
  public var device: DeviceID
  public var platform: DevicePlatform
  public var provider: ProviderName
  /// Lower-case hex.
  public var tokenSHA256: String
  /// Nil once erased. A Web Push subscription stands here as JSON text.
  public var token: String?
  public var topic: String?
  /// The id of the credential that the token belongs to, where the app has several.
  public var credential: String?
  /// Whether it counts only while a client is logged in on the device.
  public var whileLoggedIn: Bool
  public var environment: PushEnvironment
  public var appVersion: String?
  public var locale: String?
  public var settings: DeviceSettings
  /// Other ways to the device, the best first; at most ``Limits/fallbacksPerDevice``, each by a
  /// provider of its own.
  public var fallbacks: [FallbackWay] = []
}

public struct TokenInvalidation: Sendable, Equatable {
  public var user: UserID
  public var device: DeviceID
  public var tokenSHA256: String
  public var invalidSince: Timestamp?
  /// The provider's word.
  public var reason: String?
}

public enum ReadMark: Sendable, Hashable {
  case message(MessageID)
  case position(Position)
}

public struct Message: Sendable, Equatable {
  public var id: MessageID
  public var sender: UserID
  public var conversation: Peer
  public var mentions: [UserID]
  public var mentionsAll: Bool
  public var expiresAt: Timestamp?
  public var onlineOnly: Bool
  public var countsUnread: Bool
  public var push: Bool
  /// Whether it is pushed to those, too, who muted the sender one-to-one.
  public var overMute: Bool
  /// Nil or empty: the whole group.
  public var targets: [UserID]
  /// The only one of the recipient's devices that it is for; nil: all. One-to-one alone.
  public var device: DeviceID?
  public var facts: MessageFacts
  /// Nil once erased.
  public var content: MessageContent?
}

extension Message {
  /// Whether it goes to that one of a recipient's devices.
  func isFor(_ id: DeviceID) -> Bool { device == nil || device == id }
}

/// What decisions need of a message's content, kept in `data` so that they survive an erasure.
public struct MessageFacts: Sendable, Equatable {
  public var shows: Bool
  public var pushFlag: Int64
  public var badgeMode: Int64
  /// What the badge becomes.
  public var badgeSet: Int64?
  /// What is added to the badge, where it is not set.
  public var badgeAdd: Int64?
  /// The sound's name; nil: the device's own.
  public var sound: String?
  /// What is played in its place where it is not Apple's.
  public var androidSound: String?

  public init(
    shows: Bool, pushFlag: Int64, badgeMode: Int64, badgeSet: Int64? = nil, badgeAdd: Int64? = nil,
    sound: String? = nil, androidSound: String? = nil
  ) {
    self.shows = shows
    self.pushFlag = pushFlag
    self.badgeMode = badgeMode
    self.badgeSet = badgeSet
    self.badgeAdd = badgeAdd
    self.sound = sound
    self.androidSound = androidSound
  }

  var json: JSON {
    .object(present: [
      ("shows", .bool(shows)), ("push_flag", .integer(pushFlag)),
      ("badge_mode", .integer(badgeMode)), ("badge_set", badgeSet.map { .integer($0) }),
      ("badge_add", badgeAdd.map { .integer($0) }), ("sound", sound.map { .string($0) }),
      ("android_sound", androidSound.map { .string($0) }),
    ])
  }

  /// Rule 3.8: the number on an icon after a push that found it at `badge`.
  public func badge(after badge: Int64) -> Int64 {
    if let badgeSet { return badgeSet }
    if let badgeAdd { return badge + badgeAdd }
    return badgeMode == 1 ? badge : badge + 1
  }
}

/// One try at a delivery, as the dispatcher recorded it.
public struct PushAttempt: Sendable, Equatable {
  public var deliveryID: UUID
  public var message: MessageID
  public var user: UserID
  public var device: DeviceID
  public var attempt: Int64
  public var provider: ProviderName
  public var outcome: AttemptOutcome
  public var status: Int64?
  public var reason: String?
  public var providerMessageID: String?
  public var retryAt: Timestamp?
  public var startedAt: Timestamp
  public var finishedAt: Timestamp
  public var badge: Int64?
  public var payloadSHA256: String?
  public var dispatcher: String?
  public var fenced: Bool

  public init(
    deliveryID: UUID, message: MessageID, user: UserID, device: DeviceID, attempt: Int64,
    provider: ProviderName, outcome: AttemptOutcome, status: Int64? = nil, reason: String? = nil,
    providerMessageID: String? = nil, retryAt: Timestamp? = nil, startedAt: Timestamp,
    finishedAt: Timestamp, badge: Int64? = nil, payloadSHA256: String? = nil,
    dispatcher: String? = nil, fenced: Bool = false
  ) {
    self.deliveryID = deliveryID
    self.message = message
    self.user = user
    self.device = device
    self.attempt = attempt
    self.provider = provider
    self.outcome = outcome
    self.status = status
    self.reason = reason
    self.providerMessageID = providerMessageID
    self.retryAt = retryAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.badge = badge
    self.payloadSHA256 = payloadSHA256
    self.dispatcher = dispatcher
    self.fenced = fenced
  }
}

public struct PushReceipt: Sendable, Equatable {
  public var deliveryID: UUID
  public var message: MessageID
  public var at: Timestamp
}

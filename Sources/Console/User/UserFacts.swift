import PushCore

/// What a user's page shows: as things are, or as they were at a position of the ledger.
struct UserFacts: Sendable {
  /// What the ledger says of the account. Only known of now.
  struct Account: Sendable {
    var nickname: String?
    var badgeSource: String?
    var mutedUntil: Timestamp?
    var quietHours: QuietHours?
    var isDeleted: Bool
  }

  /// A way to a device, besides its first.
  struct Way: Sendable, Equatable {
    var provider: String
    var tokenSHA256: String
    var isValid: Bool
  }

  struct Device: Sendable {
    var device: String
    var platform: String
    /// Nil until a token is registered.
    var provider: String?
    var tokenSHA256: String?
    var topic: String?
    var environment: String
    var appVersion: String?
    var locale: String?
    var settings: DeviceSettings
    /// Nil: none was reported.
    var state: String?
    /// When the event was committed that made the state; nil where it lies too far back.
    var stateSince: Timestamp?
    /// Nil of then: it moves with each push.
    var badge: Int64?
    var registeredAt: Timestamp
    var credential: String?
    var activeAt: Timestamp
    var ways: [Way]
  }

  struct Token: Sendable, Equatable {
    var device: String
    /// 0 for the device's first way.
    var place: Int64
    var provider: String
    var sha256: String
    var appVersion: String?
    var sincePosition: Position
    var sinceAt: Timestamp
    var untilAt: Timestamp?
    var endedBy: String?
    var endedReason: String?
  }

  struct Conversation: Sendable, Equatable {
    /// One of the two is there.
    var group: String?
    var peer: String?
    var unread: Int64
    var receive: String
    var readPosition: Position
  }

  struct Delivery: Sendable {
    var message: String
    var position: Position
    var device: String?
    var provider: String?
    var status: String
    var reason: String?
    var badge: Int64?
    /// Up to now, or up to then.
    var attempts: Int64
    /// Of the last attempt up to then; nil of now, and where there was none.
    var outcome: String?
    var decidedAt: Timestamp
    var isDelivered: Bool
    var isOpened: Bool
    var isNotShown: Bool
  }

  /// A number that an icon took.
  struct BadgeMoment: Sendable, Equatable {
    var device: String
    var position: Position
    var badge: Int64
    var at: Timestamp
  }

  var account: Account?
  /// Those that were heard of last come first.
  var devices: [Device] = []
  /// Devices that are not among them; of then with their ids.
  var hiddenDevices: [String] = []
  var hasMoreDevices = false
  /// Newest first.
  var tokens: [Token] = []
  var hasMoreTokens = false
  /// Those with the most unread come first.
  var unread: [Conversation] = []
  /// Of all conversations, those that are not among them as well.
  var conversations: Int64 = 0
  var unreadInAll: Int64 = 0
  /// Newest first.
  var deliveries: [Delivery] = []
  var hasMoreDeliveries = false
  /// Oldest first.
  var badges: [BadgeMoment] = []
}

/// How far the ledger and its projection are.
struct LedgerEnds: Sendable {
  var head: Position
  /// Up to where unread counts and deliveries are known.
  var projected: Position
  /// Up to where messages and their pushes are in an archive; nil where none are.
  var archived: Position?
}

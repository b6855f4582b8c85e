// What the projection's table of deliveries must hold
//
//     decided ─► records (56 bytes each, in ledger order) ◄─ attempts and receipts, by id
//                    ▲
//                    └── call-offs, through lists of what is due of a user in a conversation
//
// Names, versions, sounds and reasons are kept once. What few deliveries have (receipts, another
// way) stands beside.

public import struct Foundation.UUID

/// The deliveries of a ledger, folded in memory: a few hundred megabytes for millions of them.
public struct DeliveryTable: Sendable {
  /// A message's deliveries are those from `first` up to the next message's.
  struct MessageEntry: Sendable {
    var id: MessageID
    var position: Position
    var recordedAt: Timestamp
    var expiresAt: Timestamp?
    var conversation: Int32
    var first: Int32
  }

  struct Record: Sendable {
    static let none: Int32 = -1
    static let noNumber = Int64.min

    var message: Int32
    var user: Int32
    var device: Int32
    var appVersion: Int32
    var sound = Self.none
    var reason = Self.none
    var attempts: Int32 = 0
    var platform: UInt8
    var provider: UInt8
    var status: UInt8
    var badge = Self.noNumber
    var firstAttemptAt = Self.noNumber
    var endedAt = Self.noNumber
  }

  /// What few deliveries have.
  struct Extra: Sendable, Equatable {
    var duePosition: Position?
    var deliveredAt: Timestamp?
    var openedAt: Timestamp?
    var notShownAt: Timestamp?
    var notShownReason: String?
  }

  public let app: AppID
  /// Suppressed decisions of messages to at most so many recipients are kept, too; nil: none.
  let suppressedRowsLimit: Int?
  /// Whether ``moves`` is filled.
  let tracksMoves: Bool
  /// What the last output that was applied changed.
  public internal(set) var moves: [Move] = []

  var messages: [MessageEntry] = []
  var records: [Record] = []
  var ids: [UUID] = []
  var places = UUIDPlaces()
  var extras: [Int32: Extra] = [:]
  var users = Interned<UserID>()
  var conversations = Interned<ConversationKey>()
  var words = Interned<Word>()
  /// Deliveries of a user in a conversation that were due when last looked at.
  var due: [Int32: [Int32: [Int32]]] = [:]

  public struct Move: Sendable, Equatable {
    public var place: Int
    /// Nil for a new one.
    public var before: Delivery?
  }

  public init(app: AppID, suppressedRowsLimit: Int? = nil, tracksMoves: Bool = false) {
    self.app = app
    self.suppressedRowsLimit = suppressedRowsLimit
    self.tracksMoves = tracksMoves
  }

  public var count: Int { records.count }

  /// How many deliveries are at each status.
  public func counts(_ filter: ReplayFilter = ReplayFilter()) -> [DeliveryStatus: Int] {
    var counts = Array(repeating: 0, count: Self.statuses.count)
    for record in records
    where filter.holds(users[record.user], messages[Int(record.message)].id) {
      counts[Int(record.status)] += 1
    }
    return Dictionary(
      uniqueKeysWithValues: zip(Self.statuses, counts).filter { $0.1 > 0 })
  }

  static let statuses = DeliveryStatus.allCases
  static let providers = ProviderName.allCases
  static let platforms = DevicePlatform.allCases
  static let noCode = UInt8.max

  static func code<Choice: Equatable>(_ choice: Choice?, _ all: [Choice]) -> UInt8 {
    choice.flatMap { all.firstIndex(of: $0) }.map { UInt8($0) } ?? noCode
  }
}

extension DeliveryTable {
  /// A row as `notifications_v1.deliveries` holds it.
  public struct Delivery: Sendable, Equatable {
    public var id: UUID
    public var message: MessageID
    public var position: Position
    public var conversation: ConversationKey
    public var user: UserID
    /// Nil where the decision concerns the recipient.
    public var device: DeviceID?
    public var platform: DevicePlatform?
    public var appVersion: String?
    /// Through which it goes, or was to go last.
    public var provider: ProviderName?
    public var status: DeliveryStatus
    public var reason: String?
    public var badge: Int64?
    public var sound: String?
    public var attempts: Int32
    public var decidedAt: Timestamp
    /// What the message itself says; nil: the app's lifetime holds.
    public var expiresAt: Timestamp?
    public var firstAttemptAt: Timestamp?
    public var endedAt: Timestamp?
    public var deliveredAt: Timestamp?
    public var openedAt: Timestamp?
    public var notShownAt: Timestamp?
    public var notShownReason: String?
    /// The refusal after which it goes another way.
    public var duePosition: Position?

    public init(
      id: UUID, message: MessageID, position: Position, conversation: ConversationKey, user: UserID,
      device: DeviceID?, platform: DevicePlatform?, appVersion: String?, provider: ProviderName?,
      status: DeliveryStatus, reason: String?, badge: Int64?, sound: String?, attempts: Int32,
      decidedAt: Timestamp, expiresAt: Timestamp?, firstAttemptAt: Timestamp?, endedAt: Timestamp?,
      deliveredAt: Timestamp?,
      openedAt: Timestamp?, notShownAt: Timestamp?, notShownReason: String?, duePosition: Position?
    ) {
      self.id = id
      self.message = message
      self.position = position
      self.conversation = conversation
      self.user = user
      self.device = device
      self.platform = platform
      self.appVersion = appVersion
      self.provider = provider
      self.status = status
      self.reason = reason
      self.badge = badge
      self.sound = sound
      self.attempts = attempts
      self.decidedAt = decidedAt
      self.expiresAt = expiresAt
      self.firstAttemptAt = firstAttemptAt
      self.endedAt = endedAt
      self.deliveredAt = deliveredAt
      self.openedAt = openedAt
      self.notShownAt = notShownAt
      self.notShownReason = notShownReason
      self.duePosition = duePosition
    }
  }

  public subscript(place: Int) -> Delivery {
    let record = records[place]
    let message = messages[Int(record.message)]
    let extra = extras.isEmpty ? nil : extras[Int32(place)]
    return Delivery(
      id: ids[place], message: message.id, position: message.position,
      conversation: conversations[message.conversation], user: users[record.user],
      device: word(record.device).map(DeviceID.init(unchecked:)),
      platform: Self.value(record.platform, Self.platforms), appVersion: word(record.appVersion),
      provider: Self.value(record.provider, Self.providers),
      status: Self.statuses[Int(record.status)], reason: word(record.reason),
      badge: Self.number(record.badge), sound: word(record.sound), attempts: record.attempts,
      decidedAt: message.recordedAt, expiresAt: message.expiresAt,
      firstAttemptAt: Self.time(record.firstAttemptAt),
      endedAt: Self.time(record.endedAt), deliveredAt: extra?.deliveredAt,
      openedAt: extra?.openedAt, notShownAt: extra?.notShownAt,
      notShownReason: extra?.notShownReason, duePosition: extra?.duePosition)
  }

  public func place(of id: UUID) -> Int? { places.place(of: id, in: ids) }

  /// The deliveries of the messages after `position` up to about `limit` deliveries, whole messages
  /// at a time; nil where no message follows.
  ///
  /// - Returns: Their places, and the last of those messages' positions.
  public func page(
    after position: Position, limit: Int
  ) -> (places: Range<Int>, upTo: Position)? {
    let start = firstMessage(after: position)
    guard start < messages.count else { return nil }
    let first = Int(messages[start].first)
    var end = start + 1
    while end < messages.count, Int(messages[end].first) - first < limit, end - start < limit {
      end += 1
    }
    let last = end < messages.count ? Int(messages[end].first) : records.count
    return (first..<last, messages[end - 1].position)
  }

  /// The place in ``messages`` of the first one after a position.
  func firstMessage(after position: Position) -> Int {
    var (low, high) = (0, messages.count)
    while low < high {
      let middle = (low + high) / 2
      if messages[middle].position <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func word(_ number: Int32) -> String? {
    number == Record.none ? nil : words[number].rawValue
  }

  private static func number(_ number: Int64) -> Int64? {
    number == Record.noNumber ? nil : number
  }

  private static func time(_ microseconds: Int64) -> Timestamp? {
    number(microseconds).map { Timestamp(microseconds: $0) }
  }

  private static func value<Choice>(_ code: UInt8, _ all: [Choice]) -> Choice? {
    code == noCode ? nil : all[Int(code)]
  }
}

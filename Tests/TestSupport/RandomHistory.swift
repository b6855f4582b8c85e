import Foundation
public import PushCore

/// Event histories as no sane chat backend would write them: every type, repeats, unknown ids, odd
/// orders, few names so that everything meets everything.
public struct RandomHistory {
  private static let users = ["ann", "bob", "cho", "dee", "eve", "a/b%", "é", "e\u{301}"]
  private static let devices = ["phone", "tablet", "Desk"]
  private static let groups = ["g1", "g2", "g/3"]
  private static let options = ["notify", "mentions", "silent", "reject"]
  private static let zones = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"]

  /// Every user and device that may come up.
  public static var userIDs: [String] { users }
  public static var deviceIDs: [String] { devices }

  private var random: SeededRandom
  private var sent: [String] = []
  private var pushed: [(user: String, device: String, message: String)] = []
  private var clock: Int64 = 1_700_000_000
  /// Events made so far.
  private var made = 0

  private let app: AppID
  /// Whether the history is for the oracle, which knows nothing of some events and fields.
  public var isForOracle = false

  /// - Parameter app: Whose deliveries the attempts and receipts name.
  public init(seed: UInt64, app: AppID = RandomHistory.app) {
    random = SeededRandom(seed: seed)
    self.app = app
  }

  /// - Returns: Events in the import form.
  public mutating func events(_ count: Int) -> [JSON] {
    (0..<count).map { _ in
      defer { made += 1 }
      clock += Int64.random(in: 0...4_000, using: &random)
      let (type, data, content) = event(made)
      return .object(present: [
        ("event_id", .string(uuid())), ("type", .string(type.rawValue)),
        ("occurred_at", .string(time(clock))), ("data", data), ("content", content),
      ])
    }
  }

  private mutating func uuid() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    return bytes.withUnsafeMutableBytes {
      UUID(uuid: $0.loadUnaligned(as: uuid_t.self)).uuidString.lowercased()
    }
  }

  private func time(_ seconds: Int64) -> String {
    Timestamp(microseconds: seconds * 1_000_000).description
  }

  private static let weights: [(EventType, Int)] = [
    (.userUpdated, 4), (.groupUpdated, 2), (.memberAdded, 8), (.groupReceiveChanged, 3),
    (.memberRemoved, 3), (.conversationReceiveChanged, 3), (.deviceRegistered, 8),
    (.deviceSettingsChanged, 3), (.deviceUnregistered, 2), (.tokenInvalidated, 3),
    (.deviceForegrounded, 5), (.deviceBackgrounded, 7), (.deviceKilled, 3),
    (.deviceLoggedOut, 2), (.messageSent, 40), (.messageRecalled, 6), (.conversationRead, 12),
    (.pushAttempted, 10), (.pushDelivered, 3), (.pushOpened, 2), (.pushNotShown, 2),
  ]

  /// What the oracle does not know.
  private static let newerWeights: [(EventType, Int)] = [
    (.userDeleted, 1), (.userLabelled, 3), (.attributesNamed, 1), (.groupDissolved, 1),
    (.unreadSet, 3), (.deviceLoggedIn, 5), (.deviceOffline, 2), (.messageRefused, 1),
    (.broadcastStarted, 1), (.broadcastFinished, 1), (.eventSkipped, 1), (.pushCancelled, 3),
    (.pushRetried, 6),
  ]

  private mutating func type() -> EventType {
    let weights = isForOracle ? Self.weights : Self.weights + Self.newerWeights
    var ticket = Int.random(in: 0..<weights.reduce(0) { $0 + $1.1 }, using: &random)
    for (type, weight) in weights {
      if ticket < weight { return type }
      ticket -= weight
    }
    return .messageSent
  }

  private mutating func event(_ index: Int) -> (EventType, JSON, JSON?) {
    let type = type()
    let user = JSON.string(random.pick(Self.users))
    let group = JSON.string(random.pick(Self.groups))
    let receive = JSON.string(random.pick(Self.options))
    let device: JSON = ["user": user, "device": .string(random.pick(Self.devices))]
    switch type {
    case .userUpdated: return (type, userUpdate(user), random.chance(50) ? nickname() : nil)
    case .groupUpdated:
      return (type, ["group": group], ["name": .string(random.pick(["Group A", ""]))])
    case .memberAdded:
      let content: JSON? = random.chance(30) ? ["name_card": "Card"] : nil
      return (
        type,
        random.chance(50)
          ? ["group": group, "user": user, "receive": receive] : ["group": group, "user": user],
        content
      )
    case .groupReceiveChanged:
      return (type, ["group": group, "user": user, "receive": receive], nil)
    case .memberRemoved: return (type, ["group": group, "user": user], nil)
    case .conversationReceiveChanged:
      return (type, ["user": user, "conversation": conversation(), "receive": receive], nil)
    case .deviceRegistered: return registration(device)
    case .deviceSettingsChanged:
      return (
        type, device.setting("settings", to: random.pick([["push": false], ["push": true]])), nil
      )
    case .deviceBackgrounded:
      return (
        type,
        device.setting("unread", to: ["c2c": .integer(Int.random(in: 0...3, using: &random))]), nil
      )
    case .deviceUnregistered, .deviceForegrounded, .deviceKilled, .deviceLoggedOut,
      .deviceOffline:
      return (type, device, nil)
    case .deviceLoggedIn:
      let platform: JSON = random.pick(["ios", "android"])
      return (
        type, device.setting("platform", to: platform).setting("kicks", to: [platform]), nil
      )
    case .userDeleted: return (type, ["user": user], nil)
    case .userLabelled: return (type, labels(user), nil)
    case .attributesNamed: return (type, ["names": ["0": "city"]], nil)
    case .groupDissolved: return (type, ["group": group], nil)
    case .unreadSet:
      let unread = JSON.integer(Int.random(in: 0...5, using: &random))
      return (type, ["user": user, "conversation": conversation(), "unread": unread], nil)
    case .messageRefused:
      return (
        type, ["message_id": "r", "from": user, "conversation": ["user": user], "code": 20003], nil
      )
    case .broadcastStarted:
      return (
        type,
        [
          "broadcast": .string("b\(index)"), "from": user,
          "condition": random.pick([["any_tag": ["a"]], ["all_attributes": ["city": "é"]]]),
        ], ["elements": []]
      )
    case .broadcastFinished:
      return (type, ["broadcast": .string("b\(index)"), "recipients": 2], nil)
    case .eventSkipped:
      return (type, ["projection": "another", "position": .integer(Int64(index + 1))], nil)
    case .tokenInvalidated: return (type, invalidation(device), nil)
    case .messageSent: return message(index, from: user)
    // Content is erased by the ledger alone.
    case .messageRecalled, .contentErased:
      return (.messageRecalled, ["message_id": .string(known(10)), "by": user], nil)
    case .conversationRead:
      let mark: (String, JSON) =
        random.chance(80)
        ? ("up_to", .string(known(15)))
        : ("up_to_position", .integer(Int.random(in: 0...index + 5, using: &random)))
      return (
        type,
        .object([.init("user", user), .init("conversation", conversation()), .init(mark.0, mark.1)]
        ), nil
      )
    case .pushAttempted: return (type, attempt(), nil)
    case .pushDelivered, .pushOpened:
      let (id, message, _, _) = delivery()
      return (
        type,
        ["delivery_id": .string(id), "message_id": .string(message), "at": .string(time(clock))],
        nil
      )
    case .pushNotShown:
      let (id, message, _, _) = delivery()
      return (
        type,
        [
          "delivery_id": .string(id), "message_id": .string(message), "at": .string(time(clock)),
          "reason": .string(random.pick(["status_6", "status_15", "32"])),
        ], nil
      )
    case .pushCancelled, .pushRetried:
      let (id, message, user, device) = delivery()
      return (
        type,
        [
          "delivery_id": .string(id), "message_id": .string(message), "user": .string(user),
          "device": .string(device), "by": "key",
        ], nil
      )
    }
  }

  private mutating func known(_ last: Int) -> String {
    sent.isEmpty || random.chance(8) ? "unknown" : random.pick(Array(sent.suffix(last)))
  }

  private mutating func conversation() -> JSON {
    random.chance(50)
      ? ["group": .string(random.pick(Self.groups))] : ["user": .string(random.pick(Self.users))]
  }

  private mutating func labels(_ user: JSON) -> JSON {
    random.pick([
      ["user": user, "add_tags": ["é", "a"]], ["user": user, "remove_tags": ["a"]],
      ["user": user, "clear_tags": true, "add_tags": ["b"]],
      ["user": user, "set_attributes": ["city": "é", "sex": "f"]],
      ["user": user, "remove_attributes": ["sex"]],
    ])
  }

  private mutating func nickname() -> JSON {
    ["nickname": random.pick(["Nick", "名前", "", nil])]
  }

  private mutating func userUpdate(_ user: JSON) -> JSON {
    var data: JSON = ["user": user]
    if random.chance(30) {
      let hour = Int.random(in: 10...23, using: &random)
      data = data.setting(
        "quiet_hours",
        to: [
          "from": .string("\(hour):30"), "to": "09:00",
          "time_zone": .string(random.pick(Self.zones)),
        ])
    } else if random.chance(20) {
      data = data.setting("quiet_hours", to: nil)
    }
    if random.chance(15) {
      data = data.setting("muted_until", to: .string(time(clock + 9_000)))
    }
    if random.chance(50) {
      data = data.setting("badge", to: random.pick(["reported", "derived", "derived"]))
    }
    return data
  }

  private mutating func registration(_ device: JSON) -> (EventType, JSON, JSON?) {
    var data = device.setting("platform", to: "ios")
      .setting("provider", to: random.pick(["apns", "fcm"]))
    if random.chance(40) {
      data = data.setting(
        "settings",
        to: random.pick([["push": false], ["c2c_sound": "c.caf"], ["group_sound": "push.no_sound"]])
      )
    }
    var content: JSON = [:]
    if !isForOracle, random.chance(30) {
      let others = [ProviderName.apns, .fcm, .huawei, .callback]
        .filter { data["provider"]?.string != $0.rawValue }.shuffled(using: &random)
        .prefix(Int.random(in: 1...3, using: &random))
      data = data.setting(
        "fallbacks", to: .array(others.map { ["provider": .string($0.rawValue)] }))
      content = content.setting(
        "fallback_tokens",
        to: .array(others.map { _ in .string("t\(Int.random(in: 0...4, using: &random))") }))
    }
    let token: JSON =
      random.chance(90)
      ? .string("t\(Int.random(in: 0...4, using: &random))")
      : ["endpoint": "https://push.example/é", "keys": ["p256dh": "k", "auth": "a"]]
    return (.deviceRegistered, data, content.setting("token", to: token))
  }

  private mutating func invalidation(_ device: JSON) -> JSON {
    let token = "t\(Int.random(in: 0...4, using: &random))"
    var data = device.setting("provider", to: "apns").setting("reason", to: "Unregistered")
      .setting("token_sha256", to: .string(DeviceRegistration.fingerprint(.string(token))))
    if random.chance(50) {
      data = data.setting("invalid_since", to: .string(time(clock - 5_000)))
    }
    return data
  }

  private mutating func message(_ index: Int, from user: JSON) -> (EventType, JSON, JSON?) {
    let id = !sent.isEmpty && random.chance(5) ? random.pick(sent) : "m\(index)"
    sent.append(id)
    let conversation = conversation()
    var data: JSON = ["message_id": .string(id), "from": user, "conversation": conversation]
    if random.chance(20) { data = data.setting("mentions", to: [.string(random.pick(Self.users))]) }
    if random.chance(10) { data = data.setting("mention_all", to: true) }
    if random.chance(5) { data = data.setting("online_only", to: true) }
    if random.chance(15) { data = data.setting("counts_unread", to: false) }
    if random.chance(5) { data = data.setting("push", to: false) }
    if random.chance(10), !isForOracle { data = data.setting("over_mute", to: true) }
    if random.chance(15), conversation["group"] != nil {
      data = data.setting(
        "targets", to: [.string(random.pick(Self.users)), .string(random.pick(Self.users))])
    }
    if random.chance(10), !isForOracle, conversation["user"] != nil {
      data = data.setting("device", to: .string(random.pick(Self.devices)))
    }
    pushed.append((random.pick(Self.users), random.pick(Self.devices), id))
    let elements: [JSON] = (0..<Int.random(in: 0...2, using: &random)).map { _ in
      random.pick([
        ["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi \"日本\"\n"]],
        ["MsgType": "TIMTextElem", "MsgContent": ["Text": ""]],
        [
          "MsgType": "TIMCustomElem", "MsgContent": ["Desc": "desc", "Ext": "x", "Sound": "s.caf"],
        ],
        ["MsgType": "TIMCustomElem", "MsgContent": ["Data": "d"]],
        ["MsgType": "TIMImageElem", "MsgContent": [:]],
        ["MsgType": "Odd", "MsgContent": [:]],
      ])
    }
    var content: JSON = ["elements": .array(elements)]
    if random.chance(30) {
      content = content.setting(
        "offline_push",
        to: random.pick(
          [
            ["PushFlag": 1], ["Title": "T"], ["Desc": "D", "Ext": "X"],
            ["ApnsInfo": ["Title": "AT", "SubTitle": "S", "BadgeMode": 1]],
            ["ApnsInfo": ["Sound": "push.no_sound"]], [:],
          ] + (isForOracle ? [] : Self.newerPushes)))
    }
    return (.messageSent, data, content)
  }

  private static let newerPushes: [JSON] = [
    [
      "MultiLanguageContent": [
        ["Language": "de", "Title": "T"], ["Language": "en_US", "Desc": "é"],
      ]
    ],
    ["BadgeSetNum": 7], ["BadgeAddNum": 3, "AndroidInfo": ["Sound": "s", "PushStyle": 1]],
  ]

  private mutating func delivery() -> (id: String, message: String, user: String, device: String) {
    let (user, device, message) =
      pushed.isEmpty ? ("ann", "phone", "unknown") : random.pick(pushed)
    let id = DeliveryID.make(
      app: app, message: MessageID(unchecked: message), user: UserID(unchecked: user),
      device: DeviceID(unchecked: device))
    return (id.uuidString.lowercased(), message, user, device)
  }

  private mutating func attempt() -> JSON {
    let (id, message, user, device) = delivery()
    return [
      "delivery_id": .string(id), "message_id": .string(message), "user": .string(user),
      "device": .string(device), "attempt": .integer(Int.random(in: 1...3, using: &random)),
      "provider": isForOracle ? "apns" : random.pick(["apns", "fcm", "huawei", "callback"]),
      "outcome": .string(random.pick(AttemptOutcome.allCases).rawValue),
      "reason": "Some", "started_at": .string(time(clock)), "finished_at": .string(time(clock)),
    ]
  }

  /// An app for histories that need none of their own.
  public static let app = AppID(unchecked: "random")
}

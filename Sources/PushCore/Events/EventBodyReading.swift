extension EventBody {
  /// Reads an event's parts by its type.
  ///
  /// - Parameter content: Nil where the event has none, or had it erased. What decisions need of
  ///   it stands in `data` once the event is stored.
  /// - Throws: ``FieldError`` with a path that starts at `data` or `content`.
  public init(_ type: EventType, data: JSON, content: JSON?) throws(FieldError) {
    let fields = try Fields(data, at: "data")
    let personal = try content.map { json throws(FieldError) in try Fields(json, at: "content") }
    switch type {
    case .userUpdated: self = .userUpdated(try UserUpdate(fields, personal))
    case .userDeleted: self = .userDeleted(try fields.user())
    case .userLabelled: self = .userLabelled(try fields.user(), try LabelChange(fields))
    case .attributesNamed: self = .attributesNamed(try fields.attributeNames())
    case .groupUpdated:
      self = .groupUpdated(
        GroupUpdate(
          group: try fields.group(),
          name: try Change(personal, "name", maxBytes: Limits.nameBytes),
          kind: try fields.string("kind", maxBytes: Limits.idBytes), owner: try fields.id("owner")))
    case .memberAdded:
      self = .memberAdded(
        try fields.group(), try fields.user(), receive: try fields.choice("receive"),
        nameCard: try Change(personal, "name_card", maxBytes: Limits.nameBytes))
    case .groupReceiveChanged:
      self = .groupReceiveChanged(try fields.group(), try fields.user(), try fields.receive())
    case .memberRemoved: self = .memberRemoved(try fields.group(), try fields.user())
    case .groupDissolved: self = .groupDissolved(try fields.group())
    case .conversationReceiveChanged:
      self = .conversationReceiveChanged(
        try fields.user(), try fields.conversation(), try fields.receive())
    case .deviceLoggedIn: self = .deviceLoggedIn(try DeviceLogin(fields))
    case .deviceRegistered: self = .deviceRegistered(try DeviceRegistration(fields, personal))
    case .deviceSettingsChanged:
      self = .deviceSettingsChanged(
        try fields.user(), try fields.device(),
        try DeviceSettings(try fields.required("settings", fields.object)))
    case .deviceUnregistered:
      self = .deviceUnregistered(try fields.user(), try fields.device())
    case .tokenInvalidated: self = .tokenInvalidated(try TokenInvalidation(fields))
    case .deviceForegrounded:
      self = .deviceForegrounded(try fields.user(), try fields.device())
    case .deviceBackgrounded:
      let unread = try fields.object("unread")
      self = .deviceBackgrounded(
        try fields.user(), try fields.device(),
        unread: (try unread?.integer("c2c") ?? 0) + (try unread?.integer("group") ?? 0))
    case .deviceKilled:
      _ = try fields.choice("reason", LossReason.self)
      self = .deviceKilled(try fields.user(), try fields.device())
    case .deviceLoggedOut:
      _ = try fields.choice("reason", LogoutReason.self)
      self = .deviceLoggedOut(try fields.user(), try fields.device())
    case .deviceOffline: self = .deviceOffline(try fields.user(), try fields.device())
    case .messageSent: self = .messageSent(try Message(fields, personal))
    case .messageRefused: self = .messageRefused(try MessageRefusal(fields, personal))
    case .messageRecalled:
      self = .messageRecalled(try fields.message(), by: try fields.id("by"))
    case .conversationRead:
      self = .conversationRead(
        try fields.user(), try fields.conversation(), try ReadMark(fields))
    case .unreadSet:
      self = .unreadSet(
        try fields.user(), try fields.conversation(),
        unread: try fields.required("unread") { key throws(FieldError) in
          try fields.integer(key)
        })
    case .broadcastStarted: self = .broadcastStarted(try Broadcast(fields, personal))
    case .broadcastFinished:
      self = .broadcastFinished(
        try fields.requiredID("broadcast"),
        recipients: try fields.integer("recipients", in: 0...Int64.max) ?? 0)
    case .pushAttempted: self = .pushAttempted(try PushAttempt(fields))
    case .pushDelivered:
      _ = try fields.choice("source", ReceiptSource.self)
      self = .pushDelivered(try PushReceipt(fields))
    case .pushOpened: self = .pushOpened(try PushReceipt(fields))
    case .pushNotShown:
      self = .pushNotShown(
        try PushReceipt(fields),
        reason: try fields.required("reason") { key throws(FieldError) in
          try fields.string(key, maxBytes: Limits.reasonBytes)
        })
    case .pushCancelled: self = .pushCancelled(try PushOrder(fields))
    case .pushRetried: self = .pushRetried(try PushOrder(fields))
    case .eventSkipped:
      _ = try fields.string("reason", maxBytes: Limits.reasonBytes)
      self = .eventSkipped(
        projection: try fields.requiredID("projection"),
        try fields.required("position") { key throws(FieldError) in
          try fields.integer(key, in: 1...Int64.max)
        })
    case .contentErased: self = .contentErased(try Erasure(fields))
    }
  }

  /// Whose history the event belongs to.
  public var stream: StreamName {
    switch self {
    case .userUpdated(let update): .user(update.user)
    case .conversationReceiveChanged(let user, _, _), .conversationRead(let user, _, _),
      .unreadSet(let user, _, _), .userDeleted(let user), .userLabelled(let user, _):
      .user(user)
    case .attributesNamed: .attributes
    case .groupUpdated(let update): .group(update.group)
    case .memberAdded(let group, _, _, _),
      .groupReceiveChanged(let group, _, _), .memberRemoved(let group, _),
      .groupDissolved(let group):
      .group(group)
    case .deviceLoggedIn(let login): .device(login.user, login.device)
    case .deviceRegistered(let device): .device(device.user, device.device)
    case .tokenInvalidated(let token): .device(token.user, token.device)
    case .deviceSettingsChanged(let user, let device, _),
      .deviceBackgrounded(let user, let device, _), .deviceUnregistered(let user, let device),
      .deviceForegrounded(let user, let device), .deviceKilled(let user, let device),
      .deviceLoggedOut(let user, let device), .deviceOffline(let user, let device):
      .device(user, device)
    case .broadcastStarted(let broadcast): .broadcast(broadcast.id)
    case .broadcastFinished(let broadcast, _): .broadcast(broadcast)
    case .messageSent(let message): .message(message.id)
    case .messageRefused(let refusal): .message(refusal.message)
    case .messageRecalled(let message, _): .message(message)
    case .pushAttempted(let attempt): .message(attempt.message)
    case .pushDelivered(let receipt), .pushOpened(let receipt), .pushNotShown(let receipt, _):
      .message(receipt.message)
    case .pushCancelled(let order), .pushRetried(let order): .message(order.message)
    case .eventSkipped(let projection, _): .projection(projection.rawValue)
    case .contentErased(let erasure): .erasure(erasure.id)
    }
  }
}

/// Who saw that a push arrived.
public enum ReceiptSource: String, Sendable, CaseIterable {
  case app, provider
}

extension Fields {
  fileprivate func user() throws(FieldError) -> UserID { try requiredID("user") }
  fileprivate func device() throws(FieldError) -> DeviceID {
    try requiredID("device")
  }
  fileprivate func group() throws(FieldError) -> GroupID {
    try requiredID("group")
  }
  fileprivate func message() throws(FieldError) -> MessageID {
    try requiredID("message_id")
  }
  fileprivate func receive() throws(FieldError) -> ReceiveOption {
    try requiredChoice("receive")
  }

  /// `{"user": "<peer>"}` or `{"group": "<group>"}`.
  public func conversation(_ key: String = "conversation") throws(FieldError) -> Peer {
    let fields = try required(key, object)
    let user: UserID? = try fields.id("user")
    let group: GroupID? = try fields.id("group")
    switch (user, group) {
    case (let user?, nil): return .user(user)
    case (nil, let group?): return .group(group)
    case (nil, nil):
      throw FieldError(
        .missing, name(key), "names neither a user nor a group; give one of the two.")
    case (_?, _?):
      throw FieldError(.badFormat, name(key), "names a user and a group; give one of the two.")
    }
  }
}

extension Change where Value == String {
  init(_ fields: Fields?, _ key: String, maxBytes: Int) throws(FieldError) {
    guard let fields, fields.holds(key) else {
      self = .keep
      return
    }
    self = try fields.string(key, maxBytes: maxBytes).map { .set($0) } ?? .clear
  }
}

extension ReadMark {
  init(_ fields: Fields) throws(FieldError) {
    if let message: MessageID = try fields.id("up_to") {
      self = .message(message)
    } else if let position = try fields.integer("up_to_position", in: 0...Int64.max) {
      self = .position(position)
    } else {
      throw FieldError(
        .missing, fields.name("up_to"),
        "is missing; name the last message read, or give up_to_position.")
    }
  }
}

extension TokenInvalidation {
  init(_ fields: Fields) throws(FieldError) {
    _ = try fields.choice("provider", ProviderName.self)
    _ = try fields.uuid("delivery_id")
    self.init(
      user: try fields.requiredID("user"),
      device: try fields.requiredID("device"),
      tokenSHA256: try fields.required("token_sha256") { key throws(FieldError) in
        try fields.string(key, maxBytes: 64)
      },
      invalidSince: try fields.timestamp("invalid_since"),
      reason: try fields.string("reason", maxBytes: Limits.reasonBytes))
  }
}

extension PushReceipt {
  init(_ fields: Fields) throws(FieldError) {
    self.init(
      deliveryID: try fields.required("delivery_id", fields.uuid),
      message: try fields.message(),
      at: try fields.required("at", fields.timestamp))
  }
}

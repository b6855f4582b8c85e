/// A tag, or the name of an attribute: 1 to ``Limits/labelBytes`` bytes, compared byte by byte.
public struct Label: ByteWiseText {
  public let rawValue: String
  public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// How tags and attributes of a user change; what is not named stays.
public struct LabelChange: Sendable, Equatable {
  public var addedTags: [Label]
  public var removedTags: [Label]
  /// Whether the tags that were there go first.
  public var clearsTags: Bool
  public var setAttributes: [Label: String]
  public var removedAttributes: [Label]
}

/// What a user is chosen by when something is sent to many: at most ``Limits/tagsPerUser`` tags and
/// ``Limits/attributesPerUser`` attributes.
public struct Labels: Sendable, Equatable {
  /// In the order of their bytes.
  public var tags: [Label] = []
  public var attributes: [Label: String] = [:]

  public init() {}

  public init(tags: [Label], attributes: [Label: String]) {
    self.tags = tags
    self.attributes = attributes
  }

  /// These labels after a change. What would be beyond the limits is left out.
  func applying(_ change: LabelChange) -> Labels {
    var tags = Set(change.clearsTags ? [] : self.tags)
    tags.subtract(change.removedTags)
    for tag in change.addedTags where tags.count < Limits.tagsPerUser { tags.insert(tag) }
    var attributes = attributes
    for name in change.removedAttributes { attributes[name] = nil }
    for (name, value) in change.setAttributes.sorted(by: { $0.key < $1.key })
    where attributes[name] != nil || attributes.count < Limits.attributesPerUser {
      attributes[name] = value
    }
    return Labels(tags: tags.sorted(), attributes: attributes)
  }
}

/// A client that signed in on a device.
public struct DeviceLogin: Sendable, Equatable {
  public var user: UserID
  public var device: DeviceID
  public var platform: DevicePlatform
  /// The user's other devices on these platforms are logged out: the app's policy at that moment.
  public var kicks: [DevicePlatform]
}

/// Who logged a device out: its client, or somebody in charge.
public enum LogoutReason: String, Sendable, CaseIterable {
  case unregistered, kicked
}

/// How a connection was lost.
public enum LossReason: String, Sendable, CaseIterable {
  case linkClosed = "link_closed"
  case timedOut = "timed_out"
}

/// A message that was asked for and not taken.
public struct MessageRefusal: Sendable, Equatable {
  public var message: MessageID
  public var sender: UserID
  public var recipient: UserID
  /// The code that the caller was answered.
  public var code: Int64
}

/// Something to send to everybody, or to all that a condition holds for.
public struct Broadcast: Sendable, Equatable {
  public var id: BroadcastID
  public var sender: UserID
  public var condition: BroadcastCondition?
  public var onlineOnly: Bool
  public var expiresAt: Timestamp?
}

/// Whom a broadcast is for.
public enum BroadcastCondition: Sendable, Equatable {
  case anyTag([Label])
  case allTags([Label])
  case anyAttribute([Label: String])
  case allAttributes([Label: String])
}

// MARK: - Reading

extension LabelChange {
  init(_ fields: Fields) throws(FieldError) {
    addedTags = try fields.texts("add_tags", max: Limits.tagsPerUser)
    removedTags = try fields.texts("remove_tags", max: Limits.tagsPerUser)
    clearsTags = try fields.bool("clear_tags") ?? false
    setAttributes = try fields.textMap("set_attributes")
    removedAttributes = try fields.texts("remove_attributes", max: Limits.attributesPerUser)
  }
}

extension DeviceLogin {
  init(_ fields: Fields) throws(FieldError) {
    user = try fields.requiredID("user")
    device = try fields.requiredID("device")
    platform = try fields.requiredChoice("platform")
    kicks = []
    for text in try fields.texts("kicks", max: DevicePlatform.allCases.count) {
      guard let platform = DevicePlatform(rawValue: text.rawValue) else {
        throw FieldError(.unknownValue, fields.name("kicks"), "holds what is no platform.")
      }
      kicks.append(platform)
    }
  }
}

extension MessageRefusal {
  init(_ fields: Fields, _ personal: Fields?) throws(FieldError) {
    message = try fields.requiredID("message_id")
    sender = try fields.requiredID("from")
    guard case .user(let user) = try fields.conversation() else {
      throw FieldError(.badFormat, fields.name("conversation"), "names no user.")
    }
    recipient = user
    code = try fields.required("code") { key throws(FieldError) in try fields.integer(key) }
    _ = try fields.string("info", maxBytes: Limits.nameBytes)
    _ = try personal?.array("elements", max: Limits.elementsPerMessage)
    _ = try personal?.string("cloud_custom_data")
  }
}

extension Broadcast {
  init(_ fields: Fields, _ personal: Fields?) throws(FieldError) {
    id = try fields.requiredID("broadcast")
    sender = try fields.requiredID("from")
    condition = try fields.object("condition").map { object throws(FieldError) in
      try BroadcastCondition(object)
    }
    onlineOnly = try fields.bool("online_only") ?? false
    expiresAt = try fields.timestamp("expires_at")
    if let personal { _ = try MessageContent(personal) }
  }
}

extension BroadcastCondition {
  init(_ fields: Fields) throws(FieldError) {
    guard fields.members.count == 1, let kind = fields.members.first?.key else {
      throw FieldError(
        .badFormat, fields.path,
        "must hold one of any_tag, all_tags, any_attribute, all_attributes.")
    }
    switch kind {
    case "any_tag": self = .anyTag(try fields.texts(kind, max: Limits.tagsPerUser))
    case "all_tags": self = .allTags(try fields.texts(kind, max: Limits.tagsPerUser))
    case "any_attribute": self = .anyAttribute(try fields.textMap(kind))
    case "all_attributes": self = .allAttributes(try fields.textMap(kind))
    default:
      throw FieldError(.unknownField, fields.name(kind), "is no condition.")
    }
  }
}

extension Fields {
  /// A list of labels; empty where it is not there.
  func texts(_ key: String, max: Int) throws(FieldError) -> [Label] {
    var texts: [Label] = []
    for (index, value) in (try array(key, max: max) ?? []).enumerated() {
      guard let text = value.string, 1...Limits.labelBytes ~= text.utf8.count else {
        throw FieldError(
          .wrongType, "\(name(key))[\(index)]",
          "is no string of 1 to \(Limits.labelBytes) bytes.")
      }
      texts.append(Label(unchecked: text))
    }
    return texts
  }

  /// An object of labels; empty where it is not there.
  func textMap(_ key: String) throws(FieldError) -> [Label: String] {
    guard let object = try object(key) else { return [:] }
    guard object.members.count <= Limits.attributesPerUser else {
      throw FieldError(
        .tooLong, name(key),
        "has \(object.members.count) entries; at most \(Limits.attributesPerUser) are allowed.")
    }
    var map: [Label: String] = [:]
    for member in object.members {
      guard let text = member.value.string, 1...Limits.labelBytes ~= text.utf8.count,
        1...Limits.labelBytes ~= member.key.utf8.count
      else {
        throw FieldError(
          .wrongType, name(key),
          "has a name or value that is no string of 1 to \(Limits.labelBytes) bytes.")
      }
      map[Label(unchecked: member.key)] = text
    }
    return map
  }

  func attributeNames() throws(FieldError) -> [Label: String] {
    try required("names") { key throws(FieldError) in
      try object(key) == nil ? nil : try textMap(key)
    }
  }
}

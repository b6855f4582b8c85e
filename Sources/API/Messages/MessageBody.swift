import PushCore

/// A message as `POST /v1/messages` takes it, made into its event.
enum MessageBody {
  static let fields: Set<String> = [
    "id", "from", "to", "text", "elements", "mentions", "mention_all", "targets", "device",
    "expires_at", "online_only", "counts_unread", "push", "over_mute", "offline_push",
    "cloud_custom_data",
    "sender_name", "sent_at",
  ]

  private static let facts = [
    "mentions", "mention_all", "targets", "device", "expires_at", "online_only", "counts_unread",
    "push",
    "over_mute",
  ]
  private static let personal = ["offline_push", "cloud_custom_data", "sender_name"]
  private static let names = FieldNames(names: ["message_id": "id", "conversation": "to"])

  /// - Throws: ``FieldError`` naming the message's field.
  static func event(_ json: JSON, app: AppID, now: Timestamp) throws(FieldError) -> NewEvent {
    let fields = try Fields(json)
    try fields.refuse(otherThan: Self.fields)
    let id: MessageID = try fields.requiredID("id")
    let to = try fields.conversation("to")
    try fields.refuse(in: "to", otherThan: ["user", "group"])
    let from: UserID = try fields.requiredID("from")
    let names: [JSON.Member] = [
      .init("message_id", JSON(id)), .init("from", JSON(from)), .init("conversation", JSON(to)),
    ]
    let data = names + fields.given(facts)
    let content = [JSON.Member("elements", try elements(fields))] + fields.given(personal)
    return try Self.names.door(
      id: EventID.message(id, app: app), type: .messageSent,
      occurredAt: try fields.timestamp("sent_at") ?? now, data: .object(data),
      content: .object(content))
  }

  /// `text` is short for one text element.
  private static func elements(_ fields: Fields) throws(FieldError) -> JSON {
    let text = try fields.string("text")
    switch (text, fields["elements"]) {
    case (let text?, nil):
      return [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]
    case (nil, let elements?): return elements
    case (nil, nil):
      throw FieldError(
        .missing, fields.name("text"), "is missing; give it, or elements for anything but text.")
    case (_?, _?):
      throw FieldError(.badFormat, fields.name("text"), "is given beside elements; give one.")
    }
  }
}

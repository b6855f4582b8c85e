import CZlib
import Crypto
import PushCore

import struct Foundation.UUID

/// What a message of a request says, whoever gets it.
struct TencentMessage {
  /// Of a request's JSON. https://cloud.tencent.com/document/product/269/2282
  static let requestBytes = 12 * 1_024
  /// 7 days, in seconds: the longest `MsgLifeTime`.
  static let longestLife: Int64 = 604_800
  static let elementsPerMessage = 100

  let sender: UserID
  let elements: JSON
  let offlinePush: JSON?
  let customData: String?
  /// CRC-32 of the elements: a part of what makes a message a repeat.
  let checksum: UInt32

  init(_ call: TencentCall) throws(TencentError) {
    let body = call.body
    sender =
      try body.account("From_Account", TencentError.badSender) ?? call.administrator
    elements = try Self.elements(body)
    if let info = body["OfflinePushInfo"] {
      guard info.members != nil else {
        throw TencentError(
          TencentError.badOfflinePush, "OfflinePushInfo is \(info.kind); an Object is expected.")
      }
      offlinePush = info
    } else {
      offlinePush = nil
    }
    customData = try body.text("CloudCustomData", TencentError.badFormat)
    let bytes = elements.canonical()
    checksum = UInt32(truncatingIfNeeded: crc32(0, bytes, uInt(bytes.count)))
  }

  private static func elements(_ body: TencentBody) throws(TencentError) -> JSON {
    guard let elements = try body.array("MsgBody", TencentError.bodyIsNoArray), !elements.isEmpty
    else {
      throw TencentError(TencentError.bodyIsNoArray, "MsgBody is missing or empty.")
    }
    guard elements.count <= elementsPerMessage else {
      throw TencentError(
        TencentError.badElements,
        "MsgBody has \(elements.count) elements; at most \(elementsPerMessage) are taken.")
    }
    var customs = 0
    for (index, element) in elements.enumerated() {
      guard let type = element["MsgType"]?.string, element["MsgContent"]?.members != nil else {
        throw TencentError(
          TencentError.badElements,
          "MsgBody[\(index)] needs a MsgType, a String, and a MsgContent, an Object.")
      }
      if type == "TIMCustomElem" { customs += 1 }
    }
    guard customs <= 1 else {
      throw TencentError(
        TencentError.badElements, "MsgBody has \(customs) TIMCustomElem; one may be there.")
    }
    return .array(elements)
  }

  /// Whether a webhook is told of the message: `ForbidCallbackControl`.
  static func callbackFacts(_ call: TencentCall) throws(TencentError) -> [JSON.Member] {
    try call.body.switches("ForbidCallbackControl").contains("ForbidAfterSendMsgCallback")
      ? [JSON.Member("callback", false)] : []
  }

  /// Makes the event that stores it.
  ///
  /// - Parameter facts: What `data` holds beside the message's id, sender and conversation.
  func event(
    id: UUID, message: MessageID, to peer: Peer, at time: Timestamp, _ facts: [JSON.Member]
  ) throws(TencentError) -> NewEvent {
    let data = [
      JSON.Member("message_id", JSON(message)), .init("from", JSON(sender)),
      .init("conversation", JSON(peer)),
    ]
    do {
      return try EventDoor.event(
        id: id, type: .messageSent, occurredAt: time, data: .object(data + facts),
        content: content)
    } catch {
      throw TencentError(error)
    }
  }
}

extension TencentMessage {
  /// Makes the event that has it sent to many.
  func broadcast(
    id: UUID, _ broadcast: BroadcastID, at time: Timestamp, _ facts: [JSON.Member]
  ) throws(TencentError) -> NewEvent {
    let data = [JSON.Member("broadcast", JSON(broadcast)), .init("from", JSON(sender))]
    do {
      return try EventDoor.event(
        id: id, type: .broadcastStarted, occurredAt: time, data: .object(data + facts),
        content: content)
    } catch {
      throw TencentError(error)
    }
  }

  private var content: JSON {
    .object(present: [
      ("elements", elements), ("offline_push", offlinePush),
      ("cloud_custom_data", customData.map { .string($0) }),
    ])
  }
}

extension TencentError {
  /// What the ledger's door says of a message, in Tencent's words.
  init(_ error: FieldError) {
    let field = error.field
    let code =
      if field.hasPrefix("content.offline_push") {
        Self.badOfflinePush
      } else if field.hasPrefix("content.elements") {
        Self.badElements
      } else if error.code == .tooLong, field == "data" {
        Self.bodyTooLarge
      } else {
        Self.badFormat
      }
    self.init(code, error.description)
  }
}

/// Ids of what comes through Tencent's server API.
enum TencentID {
  /// The eight bytes of a hash that tell one pair, or one group, from another.
  private static func mark(_ parts: [String]) -> String {
    Hex.encode(SHA256.hash(data: Array(parts.joined(separator: "\n").utf8)).prefix(8))
  }

  /// A one-to-one message, named so that its `MsgKey` finds it again. Two with the same key and
  /// another content are two.
  static func message(
    _ key: TencentMessageKey, from: UserID, to: UserID, checksum: UInt32
  ) -> MessageID {
    MessageID(
      unchecked: prefix(key, from: from, to: to) + String(checksum, radix: 16))
  }

  /// How the ids of all messages with a `MsgKey` begin.
  static func prefix(_ key: TencentMessageKey, from: UserID, to: UserID) -> String {
    "c2c-\(key.text)-\(mark([from.rawValue, to.rawValue]))-"
  }

  /// A group's message.
  static func message(
    random: Int64, time: Int64, in group: GroupID, since dissolvedAt: Position, from: UserID,
    checksum: UInt32
  ) -> MessageID {
    let mark = mark([group.rawValue, String(dissolvedAt), from.rawValue, String(checksum)])
    return MessageID(unchecked: "group-\(random)_\(time)-\(mark)")
  }

  static func event(_ kind: String, _ app: AppID, _ parts: [String]) -> UUID {
    EventID.foreign("tencent", kind, parts, app: app)
  }
}

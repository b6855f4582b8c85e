internal import PushCore

/// What FCM hands on to Apple, and to browsers: for projects whose tokens are not only Android's.
enum FCMPlatformBlocks {
  /// FCM adds names of its own, such as `gcm.message_id`, to what it hands to Apple.
  private static let addedBytes = 256
  /// RFC 8030, 5.4.
  private static let topicCharacters = 32

  /// What APNs would get from here: see ``APNsPayload``.
  ///
  /// - Throws: `payload_too_large` where even an empty body leaves too much.
  static func apns(_ request: PushRequest) throws(Refused) -> JSON {
    let notification = request.notification
    let id = request.deliveryID.lowercaseText
    let added = addedBytes + APNsPayload.escapedBytes(notification.threadID)
    guard
      let bytes = APNsPayload.make(
        notification, deliveryID: id, limitBytes: APNsPayload.limitBytes - added),
      let payload = try? JSON.parse(bytes)
    else { throw Refused(.messageRefused, "payload_too_large") }
    return [
      "headers": [
        "apns-collapse-id": .string(apnsCollapseID(of: request) ?? id),
        "apns-expiration": .string(String(request.expiresAt.seconds)),
        "apns-priority": "10",
      ],
      "payload": payload,
    ]
  }

  /// Title, text and image are those of the common notification.
  static func webPush(_ request: PushRequest, seconds: Int64) -> JSON {
    let collapseID = FCMMessage.collapseID(of: request)
    return [
      "headers": .object(present: [
        ("TTL", .string(String(seconds))),
        ("Urgency", FCMMessage.isUrgent(request) ? "high" : "normal"),
        ("Topic", collapseID.flatMap { isTopic($0) ? .string($0) : nil }),
      ]),
      "notification": ["tag": .string(collapseID ?? request.deliveryID.lowercaseText)],
    ]
  }

  /// The sender's own, where APNs can take it.
  private static func apnsCollapseID(of request: PushRequest) -> String? {
    FCMMessage.collapseID(of: request).flatMap { id in
      id.utf8.count <= APNsRequest.collapseIDBytes
        && id.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } ? id : nil
    }
  }

  private static func isTopic(_ text: String) -> Bool {
    text.utf8.count <= topicCharacters
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}

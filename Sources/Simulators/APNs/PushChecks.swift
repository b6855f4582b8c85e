import NIOCore
import PushCore

/// What a push asks for, once all its header fields are well-formed.
struct CheckedPush {
  var token: String
  var topic: String
  var bundleID: String
  var badge: Int64?
}

/// Apple's rules for one push. Apple does not say which of two mistakes it names; the order here is
///
/// 1. `DuplicateHeaders`
/// 2. the request line: `BadPath`, `MethodNotAllowed`, `MissingDeviceToken`
/// 3. `BadMessageId`
/// 4. the credential: see ``ConnectionCredential``
/// 5. the topic: `MissingTopic`, `BadTopic`, `TopicDisallowed`
/// 6. the other fields: `InvalidPushType`, `BadPriority`, `BadExpirationDate`, `BadCollapseId`
/// 7. the payload: `PayloadEmpty`, `PayloadTooLarge`
/// 8. the device token: `BadDeviceToken`, `DeviceTokenNotForTopic`, `Unregistered`, `ExpiredToken`
enum PushChecks {
  typealias Reason = APNsSimulator.Reason

  static let devicePath = "/3/device"
  static let maxCollapseIDBytes = 64
  /// Apple calls the length of a token variable; these bounds are ours.
  static let tokenDigits = 32...200
  static let maxTopicBytes = 255

  /// Rules 1 to 3.
  /// - Returns: the device token as it stands in the path.
  static func checkLine(_ head: PushHead) throws(PushRefusal) -> Substring {
    if head.hasRepeats { throw PushRefusal(.duplicateHeaders) }
    guard head.path.hasPrefix(devicePath) else { throw PushRefusal(.badPath) }
    let rest = head.path.dropFirst(devicePath.utf8.count)
    guard rest.isEmpty || rest.first == "/" else { throw PushRefusal(.badPath) }
    let token = rest.dropFirst()
    guard !token.utf8.contains(UInt8(ascii: "/")) else { throw PushRefusal(.badPath) }
    guard head.method == "POST" else { throw PushRefusal(.methodNotAllowed) }
    guard !token.isEmpty else { throw PushRefusal(.missingDeviceToken) }
    return token
  }

  /// Rule 5.
  static func checkTopic(
    _ head: PushHead, kind: PushKind?, admission: ConnectionCredential.Admission
  ) throws(PushRefusal) -> (topic: String, bundleID: String) {
    guard let topic = head.topic ?? admission.defaultTopic else { throw PushRefusal(.missingTopic) }
    guard isTopic(topic) else { throw PushRefusal(.badTopic) }
    let suffix = (kind ?? PushKind(topic: topic)).topicSuffix
    guard topic.hasSuffix(suffix), topic.utf8.count > suffix.utf8.count else {
      throw PushRefusal(.badTopic)
    }
    let bundleID = suffix.isEmpty ? topic : String(topic.dropLast(suffix.count))
    if let topics = admission.topics, !topics.contains(bundleID), !topics.contains(topic) {
      throw PushRefusal(.topicDisallowed)
    }
    return (topic, bundleID)
  }

  private static func isTopic(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= maxTopicBytes
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// Rule 6, but for `InvalidPushType`.
  static func checkFields(_ head: PushHead, kind: PushKind) throws(PushRefusal) {
    let priority = head.priority ?? "10"
    guard ["10", "5", "1"].contains(priority), kind != .background || priority == "5" else {
      throw PushRefusal(.badPriority)
    }
    if let expiration = head.expiration {
      guard let seconds = Int64(expiration), seconds >= 0 else {
        throw PushRefusal(.badExpirationDate)
      }
    }
    if let id = head.collapseID, id.utf8.count > maxCollapseIDBytes {
      throw PushRefusal(.badCollapseID)
    }
  }

  /// Rule 7. Apple publishes no reason for a payload that is no JSON object: it gets
  /// `PayloadEmpty`, as one without content.
  static func checkPayload(_ body: ByteBuffer, kind: PushKind) throws(PushRefusal) -> JSON {
    guard body.readableBytes > 0 else { throw PushRefusal(.payloadEmpty) }
    guard body.readableBytes <= kind.maxPayloadBytes else { throw PushRefusal(.payloadTooLarge) }
    let payload = body.withUnsafeReadableBytes { bytes in
      try? JSON.parse(buffer: bytes.assumingMemoryBound(to: UInt8.self))
    }
    guard let payload, case .object = payload else { throw PushRefusal(.payloadEmpty) }
    return payload
  }

  /// The form of a device token.
  /// - Returns: its digits in lower case.
  static func checkToken(_ token: Substring) throws(PushRefusal) -> String {
    guard tokenDigits.contains(token.utf8.count), token.utf8.count.isMultiple(of: 2),
      token.utf8.allSatisfy({ HexDigits.value(of: $0) != nil })
    else { throw PushRefusal(.badDeviceToken) }
    return token.lowercased()
  }
}

/// Why a push is refused.
struct PushRefusal: Error, Equatable {
  var reason: APNsSimulator.Reason
  /// With 410: since when the token is invalid.
  var since: Timestamp?

  init(_ reason: APNsSimulator.Reason, since: Timestamp? = nil) {
    self.reason = reason
    self.since = since
  }
}

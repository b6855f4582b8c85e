private import Crypto
internal import NIOCore
internal import NIOHPACK
internal import PushCore

internal import struct Foundation.UUID

/// One push as it goes over the wire, made before a connection is chosen; the authorization is
/// added last, for it depends on the moment.
struct APNsRequest: Sendable {
  var headers: HPACKHeaders
  var payload: ByteBuffer
  var payloadSHA256: [UInt8]
  var deviceToken: String
  /// Whether the credential's own list names the topic, so that a refused topic is its fault.
  var topicIsListed: Bool
  var expiresAt: Timestamp

  /// Apple's limit.
  static let collapseIDBytes = 64

  /// - Returns: The request, or the result of an attempt for which none is worth making.
  static func make(
    _ request: PushRequest, credential: ProviderCredential, authority: String, now: Timestamp
  ) -> Result<APNsRequest, Refusal> {
    if let misfit = credential.misfit(with: request) {
      return .failure(Refusal(AttemptResult(.retry, reason: misfit.rawValue)))
    }
    guard let topic = credential.topic(for: request.topic) else {
      return .failure(
        Refusal(
          AttemptResult(.retry, reason: ProviderCredential.Misfit.topicMissing.rawValue)))
    }
    guard isHexadecimal(request.token) else {
      return .failure(Refusal(AttemptResult(.rejected, reason: "device_token_malformed")))
    }
    guard isHeaderValue(topic) else {
      return .failure(Refusal(AttemptResult(.rejected, reason: "topic_malformed")))
    }
    guard request.expiresAt > now, request.expiresAt.seconds > 0 else {
      return .failure(Refusal(AttemptResult(.expired, reason: "expired")))
    }
    let id = request.deliveryID.lowercaseText
    guard let bytes = APNsPayload.make(request.notification, deliveryID: id) else {
      return .failure(Refusal(AttemptResult(.rejected, reason: "payload_too_large")))
    }
    return .success(
      APNsRequest(
        headers: headers(request, id: id, topic: topic, authority: authority),
        payload: ByteBuffer(bytes: bytes),
        payloadSHA256: Array(SHA256.hash(data: bytes)),
        deviceToken: request.token,
        topicIsListed: credential.topics.contains(topic),
        expiresAt: request.expiresAt))
  }

  /// An attempt that ended before it began.
  struct Refusal: Error {
    var result: AttemptResult

    init(_ result: AttemptResult) { self.result = result }
  }

  /// What repeats is indexed, so that the server's small table keeps it; what is new in every
  /// request would only flush that table.
  private static func headers(
    _ request: PushRequest, id: String, topic: String, authority: String
  ) -> HPACKHeaders {
    var headers = HPACKHeaders()
    headers.reserveCapacity(11)
    headers.add(name: ":method", value: "POST")
    headers.add(name: ":scheme", value: "https")
    headers.add(
      name: ":path", value: "/3/device/" + request.token, indexing: .nonIndexable)
    headers.add(name: ":authority", value: authority)
    headers.add(name: "apns-topic", value: topic)
    headers.add(name: "apns-push-type", value: "alert")
    headers.add(name: "apns-priority", value: "10")
    headers.add(name: "apns-id", value: id, indexing: .nonIndexable)
    headers.add(
      name: "apns-collapse-id", value: collapseID(request.notification.collapseID) ?? id,
      indexing: .nonIndexable)
    headers.add(
      name: "apns-expiration", value: String(request.expiresAt.seconds), indexing: .nonIndexable)
    return headers
  }

  /// The sender's own, where APNs can take it.
  private static func collapseID(_ text: String?) -> String? {
    guard let text, !text.isEmpty, text.utf8.count <= collapseIDBytes, isHeaderValue(text) else {
      return nil
    }
    return text
  }

  /// Neither empty nor with what no header may hold: control characters, spaces at an end.
  private static func isHeaderValue(_ text: String) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, first != 0x20, last != 0x20
    else { return false }
    return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  static func isHexadecimal(_ token: String) -> Bool {
    guard !token.isEmpty, token.utf8.count <= Limits.tokenBytes else { return false }
    return token.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
    }
  }
}

extension UUID {
  /// 8-4-4-4-12 in lower case, as APNs wants it.
  var lowercaseText: String {
    let digits: StaticString = "0123456789abcdef"
    return withUnsafeBytes(of: uuid) { bytes in
      String(unsafeUninitializedCapacity: 36) { text in
        var at = 0
        for (index, byte) in bytes.enumerated() {
          if index == 4 || index == 6 || index == 8 || index == 10 {
            text[at] = UInt8(ascii: "-")
            at += 1
          }
          text[at] = digits.utf8Start[Int(byte >> 4)]
          text[at + 1] = digits.utf8Start[Int(byte & 15)]
          at += 2
        }
        return at
      }
    }
  }
}

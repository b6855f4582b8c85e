internal import Crypto
internal import Foundation
internal import PushCore

/// What a site's service worker gets (`docs/decisions.md`, section 4), and what the push service is
/// told about it.
///
/// ```
/// {"title":…,"body":…,"ext":…,"image":…,"badge":…,"silent":true,
///  "tag":…,"conversation":…,"delivery_id":…}
/// ```
enum WebPushMessage {
  /// Four weeks: Google keeps none for longer, the others some days more.
  static let longestTTL: Int64 = 2_419_200
  /// Of a hash so much makes a topic of 32 characters, the most that there may be.
  private static let topicBytes = 24

  /// - Throws: `payload_too_large` where even an empty body leaves too much.
  static func content(of request: PushRequest, limitBytes: Int) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .webpush)
    let whole = json(request, shown, body: shown.text)
    let excess = whole.serialized().count - limitBytes
    guard excess > 0 else { return whole }
    let ellipsis = APNsPayload.ellipsis
    let room =
      APNsPayload.escapedBytes(shown.text) - excess - APNsPayload.escapedBytes(ellipsis)
    guard room >= 0 else { throw Refused(.messageRefused, "payload_too_large") }
    return json(
      request, shown,
      body: APNsPayload.prefix(of: shown.text, escapedBytes: room) + ellipsis)
  }

  private static func json(_ request: PushRequest, _ shown: ShownNotification, body: String) -> JSON
  {
    let thread = request.notification.threadID
    return .object(present: [
      ("title", shown.title.map(JSON.string)), ("body", .string(body)),
      ("ext", shown.ext.flatMap { $0.isEmpty ? nil : .string($0) }),
      ("image", shown.image.map(JSON.string)), ("badge", shown.badge.map { .integer($0) }),
      // As browsers name it: there are no sounds to choose from.
      ("silent", shown.sound == nil ? true : nil),
      ("tag", .string(tag(of: request))),
      ("conversation", thread.isEmpty ? nil : .string(thread)),
      ("delivery_id", .string(request.deliveryID.lowercaseText)),
    ])
  }

  /// What a repeat replaces, on the screen and while it waits.
  private static func tag(of request: PushRequest) -> String {
    FCMMessage.collapseID(of: request) ?? request.deliveryID.lowercaseText
  }

  /// RFC 8030, 5; all but what signs it.
  static func headers(
    of request: PushRequest, to host: String, at now: Timestamp
  ) -> [(name: String, value: String)] {
    let seconds = min(request.secondsToLive(at: now), longestTTL)
    let hash = SHA256.hash(data: Array(tag(of: request).utf8)).prefix(topicBytes)
    var headers = [
      ("ttl", String(seconds)), ("urgency", FCMMessage.isUrgent(request) ? "high" : "normal"),
      ("topic", Base64URL.encode(Data(hash))), ("content-encoding", "aes128gcm"),
      ("content-type", "application/octet-stream"),
    ]
    // Without it Microsoft may take a push that lives for one that doesn't. Unverified.
    if PushServiceHosts.areWindows(host) { headers.append(("x-wns-cache-policy", "cache")) }
    return headers
  }
}

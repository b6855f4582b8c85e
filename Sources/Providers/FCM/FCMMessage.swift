internal import PushCore

/// FCM's `Message` without its token (`docs/decisions.md`, section 4).
///
/// ```
/// {"notification":{"title":…,"body":…,"image":…},
///  "data":{"ext":…,"conversation":…,"delivery_id":…},
///  "android":{"priority":…,"ttl":"…s","collapse_key":…,
///             "notification":{"channel_id":…,"sound":… | "default_sound":true,"tag":…}},
///  "apns":…,"webpush":…}
/// ```
enum FCMMessage {
  /// Google's limit for what the phone gets.
  static let limitBytes = 4_096
  /// Four weeks: the longest that FCM keeps a push.
  static let longestTTL: Int64 = 2_419_200

  /// - Throws: `payload_too_large` where even an empty body leaves too much.
  static func make(
    _ request: PushRequest, _ scope: ChannelScope<FCMCredential>
  ) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .fcm)
    let seconds = min(request.secondsToLive(at: scope.now), longestTTL)
    let android = androidBlock(request, shown, seconds: seconds)
    let whole = common(request, shown, text: shown.text) + [JSON.Member("android", android)]
    var members = whole
    // What is counted here is more than what Google counts, which leaves out names and marks.
    let excess = JSON.object(whole).serialized().count - limitBytes
    if excess > 0 {
      guard let text = cut(shown.text, by: excess) else {
        throw Refused(.messageRefused, "payload_too_large")
      }
      members = common(request, shown, text: text) + [JSON.Member("android", android)]
    }
    if scope.credential.hasAPNsBlock {
      members.append(JSON.Member("apns", try FCMPlatformBlocks.apns(request)))
    }
    if scope.credential.hasWebPushBlock {
      members.append(
        JSON.Member("webpush", FCMPlatformBlocks.webPush(request, seconds: seconds)))
    }
    return .object(members)
  }

  private static func common(
    _ request: PushRequest, _ shown: ShownNotification, text: String
  ) -> [JSON.Member] {
    let thread = request.notification.threadID
    return [
      JSON.Member(
        "notification",
        .object(present: [
          ("title", shown.title.map(JSON.string)), ("body", .string(text)),
          ("image", shown.image.map(JSON.string)),
        ])),
      JSON.Member(
        "data",
        .object(present: [
          ("ext", shown.ext.flatMap { $0.isEmpty ? nil : .string($0) }),
          ("conversation", thread.isEmpty ? nil : .string(thread)),
          ("delivery_id", .string(request.deliveryID.lowercaseText)),
        ])),
    ]
  }

  /// A push that had to be sent twice replaces itself by its tag. The collapse key is the sender's
  /// or none: FCM keeps four of them for a phone, and a key of each push's own would push out what
  /// waits for a phone that is off.
  private static func androidBlock(
    _ request: PushRequest, _ shown: ShownNotification, seconds: Int64
  ) -> JSON {
    let collapseID = collapseID(of: request)
    let isDefaultSound = shown.sound == "default"
    return .object(present: [
      ("priority", isUrgent(request) ? "HIGH" : "NORMAL"), ("ttl", .string("\(seconds)s")),
      ("collapse_key", collapseID.map(JSON.string)),
      (
        "notification",
        .object(present: [
          ("channel_id", shown.channel.map(JSON.string)),
          ("sound", isDefaultSound ? nil : shown.sound.map(JSON.string)),
          ("default_sound", isDefaultSound ? true : nil),
          ("tag", .string(collapseID ?? request.deliveryID.lowercaseText)),
        ])
      ),
    ])
  }

  /// The sender's own; nil: none.
  static func collapseID(of request: PushRequest) -> String? {
    request.notification.collapseID.flatMap { $0.isEmpty ? nil : $0 }
  }

  static func isUrgent(_ request: PushRequest) -> Bool {
    request.notification.android?.info?["GooglePriority"]?.string?.lowercased() != "normal"
  }

  /// The text without so many bytes at its end, between two characters, and `…` behind it.
  private static func cut(_ text: String, by excess: Int) -> String? {
    let room =
      APNsPayload.escapedBytes(text) - excess - APNsPayload.escapedBytes(APNsPayload.ellipsis)
    guard room >= 0 else { return nil }
    return APNsPayload.prefix(of: text, escapedBytes: room) + APNsPayload.ellipsis
  }
}

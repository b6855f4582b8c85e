internal import PushCore

/// The form that Xiaomi takes, without the tokens. Every value is a text, as a form has it.
enum XiaomiMessage {
  /// Texts for the app in `extra.*`, names and values together.
  private static let extraCharacters = 1_024
  /// Unverified: of what `payload` may hold, only third-hand lists speak.
  private static let payloadBytes = 4_096
  private static let publicSeconds = Int64(24 * 3600)
  private static let privateSeconds = Int64(10 * 24 * 3600)

  /// The events that Xiaomi is asked to report: delivered 1, clicked 2, invalid target 16, switched
  /// off by the user 32, filtered 64, the day's number used up 128.
  private static let receiptTypes = 1 + 2 + 16 + 32 + 64 + 128

  static func make(
    _ request: PushRequest, _ scope: ChannelScope<XiaomiCredential>
  ) throws(Refused) -> JSON {
    let credential = scope.credential
    let shown = request.notification.shown(by: .xiaomi)
    guard let title = shown.title, !title.isEmpty else {
      throw Refused(.messageRefused, "title_missing")
    }
    let channel = shown.channel ?? credential.channel
    let (extra, payload) = try carried(shown.ext)
    var fields: [(String, String?)] = [
      ("restricted_package_name", scope.topic(of: request)),
      ("pass_through", "0"),
      ("title", title),
      // Xiaomi takes no notification without one.
      ("description", shown.text.isEmpty ? title : shown.text),
      ("payload", payload.map(URLText.formEncoded)),
      ("notify_type", shown.sound == nil ? Ring.lights : Ring.all),
      ("notify_id", String(MessageNumber.notifyID(of: request))),
      ("time_to_live", String(milliseconds(request, scope, in: channel))),
      ("extra.notify_effect", "1"),
      ("extra.channel_id", channel),
      ("extra.ext", extra),
      // The phone shows only the first message with a key, so that what had to be sent twice is
      // shown once.
      ("extra.jobkey", String(request.position)),
    ]
    if let url = credential.receiptURL {
      fields += [
        ("extra.callback", url),
        ("extra.callback.param", MessageNumber.receiptTag(of: request)),
        ("extra.callback.type", String(receiptTypes)),
      ]
    }
    return .object(present: fields.map { ($0.0, $0.1.map(JSON.string)) })
  }

  /// The values of `notify_type`.
  private enum Ring {
    static let all = "-1"
    static let lights = "4"
  }

  /// Where `ext` goes: beside the notification, where the app looks for it first; what is too long
  /// for that goes as the message's payload.
  private static func carried(
    _ ext: String?
  ) throws(Refused) -> (extra: String?, payload: String?) {
    guard let ext, !ext.isEmpty else { return (nil, nil) }
    if "ext".utf16.count + ext.utf16.count <= extraCharacters { return (ext, nil) }
    guard ext.utf8.count <= payloadBytes else {
      throw Refused(.messageRefused, "payload_too_large")
    }
    return (nil, ext)
  }

  private static func milliseconds(
    _ request: PushRequest, _ scope: ChannelScope<XiaomiCredential>, in channel: String?
  ) -> Int64 {
    let isPrivate = channel.map(scope.credential.privateChannels.contains) ?? false
    let longest = isPrivate ? privateSeconds : publicSeconds
    return min(request.secondsToLive(at: scope.now), longest) * 1_000
  }
}

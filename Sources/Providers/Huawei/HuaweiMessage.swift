internal import PushCore

/// Huawei's `message` without its tokens.
///
/// ```
/// {"data":"{\"ext\":…}",
///  "notification":{"title":…,"body":…,"image":…},
///  "android":{"category":…,"ttl":"86400s","bi_tag":…,"receipt_id":…,"target_user_type":1,
///   "notification":{"click_action":…,"channel_id":…,"importance":…,"notify_id":…,
///                   "sound":"/raw/…" | "default_sound":true,"badge":{"set_num":…,"class":…},
///                   "style":1,"big_title":…,"big_body":…}}}
/// ```
/// The app finds `ext` where Tencent's documents say: `getIntent().getExtras().get("ext")`. It gets
/// there by `data`, which a tap hands to whatever it opens; or, with `ExtAsHuaweiIntentParam` 1 and
/// the setting `click_intent`, as that intent's own parameter.
enum HuaweiMessage {
  /// Of a request without its tokens.
  static let limitBytes = 4_096
  private static let longestSeconds = Int64(15 * 24 * 3600)

  static func make(
    _ request: PushRequest, _ scope: ChannelScope<HuaweiCredential>
  ) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .huawei)
    guard let title = shown.title, !title.isEmpty else {
      throw Refused(.messageRefused, "title_missing")
    }
    // Huawei takes no notification without a body.
    let text = shown.text.isEmpty ? title : shown.text
    func content(_ text: String, isBig: Bool) -> JSON {
      message(request, shown, title: title, text: text, isBig: isBig, scope)
    }
    if request.notification.android?.info?["PushStyle"]?.integer == 1 {
      // It has the text twice; where that is too much, once must do.
      let big = content(text, isBig: true)
      if bytes(of: big) <= limitBytes { return big }
    }
    let fitted = FittedContent.make(text, limitBytes: limitBytes, bytes: bytes) { text in
      content(text, isBig: false)
    }
    guard let fitted else { throw Refused(.messageRefused, "payload_too_large") }
    return fitted
  }

  /// A request's body.
  static func body(_ content: JSON, to tokens: [String]) -> JSON {
    ["message": content.setting("token", to: .array(tokens.map { .string($0) }))]
  }

  private static func bytes(of content: JSON) -> Int { body(content, to: []).serialized().count }

  private static func message(
    _ request: PushRequest, _ shown: ShownNotification, title: String, text: String, isBig: Bool,
    _ scope: ChannelScope<HuaweiCredential>
  ) -> JSON {
    let credential = scope.credential
    let info = request.notification.android?.info
    let category = info?["HuaWeiCategory"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    let ext = shown.ext.flatMap { $0.isEmpty ? nil : $0 }
    let isInIntent = info?["ExtAsHuaweiIntentParam"]?.integer == 1 && credential.tap.hasIntent
    let seconds = min(request.secondsToLive(at: scope.now), longestSeconds)
    let notification: JSON = .object(present: [
      ("click_action", credential.tap.json(carrying: isInIntent ? ext : nil)),
      ("channel_id", shown.channel.map(JSON.string)),
      ("importance", info?["HuaWeiImportance"]?.string == "LOW" ? "LOW" : "NORMAL"),
      ("notify_id", .integer(MessageNumber.notifyID(of: request))),
      ("default_sound", .bool(shown.sound == "default")),
      ("sound", shown.sound.flatMap { $0 == "default" ? nil : .string("/raw/" + $0) }),
      ("badge", badge(shown, credential)),
      ("style", isBig ? 1 : nil),
      ("big_title", isBig ? .string(title) : nil),
      ("big_body", isBig ? .string(text) : nil),
    ])
    return .object(present: [
      ("data", isInIntent ? nil : ext.map { .string((["ext": .string($0)] as JSON).text) }),
      (
        "notification",
        .object(present: [
          ("title", .string(title)), ("body", .string(text)),
          ("image", shown.image.map(JSON.string)),
        ])
      ),
      (
        "android",
        .object(present: [
          ("category", category.map(JSON.string)),
          ("ttl", .string("\(seconds)s")),
          ("bi_tag", .string(MessageNumber.receiptTag(of: request))),
          ("receipt_id", credential.receiptID.map(JSON.string)),
          ("target_user_type", credential.isTest ? 1 : nil),
          ("notification", notification),
        ])
      ),
    ])
  }

  /// Huawei shows a number only on the icon of an activity that it is told.
  private static func badge(_ shown: ShownNotification, _ credential: HuaweiCredential) -> JSON? {
    guard let number = shown.badge, let activity = credential.badgeClass else { return nil }
    return ["set_num": .integer(number), "class": .string(activity)]
  }
}

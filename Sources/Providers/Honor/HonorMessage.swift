internal import PushCore

/// What Honor takes, without its tokens: like Huawei's message and in other words. There is neither
/// a sound nor a channel.
///
/// ```
/// {"data":"{\"ext\":…}",
///  "notification":{"title":…,"body":…,"image":…},
///  "android":{"ttl":"86400s","biTag":…,"targetUserType":1,
///   "notification":{"clickAction":…,"importance":…,"notifyId":…,
///                   "badge":{"setNum":…,"badgeClass":…},"style":1,"bigTitle":…,"bigBody":…}}}
/// ```
/// The app finds `ext` among the extras of the intent that a tap opens it with: that is where Honor
/// hands out `data`.
enum HonorMessage {
  /// Of a request without its tokens.
  static let limitBytes = 4_096
  private static let longestSeconds = Int64(15 * 24 * 3600)

  static func make(
    _ request: PushRequest, _ scope: ChannelScope<HonorCredential>
  ) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .honor)
    guard let title = shown.title, !title.isEmpty else {
      throw Refused(.messageRefused, "title_missing")
    }
    // Honor takes no notification without a body.
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
    content.setting("token", to: .array(tokens.map { .string($0) }))
  }

  private static func bytes(of content: JSON) -> Int { body(content, to: []).serialized().count }

  private static func message(
    _ request: PushRequest, _ shown: ShownNotification, title: String, text: String, isBig: Bool,
    _ scope: ChannelScope<HonorCredential>
  ) -> JSON {
    let credential = scope.credential
    let info = request.notification.android?.info
    let ext = shown.ext.flatMap { $0.isEmpty ? nil : $0 }
    let seconds = min(request.secondsToLive(at: scope.now), longestSeconds)
    let notification: JSON = .object(present: [
      ("clickAction", credential.tap.json()),
      // LOW is for marketing.
      ("importance", info?["HonorImportance"]?.string == "LOW" ? "LOW" : "NORMAL"),
      ("notifyId", .integer(MessageNumber.notifyID(of: request))),
      ("badge", badge(shown, credential)),
      ("style", isBig ? 1 : nil),
      ("bigTitle", isBig ? .string(title) : nil),
      ("bigBody", isBig ? .string(text) : nil),
    ])
    return .object(present: [
      ("data", ext.map { .string((["ext": .string($0)] as JSON).text) }),
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
          ("ttl", .string("\(seconds)s")),
          ("biTag", .string(MessageNumber.receiptTag(of: request))),
          ("targetUserType", credential.isTest ? 1 : nil),
          ("notification", notification),
        ])
      ),
    ])
  }

  /// Honor shows a number only on the icon of an activity that it is told. Tencent's pages let a
  /// sender set the number on Honor's phones, so there is more than the `addNum` of the pages read.
  private static func badge(_ shown: ShownNotification, _ credential: HonorCredential) -> JSON? {
    guard let number = shown.badge, let activity = credential.badgeClass else { return nil }
    return ["setNum": .integer(number), "badgeClass": .string(activity)]
  }
}

internal import PushCore

/// A notification in Meizu's words: the form's `messageJson`.
enum MeizuMessage {
  static let hoursToLive: ClosedRange<Int64> = 1...72

  /// What a tap does.
  private enum Click {
    static let opensApp: JSON = 0
    /// The app is handed `customAttribute`: `getSelfDefineContentString()`.
    static let handsOver: JSON = 3
  }

  /// Reports of delivered and of clicked ones.
  private static let bothReceipts = "3"

  static func content(
    of request: PushRequest, _ credential: MeizuCredential, at now: Timestamp
  ) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .meizu)
    guard let title = shown.title, !title.isEmpty else {
      throw Refused(.messageRefused, "title_missing")
    }
    let click: JSON =
      if let ext = shown.ext, !ext.isEmpty {
        ["clickType": Click.handsOver, "customAttribute": .string(ext)]
      } else {
        ["clickType": Click.opensApp]
      }
    // No later than it expires: hours are cut off, but there must be one.
    let hours = min(
      max(request.secondsToLive(at: now) / 3_600, hoursToLive.lowerBound),
      hoursToLive.upperBound)
    return .object(present: [
      (
        "noticeBarInfo",
        [
          "noticeBarType": 0, "title": .string(title),
          // Meizu takes no notification without one.
          "content": .string(shown.text.isEmpty ? title : shown.text),
        ]
      ),
      ("clickTypeInfo", click),
      ("pushTimeInfo", ["offLine": 1, "validTime": .integer(hours)]),
      ("advanceInfo", advance(request, rings: shown.sound != nil)),
      ("extra", receipt(request, credential)),
    ])
  }

  private static func advance(_ request: PushRequest, rings: Bool) -> JSON {
    let ring: JSON = rings ? 1 : 0
    return [
      "suspend": 1, "clearNoticeBar": 1, "fixDisplay": 0,
      "notificationType": ["vibrate": ring, "lights": 1, "sound": ring],
      // 31 bits, so at most 8 digits.
      "notifyKey": .string(String(MessageNumber.notifyID(of: request), radix: 16)),
    ]
  }

  private static func receipt(_ request: PushRequest, _ credential: MeizuCredential) -> JSON? {
    credential.receiptURL.map {
      [
        "callback": .string($0),
        "callback.param": .string(MessageNumber.receiptTag(of: request)),
        "callback.type": .string(bothReceipts),
      ]
    }
  }
}

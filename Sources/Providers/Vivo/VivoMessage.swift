internal import PushCore

/// A notification in vivo's words, without recipient and session.
enum VivoMessage {
  static let secondsToLive: ClosedRange<Int64> = 60...86_400
  /// Of all keys and values of the app's own data, in UTF-16 units.
  static let customUnits = 1_024
  /// What a tap does: open the app.
  private static let openApp: JSON = 1

  static func content(
    of request: PushRequest, _ credential: VivoCredential, at now: Timestamp
  ) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .vivo)
    let info = request.notification.android?.info
    if let ext = shown.ext, "ext".utf16.count + ext.utf16.count > customUnits {
      throw Refused(.messageRefused, "payload_too_large")
    }
    guard let title = shown.title, !title.isEmpty else {
      throw Refused(.messageRefused, "title_missing")
    }
    let seconds = min(
      max(request.secondsToLive(at: now), secondsToLive.lowerBound), secondsToLive.upperBound)
    return .object(present: [
      ("appId", .integer(credential.appID)),
      ("title", .string(title)),
      // vivo takes no notification without one.
      ("content", .string(shown.text.isEmpty ? title : shown.text)),
      ("notifyType", .integer(notifyType(info, hasSound: shown.sound != nil))),
      ("timeToLive", .integer(seconds)),
      ("skipType", openApp),
      ("classification", .integer(classification(info))),
      ("category", category(info).map { .string($0) }),
      // What the app finds with `getParams().get("ext")`.
      ("clientCustomMap", shown.ext.map { ["ext": .string($0)] }),
      ("extra", receipt(request, credential)),
      ("notifyId", .integer(MessageNumber.notifyID(of: request))),
      ("pushMode", credential.isTest ? 1 : nil),
    ])
  }

  /// 1 nothing, 2 sound, 3 vibration, 4 both.
  private static func notifyType(_ info: JSON?, hasSound: Bool) -> Int64 {
    // Tencent's pages have it as a text and as a number.
    let field = info?["VIVONotifyType"]
    let named = (field?.integer ?? field?.string.flatMap { Int64($0) }).flatMap {
      (1...4).contains($0) ? $0 : nil
    }
    guard !hasSound else { return named ?? 4 }
    // Without a sound, what the sender named is left without it.
    return switch named {
    case 3, 4: 3
    default: 1
    }
  }

  /// 0 operation, 1 system.
  static func classification(_ info: JSON?) -> Int64 {
    info?["VIVOClassification"]?.integer == 0 ? 0 : 1
  }

  static func category(_ info: JSON?) -> String? {
    info?["VIVOCategory"]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func receipt(_ request: PushRequest, _ credential: VivoCredential) -> JSON? {
    credential.receiptURL.map {
      [
        "callback": .string($0),
        "callback.param": .string(MessageNumber.receiptTag(of: request)),
      ]
    }
  }

  /// The volume that a push is counted in.
  static func volume(of content: JSON) -> VivoVolumes.Volume {
    .messages(
      classification: content["classification"]?.integer ?? 1,
      category: content["category"]?.string)
  }
}

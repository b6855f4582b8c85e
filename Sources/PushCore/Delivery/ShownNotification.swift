/// A notification as one provider's phones show it: section 4 of `docs/decisions.md` for all but
/// APNs, whose form is section 3's.
public struct ShownNotification: Equatable, Sendable {
  public var title: String?
  public var subtitle: String?
  public var text: String
  public var ext: String?
  /// Nil: none.
  public var sound: String?
  /// Nil: the provider shows none.
  public var badge: Int64?
  /// The URL of a picture.
  public var image: String?
  public var interruptionLevel: String?
  /// The notification channel on the phone, where the sender named one.
  public var channel: String?
  public var mutableContent = false
}

extension Notification {
  /// What a phone that this is pushed to through `provider` shows.
  public func shown(by provider: ProviderName) -> ShownNotification {
    guard provider != .apns, let android else {
      return ShownNotification(
        title: title, subtitle: title == nil ? nil : subtitle, text: text, ext: ext, sound: sound,
        badge: badge, image: image, interruptionLevel: interruptionLevel,
        mutableContent: mutableContent)
    }
    if provider == .callback {
      return ShownNotification(
        title: android.callbackTitle, text: android.callbackText, ext: ext, sound: sound,
        badge: badge)
    }
    let form = AndroidForm(provider, pushStyle: android.info?["PushStyle"]?.integer ?? 0)
    return ShownNotification(
      title: android.title.cut(toUTF16: form.titleUnits),
      text: android.text.cut(toUTF16: form.textUnits), ext: ext,
      sound: sound.map(form.played), badge: form.showsBadge ? badge.map { min($0, 99) } : nil,
      image: form.imageField.flatMap(android.field),
      channel: form.channelField.flatMap(android.field))
  }
}

/// What a vendor's phones can show.
private struct AndroidForm {
  /// In UTF-16 units; nil: no limit.
  var titleUnits: Int?
  var textUnits: Int?
  var playsSounds = false
  var showsBadge = false
  /// The fields of `AndroidInfo` that are for this vendor.
  var imageField: String?
  var channelField: String?

  init(_ provider: ProviderName, pushStyle: Int64) {
    switch provider {
    case .huawei:
      (titleUnits, textUnits) = (60, 600)
      (playsSounds, showsBadge) = (true, true)
      (imageField, channelField) = ("HuaWeiImage", "HuaWeiChannelID")
    case .honor:
      (titleUnits, textUnits) = (50, 400)
      showsBadge = true
      imageField = "HonorImage"
    case .xiaomi:
      (titleUnits, textUnits) = (50, 128)
      channelField = "XiaoMiChannelID"
    case .oppo:
      (titleUnits, textUnits) = (50, pushStyle == 1 ? 128 : 50)
      channelField = "OPPOChannelID"
    case .vivo: (titleUnits, textUnits) = (40, 100)
    case .meizu: (titleUnits, textUnits) = (32, 100)
    case .fcm:
      playsSounds = true
      (imageField, channelField) = ("GoogleImage", "GoogleChannelID")
    case .apns, .webpush, .callback: break
    }
  }

  /// A sound on these phones is a resource, named without its suffix.
  func played(_ sound: String) -> String {
    guard playsSounds, sound != "default" else { return "default" }
    guard let point = sound.lastIndex(of: "."), point != sound.startIndex else { return sound }
    return String(sound[..<point])
  }
}

extension String {
  /// The text where it has at most so many UTF-16 units; else its beginning, and `...` behind, as
  /// long as that together.
  func cut(toUTF16 limit: Int?) -> String {
    guard let limit, utf16.count > limit else { return self }
    var kept = utf16.prefix(limit - 3)
    // Half a character is none.
    if let last = kept.last, UTF16.isLeadSurrogate(last) { kept = kept.dropLast() }
    return (String(kept) ?? "") + "..."
  }
}

import Projections
import PushCore

/// A notification as a phone shows it.
struct PhoneLook: Sendable {
  struct Badge: Sendable {
    let count: String
  }

  let isApple: Bool
  let look: String
  let day: String
  let clock: String
  let appName: String
  let initial: String
  let shownTitle: String
  let subtitle: String?
  let shownText: String
  /// Nil where the icon carries none.
  let badge: Badge?
  /// Which device it is of; nil where there is none to show it for.
  let device: PageID?
  let note: String

  /// The looks that an explained device has, each as the first of its devices shows it, of those that
  /// were pushed to first; both where no device is known. Empty where nothing was decided.
  static func all(_ explanation: Explanation, app: AppID) -> [PhoneLook] {
    guard let notification = explanation.message.notification else { return [] }
    let decisions = explanation.recipients.flatMap(\.decisions).filter { $0.known != nil }
    guard !decisions.isEmpty else {
      return [true, false].map { isApple in
        PhoneLook(notification, nil, isApple: isApple, explanation.message, app)
      }
    }
    return [true, false].compactMap { isApple in
      let fitting = decisions.filter { $0.isApple == isApple }
      let pushed = fitting.first { if case .push = $0.verdict { true } else { false } }
      return (pushed ?? fitting.first).map { decision in
        PhoneLook(notification, decision, isApple: isApple, explanation.message, app)
      }
    }
  }

  private init(
    _ notification: Notification, _ decision: ExplainedDecision?, isApple: Bool,
    _ message: ExplainedMessage, _ app: AppID
  ) {
    let state = decision?.known?.state
    var notification = notification.localized(for: state?.locale)
    var provider = decision?.delivery?.provider ?? state?.provider
    var push: Decision.Push?
    if case .push(let decided)? = decision?.verdict {
      push = decided
      notification.badge = decision?.badge
      notification.sound = decided.sound
      provider = provider ?? decided.provider
    }
    let by = provider ?? (isApple ? .apns : .fcm)
    let shown = notification.shown(by: by)
    self.isApple = isApple
    look = isApple ? "iOS" : "Android"
    let shownAt = decision?.delivery?.endedAt ?? message.recordedAt
    let words = PageTime(shownAt).text.split(separator: " ")
    day = words.prefix(2).joined(separator: " ")
    clock = words.last.map { String($0) } ?? ""
    appName = app.rawValue
    initial = app.rawValue.prefix(1).uppercased()
    shownTitle = shown.title ?? app.rawValue
    subtitle = shown.subtitle
    shownText = shown.text
    badge = shown.badge.flatMap { $0 > 0 ? Badge(count: $0.grouped) : nil }
    device = decision?.device.map { .init(id: $0.rawValue) }
    note = Self.note(shown, by, decision, isPushed: push != nil)
  }

  private static func note(
    _ shown: ShownNotification, _ provider: ProviderName, _ decision: ExplainedDecision?,
    isPushed: Bool
  ) -> String {
    var parts = ["by \(provider.rawValue)"]
    if isPushed {
      if decision?.badge != nil {
        parts.append("badge \(shown.badge.map { $0.grouped } ?? "left as it is")")
      }
      parts.append("sound \(shown.sound ?? "none")")
    } else {
      parts.append(
        decision == nil ? "as it would look: nothing was pushed" : "as it would look: not pushed")
    }
    if let level = shown.interruptionLevel { parts.append("level \(level)") }
    if let channel = shown.channel { parts.append("channel \(channel)") }
    if let image = shown.image { parts.append("picture \(image)") }
    return parts.joined(separator: ", ")
  }
}

extension ExplainedDecision {
  fileprivate var isApple: Bool {
    switch known?.state.platform {
    case .ios, .ipad, .mac: true
    default: false
    }
  }
}

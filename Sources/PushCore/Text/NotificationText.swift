/// What a message looks like on a phone, for all its recipients (`docs/decisions.md`, section 3).
enum NotificationText {
  /// What stands in place of text that was erased.
  static let erased = "[erased]"

  /// - Parameters:
  ///   - senderName: The sender's name card in the group, else the nickname.
  ///   - groupName: The group's name, else its id; nil for one-to-one.
  /// - Returns: Sound as the sender named it; the device's own comes in with the decision.
  static func notification(
    of message: Message, senderName: String?, groupName: String?,
    language: MessageContent.Language
  ) -> Notification {
    let thread =
      switch message.conversation {
      case .group(let group): "group/\(group)"
      case .user: "user/\(message.sender)"
      }
    guard let content = message.content else {
      return Notification(text: erased, threadID: thread, isErased: true)
    }
    let push = content.offlinePush
    let apns = push?.apns
    let custom = push == nil ? content.customElement : nil
    let body = content.body(in: language)
    return Notification(
      title: filled(apns?.title) ?? filled(push?.title),
      subtitle: filled(apns?.subtitle),
      text: filled(push?.desc) ?? line(body, senderName: senderName, groupName: groupName),
      ext: filled(push?.ext) ?? filled(custom?.ext),
      sound: content.sound,
      mutableContent: apns?.mutableContent == 1 || filled(apns?.image) != nil,
      image: filled(apns?.image),
      interruptionLevel: filled(apns?.interruptionLevel),
      threadID: thread,
      collapseID: filled(apns?.collapseID),
      languages: (push?.languages ?? []).map { text in
        Notification.Localized(
          language: text.language, title: filled(text.title), text: filled(text.desc))
      }, keepsTitle: push?.languages.isEmpty == false && filled(apns?.title) != nil)
  }

  /// Rules 4.1, 4.2 and 4.9.
  static func android(
    of message: Message, senderName: String?, groupName: String?,
    language: MessageContent.Language
  ) -> AndroidNotification {
    let push = message.content?.offlinePush
    let name = filled(senderName)
    let spoken = name ?? message.sender.rawValue
    let body = message.content.map { $0.body(in: language) } ?? erased
    let bracketed = message.content.map { $0.body(in: language, bracketsCustom: true) } ?? erased
    let title = filled(push?.title)
    let desc = filled(push?.desc)
    return AndroidNotification(
      title: title ?? groupName ?? spoken,
      text: desc ?? (groupName == nil ? body : "\(spoken):\(body)"),
      callbackTitle: title ?? groupName ?? message.sender.rawValue,
      callbackText: desc ?? (groupName == nil ? bracketed : "\(spoken)\u{FF1A} \(bracketed)"),
      info: push?.android)
  }

  /// Rule 3.7: what is played of a sound's name; nil: none.
  static func played(_ sound: String) -> String? {
    switch sound {
    case "push.no_sound", "kIOSOfflinePushNoSound": nil
    case "kIOSOfflinePushDefaultSound": "default"
    default: sound
    }
  }

  /// Rule 3.3.
  private static func line(_ body: String, senderName: String?, groupName: String?) -> String {
    let name = filled(senderName) ?? ""
    if let groupName { return "\(name)(\(groupName)):\(body)" }
    return name.isEmpty ? body : "\(name):\(body)"
  }

  private static func filled(_ text: String?) -> String? {
    text?.isEmpty == true ? nil : text
  }
}

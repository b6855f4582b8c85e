internal import PushCore

/// The `notification` that OPPO takes, and the message around it.
enum OPPOMessage {
  private static let longestLife = Int64(10 * 24 * 3600)
  private static let parameterBytes = 4_096
  /// Bar; bar and lock screen; both with banner, sound and vibration.
  private static let levels: Set<Int64> = [1, 2, 16]

  /// The values of `style`.
  private enum Style {
    static let standard: JSON = 1
    static let long: JSON = 2
  }

  static func make(
    _ request: PushRequest, _ scope: ChannelScope<OPPOCredential>
  ) throws(Refused) -> JSON {
    let shown = request.notification.shown(by: .oppo)
    guard let title = shown.title, !title.isEmpty else {
      throw Refused(.messageRefused, "title_missing")
    }
    let info = request.notification.android?.info
    let credential = scope.credential
    let parameters = try parameters(shown.ext)
    let receiptTag = MessageNumber.receiptTag(of: request)
    let members: [(String, JSON?)] = [
      // OPPO pushes an id once: what had to be sent twice arrives once.
      ("app_message_id", .string(request.deliveryID.lowercaseText)),
      ("style", info?["PushStyle"]?.integer == 1 ? Style.long : Style.standard),
      ("title", .string(title)),
      // OPPO takes no notification without one.
      ("content", .string(shown.text.isEmpty ? title : shown.text)),
      ("click_action_type", 0),
      ("action_parameters", parameters.map(JSON.string)),
      ("off_line", true),
      ("off_line_ttl", .integer(min(request.secondsToLive(at: scope.now), longestLife))),
      ("channel_id", (shown.channel ?? credential.channel).map(JSON.string)),
      ("notify_id", .integer(MessageNumber.notifyID(of: request))),
      ("call_back_url", credential.receiptURL.map(JSON.string)),
      ("call_back_parameter", credential.receiptURL.map { _ in .string(receiptTag) }),
    ]
    return .object(present: members + kind(info) + template(info))
  }

  /// What kind of message it is, and so how much of the phone it may take.
  private static func kind(_ info: JSON?) -> [(String, JSON?)] {
    guard let category = info?["OPPOCategory"]?.string, !category.isEmpty else { return [] }
    let level = info?["OPPONotifyLevel"]?.integer.flatMap { levels.contains($0) ? $0 : nil }
    return [("category", .string(category)), ("notify_level", level.map(JSON.integer))]
  }

  /// A private message's template, and what is filled in.
  private static func template(_ info: JSON?) -> [(String, JSON?)] {
    guard let id = info?["OPPOPrivateMsgTemplateId"]?.string, !id.isEmpty else { return [] }
    func object(_ name: String) -> JSON? { info?[name]?.members.map { .object($0) } }
    return [
      ("private_msg_template_id", .string(id)),
      ("private_title_parameters", object("OPPOPrivateTitleParameters")),
      ("private_content_parameters", object("OPPOPrivateContentParameters")),
    ]
  }

  /// `ext` as the app gets it: every member of the object is an extra of its own. What is no
  /// object is the only one, `ext`.
  private static func parameters(_ ext: String?) throws(Refused) -> String? {
    guard let ext, !ext.isEmpty else { return nil }
    var object: JSON = ["ext": .string(ext)]
    if let json = try? JSON.parse(ext), json.members != nil { object = json }
    let text = object.text
    guard text.utf8.count <= parameterBytes else {
      throw Refused(.messageRefused, "payload_too_large")
    }
    return text
  }

  /// A push as it stands in a request.
  static func message(_ push: PreparedPush) -> JSON {
    [
      "target_type": 2, "target_value": .string(push.token), "verify_registration_id": false,
      "notification": push.content,
    ]
  }
}

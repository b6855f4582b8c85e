internal import PushCore

/// What a tap on a notification opens, where that is not the app's own start: settings that Huawei
/// and Honor have alike.
struct TapAction: Sendable {
  private static let intentBytes = 512

  static let settings: [(String, String, isRequired: Bool)] = [
    (
      "click_action", "what a tap opens: the action that a page of the app is registered for",
      isRequired: false
    ),
    (
      "click_intent",
      "what a tap opens, before click_action: an intent URI such as "
        + "intent://chat/open#Intent;scheme=shop;launchFlags=0x4000000;end",
      isRequired: false
    ),
  ]

  private let action: String?
  /// Ends in `;end`.
  private let intent: String?

  init(_ reader: SettingsReader) throws(FieldError) {
    action = try reader.text("click_action")
    intent = try reader.text("click_intent")
    if let intent {
      guard intent.hasPrefix("intent:"), intent.contains("#Intent;"), intent.hasSuffix(";end")
      else {
        throw FieldError(
          .badFormat, "settings.click_intent",
          "is no intent URI: intent: at the start, #Intent; within, ;end behind.")
      }
    }
  }

  /// Whether there is an intent that something can be put into.
  var hasIntent: Bool { intent != nil }

  /// `{"type":1,"intent":…}`, `{"type":1,"action":…}`, or `{"type":3}`: the app's start.
  ///
  /// - Parameter ext: What the intent is to carry as the text `ext`; only with an intent.
  func json(carrying ext: String? = nil) -> JSON {
    if let intent {
      let carried = ext.map { "S.ext=\(URLText.formEncoded($0));" } ?? ""
      return ["type": 1, "intent": .string(intent.dropLast("end".count) + carried + "end")]
    }
    if let action { return ["type": 1, "action": .string(action)] }
    return ["type": 3]
  }
}

import PushCore

/// A code of Meizu's with its words.
struct MeizuRefusal: Error, Equatable {
  var code: Int
  var message: String

  init(_ code: Int, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Meizu answers 200 whatever it says, and its codes are texts.
  var answer: SimulatedAnswer {
    .json([
      "code": .string(String(code)), "message": .string(message), "value": "", "msgId": "",
      "redirect": "",
    ])
  }

  static let appUnknown = MeizuRefusal(110_000, "appId illegal")
  static let appBanned = MeizuRefusal(110_009, "app in black list")
  static let sign = MeizuRefusal(1006, "sign error")
  static let tooFast = MeizuRefusal(110_010, "too fast")
  static let empty = MeizuRefusal(110_004, "parameter empty")

  static func wrong(_ field: String) -> MeizuRefusal {
    MeizuRefusal(1005, "parameter error: \(field)")
  }
}

/// A `messageJson` as it came, where it keeps to the rules.
struct MeizuMessageForm {
  private static let titleUnits = 32
  private static let contentUnits = 100
  private static let hoursToLive: ClosedRange<Int64> = 1...72
  private static let keyUnits = 8
  private static let callbackUnits = 128
  private static let parameterUnits = 64

  var json: JSON

  init(_ text: String) throws(MeizuRefusal) {
    guard let json = try? JSON.parse(text), json.members != nil else {
      throw .wrong("messageJson")
    }
    self.json = json
    try checkTexts()
    try checkClick()
    try checkNumbers()
    try checkReceipts()
  }

  private func checkTexts() throws(MeizuRefusal) {
    for (name, limit) in [("title", Self.titleUnits), ("content", Self.contentUnits)] {
      guard let text = json["noticeBarInfo"]?[name]?.string, !text.isEmpty,
        text.utf16.count <= limit
      else { throw .wrong(name) }
    }
  }

  private func checkClick() throws(MeizuRefusal) {
    let click = json["clickTypeInfo"]
    func isSaid(_ name: String) -> Bool { click?[name]?.string?.isEmpty == false }
    let isWhole =
      switch click?["clickType"]?.integer ?? 0 {
      case 0: true
      case 1: isSaid("activity")
      case 2: isSaid("url")
      case 3: isSaid("customAttribute")
      default: false
      }
    guard isWhole else { throw .wrong("clickTypeInfo") }
  }

  private func checkNumbers() throws(MeizuRefusal) {
    if let hours = json["pushTimeInfo"]?["validTime"] {
      guard let hours = hours.integer, Self.hoursToLive.contains(hours) else {
        throw .wrong("validTime")
      }
    }
    let advance = json["advanceInfo"]
    let ring = advance?["notificationType"]
    let switches = [
      ("offLine", json["pushTimeInfo"]?["offLine"]), ("suspend", advance?["suspend"]),
      ("clearNoticeBar", advance?["clearNoticeBar"]), ("fixDisplay", advance?["fixDisplay"]),
      ("vibrate", ring?["vibrate"]), ("lights", ring?["lights"]), ("sound", ring?["sound"]),
    ]
    for (name, value) in switches {
      guard let value else { continue }
      guard let flag = value.integer, 0...1 ~= flag else { throw .wrong(name) }
    }
    guard (notifyKey ?? "").utf16.count <= Self.keyUnits else { throw .wrong("notifyKey") }
  }

  private func checkReceipts() throws(MeizuRefusal) {
    guard (callback ?? "").utf16.count <= Self.callbackUnits,
      (parameter ?? "").utf16.count <= Self.parameterUnits
    else { throw .wrong("extra") }
  }

  var notifyKey: String? { json["advanceInfo"]?["notifyKey"]?.string }
  var callback: String? {
    json["extra"]?["callback"]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }
  var parameter: String? { json["extra"]?["callback.param"]?.string }
  /// 1 delivered, 2 clicked, 3 both.
  var wantedReceipts: Int { json["extra"]?["callback.type"]?.string.flatMap { Int($0) } ?? 3 }

  /// What the control endpoint shows of it.
  var note: JSON {
    .object(present: [
      ("delivery_id", (parameter ?? notifyKey).map { .string($0) }),
      ("title", json["noticeBarInfo"]?["title"]), ("text", json["noticeBarInfo"]?["content"]),
      ("ext", json["clickTypeInfo"]?["customAttribute"]),
      ("sound", json["advanceInfo"]?["notificationType"]?["sound"]),
      ("notify_key", notifyKey.map { .string($0) }),
      ("valid_hours", json["pushTimeInfo"]?["validTime"]),
    ])
  }
}

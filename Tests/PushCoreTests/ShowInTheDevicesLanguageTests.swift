import PushCore
import Testing

@Suite struct ShowInTheDevicesLanguage {
  private static let notification = Notification(
    title: "T", text: "Ann:hi", threadID: "user/ann",
    android: AndroidNotification(
      title: "T", text: "hi", callbackTitle: "T", callbackText: "hi", info: nil),
    languages: [
      .init(language: "de", title: "Titel", text: "Hallo"),
      .init(language: "zh", title: nil, text: "你好"),
      .init(language: "zh-Hant", title: "標題", text: nil),
    ])

  @Test(arguments: [
    (nil, "T", "Ann:hi"), ("fr", "T", "Ann:hi"), ("", "T", "Ann:hi"), ("de", "Titel", "Hallo"),
    ("de_AT", "Titel", "Hallo"), ("DE-de", "Titel", "Hallo"), ("den", "T", "Ann:hi"),
    ("zh-Hans-CN", "T", "你好"), ("zh_Hant_TW", "標題", "Ann:hi"), ("zh", "T", "你好"),
  ])
  func picksTheNearest(_ locale: String?, _ title: String, _ text: String) throws {
    let stored = try Notification(json: Self.notification.json)
    let shown = stored.localized(for: locale)
    #expect(shown.title == title && shown.text == text)
    let android = shown.shown(by: .huawei)
    #expect(android.title == title)
    #expect(android.text == (text == "Ann:hi" ? "hi" : text))
  }

  @Test("a title that the sender wrote for Apple's phones alone stands in every language")
  func keepsApplesTitle() throws {
    var notification = Self.notification
    notification.keepsTitle = true
    let shown = try Notification(json: notification.json).localized(for: "de")
    #expect(shown.title == "T" && shown.text == "Hallo")
    #expect(shown.shown(by: .fcm).title == "Titel")
  }

  @Test(
    "names the entry that is wrong",
    arguments: [
      (["x"], "content.offline_push.MultiLanguageContent[0]"),
      ([["Title": "t"]], "content.offline_push.MultiLanguageContent[0].Language"),
      (
        [["Language": "de"], ["Language": 1]],
        "content.offline_push.MultiLanguageContent[1].Language"
      ),
      ([["Language": "de", "Desc": 1]], "content.offline_push.MultiLanguageContent[0].Desc"),
    ] as [(JSON, String)])
  func namesWhatIsWrong(_ texts: JSON, _ field: String) throws {
    var refused: FieldError?
    do {
      _ = try EventDoor.event(
        from: [
          "event_id": "0c635ef1-2e9c-55e1-8eac-92155eb4db11", "type": "message.sent",
          "occurred_at": "2026-01-01T00:00:00Z",
          "data": ["message_id": "m", "from": "a", "conversation": ["user": "b"]],
          "content": ["elements": [], "offline_push": ["MultiLanguageContent": texts]],
        ])
    } catch {
      refused = error
    }
    #expect(refused?.field == field)
  }
}

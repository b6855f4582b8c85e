import PushCore
import Testing

import struct Foundation.UUID

@Suite struct TellCallbacks {
  private static let id = UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))
  private static let time = Timestamp(microseconds: 1_800_000_000_000_000)

  private static func notification(_ facts: CallbackFacts?) -> Notification {
    Notification(
      text: "Mia:hello", ext: "page=7", sound: "default", badge: 120, threadID: "user/ann",
      android: AndroidNotification(
        title: "Mia", text: "hello", callbackTitle: "ann", callbackText: "hello", info: nil),
      callback: facts)
  }

  private static func facts(_ group: GroupID?, name: String?) -> CallbackFacts {
    CallbackFacts(
      message: MessageID(unchecked: "m1"), sentAt: time, sender: UserID(unchecked: "ann"),
      senderName: "Mia", group: group, groupName: name)
  }

  private static func told(_ notification: Notification) -> JSON {
    CallbackNotification.json(
      notification, delivery: id, position: 42, expiresAt: time + .seconds(60))
  }

  @Test("tells title, text, ext, who, where and how, and leaves out what there is not")
  func tells() throws {
    let told = Self.told(Self.notification(Self.facts(nil, name: nil)))
    #expect(
      told.text == """
        {"delivery_id":"01020304-0506-0708-090a-0b0c0d0e0f10","message_id":"m1","position":42,\
        "title":"ann","text":"hello","ext":"page=7","sender":{"user":"ann","nickname":"Mia"},\
        "conversation":{"user":"ann"},"sound":"default","badge":120,\
        "sent_at":"\(Self.time)","expires_at":"\(Self.time + .seconds(60))"}
        """)
    let group = Self.told(Self.notification(Self.facts(GroupID(unchecked: "g1"), name: "Team")))
    #expect(group["conversation"] == ["group": "g1", "name": "Team"])
    let nameless = Self.told(Self.notification(Self.facts(GroupID(unchecked: "g1"), name: nil)))
    #expect(nameless["conversation"] == ["group": "g1"])
    var quiet = Self.notification(nil)
    quiet.sound = nil
    #expect(Self.told(quiet)["sound"] == nil && Self.told(quiet)["sender"] == nil)
  }

  @Test("what is kept of a message is read back as it was")
  func keeps() throws {
    let all: [CallbackFacts?] = [
      nil, Self.facts(nil, name: nil), Self.facts(GroupID(unchecked: "g1"), name: "Team"),
    ]
    for facts in all {
      var notification = Self.notification(facts)
      notification.sound = nil
      notification.badge = nil
      #expect(try Notification(json: notification.json) == notification)
    }
  }

  @Test("a title in the device's language is told, too")
  func speaks() {
    var notification = Self.notification(Self.facts(nil, name: nil))
    notification.languages = [.init(language: "zh", title: "你好", text: "消息")]
    let told = Self.told(notification.localized(for: "zh-CN"))
    #expect(told["title"] == "你好" && told["text"] == "消息")
  }
}

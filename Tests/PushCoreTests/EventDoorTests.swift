import Foundation
import PushCore
import TestSupport
import Testing

@Suite("Let events in")
struct LetEventsIn {
  private func event(_ text: String) throws -> NewEvent {
    try EventDoor.event(from: try JSON.parse(text))
  }

  private static let message = """
    {"event_id":"0c635ef1-2e9c-55e1-8eac-92155eb4db11","type":"message.sent",\
    "occurred_at":"2026-01-01T00:00:00Z","data":DATA,"content":CONTENT}
    """

  private func message(_ data: String, _ content: String = #"{"elements":[]}"#) throws -> NewEvent {
    try event(
      Self.message.replacing("DATA", with: data).replacing("CONTENT", with: content))
  }

  @Test(
    "names the field of a bad message",
    arguments: [
      (#"{}"#, "data.message_id"), (#"{"message_id":""}"#, "data.message_id"),
      (#"{"message_id":7}"#, "data.message_id"), (#"{"message_id":"m\u0007"}"#, "data.message_id"),
      (#"{"message_id":"m"}"#, "data.from"),
      (#"{"message_id":"m","from":"a"}"#, "data.conversation"),
      (#"{"message_id":"m","from":"a","conversation":{}}"#, "data.conversation"),
      (
        #"{"message_id":"m","from":"a","conversation":{"user":"b","group":"g"}}"#,
        "data.conversation"
      ),
      (
        #"{"message_id":"m","from":"a","conversation":{"user":"b"},"mentions":[1]}"#,
        "data.mentions[0]"
      ),
      (#"{"message_id":"m","from":"a","conversation":{"user":"b"},"push":"no"}"#, "data.push"),
      (
        #"{"message_id":"m","from":"a","conversation":{"user":"b"},"expires_at":"soon"}"#,
        "data.expires_at"
      ),
    ])
  func namesTheField(_ data: String, _ field: String) {
    let error = #expect(throws: FieldError.self) { try message(data) }
    #expect(error?.field == field)
  }

  @Test(
    "names the field of bad content",
    arguments: [
      (#"{}"#, "content.elements"), (#"{"elements":{}}"#, "content.elements"),
      (#"{"elements":[1]}"#, "content.elements[0]"),
      (#"{"elements":[{"MsgType":"TIMTextElem"}]}"#, "content.elements[0].MsgContent"),
      (
        #"{"elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":1}}]}"#,
        "content.elements[0].MsgContent.Text"
      ),
      (
        #"{"elements":[],"offline_push":{"ApnsInfo":{"BadgeMode":"1"}}}"#,
        "content.offline_push.ApnsInfo.BadgeMode"
      ),
    ])
  func namesTheFieldOfContent(_ content: String, _ field: String) {
    let good = #"{"message_id":"m","from":"a","conversation":{"user":"b"}}"#
    let error = #expect(throws: FieldError.self) { try message(good, content) }
    #expect(error?.field == field)
  }

  @Test("repeats a misspelt word, but nothing that may be a token")
  func keepsLongValuesOutOfErrors() {
    func error(_ provider: String) -> FieldError? {
      let data = #"{"user":"a","device":"d","platform":"ios","provider":"\#(provider)"}"#
      return #expect(throws: FieldError.self) {
        try event(
          """
          {"event_id":"0c635ef1-2e9c-55e1-8eac-92155eb4db11","type":"device.registered",\
          "occurred_at":"2026-01-01T00:00:00Z","data":\(data),"content":{"token":"t"}}
          """)
      }
    }
    let token = String(repeating: "a1", count: 32)
    #expect(error("apple")?.description.contains("\"apple\"; one of apns,") == true)
    #expect(error(token)?.code == .unknownValue)
    #expect(error(token)?.description.contains("a1a1") == false)
  }

  @Test func countsIDsInBytes() throws {
    let fits = String(repeating: "é", count: 64)
    let good = #"{"message_id":"ID","from":"a","conversation":{"user":"b"}}"#
    #expect(throws: Never.self) { try message(good.replacing("ID", with: fits)) }
    let error = #expect(throws: FieldError.self) {
      try message(good.replacing("ID", with: fits + "x"))
    }
    #expect(error?.code == .tooLong)
  }

  @Test func boundsAnEventsSize() throws {
    let text = String(repeating: "x", count: Limits.eventBytes)
    let error = #expect(throws: FieldError.self) {
      try message(
        #"{"message_id":"m","from":"a","conversation":{"user":"b"}}"#,
        #"{"elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\#(text)"}}]}"#)
    }
    #expect(error?.code == .tooLong)
  }

  @Test("keeps what decisions need in data, over what the caller claims")
  func fillsFacts() throws {
    let event = try message(
      #"{"message_id":"m","from":"a","conversation":{"user":"b"},"facts":{"shows":false}}"#,
      #"{"elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"x"}}],"offline_push":{"PushFlag":1}}"#
    )
    let facts = try JSON.parse(event.data)["facts"]
    #expect(facts == ["shows": true, "push_flag": 1, "badge_mode": 0])
    #expect(event.stream.rawValue == "message/m")
  }

  @Test func encodesIDsInStreams() throws {
    let event = try message(#"{"message_id":"a/b%c","from":"a","conversation":{"user":"b"}}"#)
    #expect(event.stream.rawValue == "message/a%2Fb%25c")
  }

  @Test("lets every event of random histories in and reads it back the same")
  func readsBack() throws {
    for seed in 0..<50 as Range<UInt64> {
      var history = RandomHistory(seed: seed)
      for json in history.events(100) {
        let event = try EventDoor.event(from: json)
        let line = RecordedEvent(
          app: RandomHistory.app, position: 1, recordedAt: event.occurredAt, event: event
        ).exportLine()
        #expect(try EventDoor.event(from: try JSON.parse(line)) == event, "seed \(seed)")
      }
    }
  }
}

@Suite("Compare ids byte by byte")
struct CompareIDs {
  @Test func tellsCanonicallyEquivalentTextsApart() {
    let composed = UserID(unchecked: "é")
    let decomposed = UserID(unchecked: "e\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(decomposed < composed)
  }

  @Test func keepsDeliveryIDs() {
    let id = DeliveryID.make(
      app: AppID(unchecked: "chat"), message: MessageID(unchecked: "m1"),
      user: UserID(unchecked: "ann"), device: DeviceID(unchecked: "phone"))
    // Whoever changes this breaks every ledger that was ever written.
    #expect(id.uuidString == "7DDE656D-0689-5143-8294-A1A09AE883B9")
  }
}

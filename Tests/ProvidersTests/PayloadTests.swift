import PushCore
import Testing

@testable import Providers

@Suite struct MakePayload {
  private let id = "0b0f2c0e-5a6d-5f0a-8d3e-3c7f1a2b4c5d"

  private func text(_ notification: Notification) throws -> String {
    String(decoding: try #require(APNsPayload.make(notification, deliveryID: id)), as: UTF8.self)
  }

  @Test func alertIsTheLineWithoutATitle() throws {
    let notification = Notification(
      text: "Ann:hello", sound: "default", badge: 3, threadID: "user/ann")
    #expect(
      try text(notification)
        == #"{"aps":{"alert":"Ann:hello","sound":"default","badge":3,"thread-id":"user/ann"},"#
        + #""delivery_id":"\#(id)"}"#)
  }

  @Test func titleSubtitleAndEverythingElseStandWhereApplePutsThem() throws {
    let notification = Notification(
      title: "T", subtitle: "S", text: "B", ext: #"{"a":1}"#, sound: "s.caf", badge: 0,
      mutableContent: false, image: "https://example.org/i.png",
      interruptionLevel: "time-sensitive",
      threadID: "group/g")
    #expect(
      try text(notification)
        == #"{"aps":{"alert":{"title":"T","subtitle":"S","body":"B"},"sound":"s.caf","badge":0,"#
        + #""mutable-content":1,"interruption-level":"time-sensitive","thread-id":"group/g"},"#
        + #""ext":"{\"a\":1}","image":"https://example.org/i.png","delivery_id":"\#(id)"}"#)
  }

  @Test func nothingIsSaidOfWhatIsNotThere() throws {
    let notification = Notification(title: "T", text: "", ext: "", threadID: "user/a")
    #expect(
      try text(notification)
        == #"{"aps":{"alert":{"title":"T","body":""},"thread-id":"user/a"},"delivery_id":"\#(id)"}"#
    )
  }

  @Test func textIsEscapedSoThatItReadsBackTheSame() throws {
    let line = "\u{01}\u{1F}\t\n\r\u{08}\u{0C}\"\\/\u{7F}é漢👩‍👩‍👧\u{2028}"
    let notification = Notification(text: line, ext: line, threadID: "user/a")
    let json = try JSON.parse(try text(notification))
    #expect(json["aps"]?["alert"]?.string == line)
    #expect(json["ext"]?.string == line)
  }
}

@Suite struct CutPayload {
  private let id = "0b0f2c0e-5a6d-5f0a-8d3e-3c7f1a2b4c5d"
  private static let family = "👩‍👩‍👧"

  private func bytes(_ text: String, title: String? = nil, ext: String? = nil) -> [UInt8]? {
    APNsPayload.make(
      Notification(title: title, text: text, ext: ext, sound: "default", badge: 7, threadID: "u/a"),
      deliveryID: id)
  }

  private func body(_ bytes: [UInt8]) throws -> String {
    let alert = try #require(try JSON.parse(bytes)["aps"]?["alert"])
    return try #require(alert.string ?? alert["body"]?.string)
  }

  /// What everything but the body takes.
  private var frame: Int { bytes("")?.count ?? 0 }

  @Test func whatFitsExactlyIsNotCut() throws {
    let text = String(repeating: "a", count: APNsPayload.limitBytes - frame)
    let made = try #require(bytes(text))
    #expect(made.count == APNsPayload.limitBytes)
    #expect(try body(made) == text)
  }

  @Test func oneByteTooManyIsCutToTheLimitAndEndsInAnEllipsis() throws {
    let room = APNsPayload.limitBytes - frame
    let made = try #require(bytes(String(repeating: "a", count: room + 1)))
    #expect(made.count == APNsPayload.limitBytes)
    #expect(try body(made) == String(repeating: "a", count: room - 3) + "…")
  }

  /// The cut is as late as it can be: one more character would not fit, and no character is torn.
  @Test(arguments: ["a", "é", "漢", "😀", family, "🇩🇪", "\"", "\\", "\n", "\u{01}", "e\u{301}"])
  func theMostThatFitsIsKeptOf(character: String) throws {
    for lead in 0..<6 {
      let text = String(repeating: "x", count: lead) + String(repeating: character, count: 4_096)
      let made = try #require(bytes(text))
      let kept = try body(made)
      #expect(made.count <= APNsPayload.limitBytes)
      #expect(kept.last == "…")
      #expect(text.hasPrefix(String(kept.dropLast())))
      #expect(kept.dropLast().dropFirst(lead).allSatisfy { String($0) == character })
      let unit = APNsPayload.escapedBytes(character)
      #expect(made.count + unit > APNsPayload.limitBytes)
    }
  }

  @Test func aBodyUnderATitleIsCutToo() throws {
    let made = try #require(
      bytes(String(repeating: "漢", count: 2_000), title: String(repeating: "t", count: 1_000)))
    #expect(made.count <= APNsPayload.limitBytes && made.count > APNsPayload.limitBytes - 3)
    #expect(try body(made).hasSuffix("漢…"))
  }

  @Test func nothingIsMadeWhereEvenTheEllipsisDoesNotFit() throws {
    let room = APNsPayload.limitBytes - (bytes("", ext: "e")?.count ?? 0) + 1
    #expect(bytes("long enough", ext: String(repeating: "e", count: room + 1)) == nil)
    let three = try #require(bytes("long enough", ext: String(repeating: "e", count: room - 3)))
    #expect(try body(three) == "…")
    #expect(bytes("long enough", ext: String(repeating: "e", count: room - 2)) == nil)
  }

  @Test func escapedBytesAreWhatTheWriterWrites() {
    for value in 0...0x2FF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = String(Character(scalar))
      #expect(APNsPayload.escapedBytes(text) == JSON.string(text).serialized().count - 2)
    }
  }
}

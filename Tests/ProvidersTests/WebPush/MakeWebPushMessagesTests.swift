import Crypto
import Foundation
import PushCore
import TestSupport
import Testing

@testable import Providers

@Suite struct MakeWebPushMessages {
  private let now = Timestamp(microseconds: 1_800_000_000_000_000)
  private let id = "0b0f2c0e-5a6d-5f0a-8d3e-3c7f1a2b4c5d"

  private func request(
    _ notification: PushCore.Notification, expiresIn: Duration = .seconds(3_600)
  ) throws -> PushRequest {
    PushRequest(
      app: AppID(unchecked: "shop"), deliveryID: try #require(UUID(uuidString: id)), attempt: 1,
      token: "", topic: nil, environment: .production, notification: notification,
      expiresAt: now + expiresIn)
  }

  private func header(_ name: String, _ request: PushRequest, to host: String = "a") -> String? {
    WebPushMessage.headers(of: request, to: host, at: now).first { $0.name == name }?.value
  }

  @Test func showsWhatTheTableSays() throws {
    var made = 0
    for row in try WorkedExample.rows(of: "webpush") {
      guard case .pushed(let notification) = try row.decided(for: .webpush) else { continue }
      let content = try WebPushMessage.content(of: request(notification), limitBytes: 3_993)
      made += 1
      let shown = row.expected
      #expect(
        content
          == .object(present: [
            ("title", .string(shown.title)), ("body", .string(shown.text)),
            ("ext", shown.ext.isEmpty ? nil : .string(shown.ext)),
            ("silent", shown.sound.isEmpty ? true : nil), ("tag", .string(id)),
            ("conversation", .string(notification.threadID)), ("delivery_id", .string(id)),
          ]), "\(row.name)")
    }
    #expect(made >= 14)
  }

  @Test(arguments: ["x", "é", "👨‍👩‍👧", "\"", "你"])
  func cutsTheBodyAtACharacter(_ character: String) throws {
    let text = String(repeating: character, count: 4_100 / character.utf8.count)
    let content = try WebPushMessage.content(
      of: request(PushCore.Notification(text: text, threadID: "user/ann")), limitBytes: 3_993)
    let body = try #require(content["body"]?.string)
    #expect(body.hasSuffix("…"))
    #expect(body.dropLast().allSatisfy { String($0) == character })
    let bytes = content.serialized().count
    #expect((3_993 - 2 * character.utf8.count...3_993).contains(bytes))
  }

  @Test func refusesWhatNoCutMakesFit() throws {
    let request = try request(
      PushCore.Notification(
        text: "a", ext: String(repeating: "x", count: 4_000), threadID: "user/ann"))
    let refused = #expect(throws: Refused.self) {
      try WebPushMessage.content(of: request, limitBytes: 3_993)
    }
    #expect(refused?.verdict.kind == .messageRefused)
    #expect(refused?.verdict.reason == "payload_too_large")
  }

  @Test func livesAsLongAsTheServicesAllow() throws {
    let lives: [(Duration, String)] = [
      (.seconds(90), "90"), (.zero, "1"), (.seconds(60 * 86_400), "2419200"),
    ]
    for (life, seconds) in lives {
      let request = try request(PushCore.Notification(text: "a", threadID: ""), expiresIn: life)
      #expect(header("ttl", request) == seconds)
    }
  }

  @Test func aRepeatHasTheSameTopic() throws {
    var first = try request(PushCore.Notification(text: "a", threadID: ""))
    var second = first
    second.attempt = 2
    let topic = try #require(header("topic", first))
    #expect(topic.utf8.count == 32)
    #expect(Base64URL.decode(topic)?.count == 24)
    #expect(header("topic", second) == topic)
    second.deliveryID = UUID()
    #expect(header("topic", second) != topic)
    first.notification.collapseID = "score"
    second.notification.collapseID = "score"
    #expect(header("topic", first) == header("topic", second))
    #expect(header("topic", first) != topic)
    let content = try WebPushMessage.content(of: second, limitBytes: 3_993)
    #expect(content["tag"] == "score")
  }

  @Test func isUrgentUnlessTheSenderSaysOtherwise() throws {
    var request = try request(PushCore.Notification(text: "a", threadID: ""))
    #expect(header("urgency", request) == "high")
    request.notification.android = AndroidNotification(
      title: "a", text: "a", callbackTitle: "", callbackText: "",
      info: ["GooglePriority": "normal"])
    #expect(header("urgency", request) == "normal")
  }

  @Test func tellsMicrosoftToKeepIt() throws {
    let request = try request(PushCore.Notification(text: "a", threadID: ""))
    #expect(header("x-wns-cache-policy", request, to: "db5p.notify.windows.com") == "cache")
    #expect(header("x-wns-cache-policy", request, to: "fcm.googleapis.com") == nil)
  }
}

import Foundation
import PushCore
import Simulators
import TestSupport
import Testing

@testable import Providers

@Suite struct MakeFCMMessage {
  private let id = "0b0f2c0e-5a6d-5f0a-8d3e-3c7f1a2b4c5d"
  private let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func request(
    _ notification: PushCore.Notification, seconds: Int64 = 3_600
  ) throws -> PushRequest {
    var request = TestPush.request(
      token: "phone", expiresAt: now + .seconds(seconds),
      deliveryID: try #require(UUID(uuidString: id)))
    request.notification = notification
    return request
  }

  private func notification(
    title: String = "Ann", text: String = "hello", ext: String? = nil, sound: String? = "default",
    collapseID: String? = nil, info: JSON? = nil
  ) -> PushCore.Notification {
    Notification(
      title: nil, text: "\(title):\(text)", ext: ext, sound: sound, badge: 3,
      threadID: "user/ann", collapseID: collapseID,
      android: AndroidNotification(
        title: title, text: text, callbackTitle: "", callbackText: "", info: info))
  }

  private func message(
    _ request: PushRequest, _ settings: [(String, JSON)] = []
  ) throws -> JSON {
    let credential = try ProviderCredential(FCMRig.stored(FCMRig.account(), settings))
    let scope = ChannelScope(
      app: credential.app, credentialID: credential.id,
      credential: try #require(credential.material as? FCMCredential),
      topics: [], now: now
    ) { _ in .failure(HTTPFailure(reason: "no_calls_here", mayHaveArrived: false)) }
    return try FCMChannel.prepare(request, scope).content
  }

  @Test func holdsWhatAPhoneShows() throws {
    let request = try request(
      notification(
        ext: #"{"page":7}"#, sound: "bell.mp3", collapseID: "order-7",
        info: ["GoogleImage": "https://img.example/8.jpg", "GoogleChannelID": "chat"]))
    #expect(
      try message(request) == [
        "notification": [
          "title": "Ann", "body": "hello", "image": "https://img.example/8.jpg",
        ],
        "data": [
          "ext": #"{"page":7}"#, "conversation": "user/ann", "delivery_id": .string(id),
        ],
        "android": [
          "priority": "HIGH", "ttl": "3600s", "collapse_key": "order-7",
          "notification": ["channel_id": "chat", "sound": "bell", "tag": "order-7"],
        ],
      ])
  }

  @Test func withoutACollapseIDTheDeliveryReplacesOnlyItself() throws {
    for collapseID in [nil, ""] {
      let android = try message(try request(notification(collapseID: collapseID)))["android"]
      #expect(android?["collapse_key"] == nil)
      #expect(android?["notification"]?["tag"]?.string == id)
    }
  }

  @Test(arguments: [
    ("normal", "NORMAL"), ("Normal", "NORMAL"), ("high", "HIGH"), ("", "HIGH"),
  ]) func theSenderMayTakeTheHurryOut(_ said: String, _ priority: String) throws {
    let request = try request(notification(info: ["GooglePriority": .string(said)]))
    #expect(try message(request)["android"]?["priority"]?.string == priority)
  }

  @Test(arguments: [(1, "1s"), (2_419_200, "2419200s"), (2_419_201, "2419200s")])
  func livesFourWeeksAtMost(_ seconds: Int64, _ ttl: String) throws {
    let request = try request(notification(), seconds: seconds)
    #expect(try message(request)["android"]?["ttl"]?.string == ttl)
  }

  @Test func makesNoSoundWhereThereIsNone() throws {
    let shown = try message(try request(notification(sound: nil)))["android"]?["notification"]
    #expect(shown?["sound"] == nil)
    #expect(shown?["default_sound"] == nil)
  }

  // MARK: Length

  @Test func aLongBodyIsCutBetweenTwoCharacters() throws {
    let family = "👨‍👩‍👧‍👦"
    let message = try message(
      try request(notification(text: String(repeating: family, count: 400))))
    let body = try #require(message["notification"]?["body"]?.string)
    #expect(body.hasSuffix(family + "…"))
    #expect(message.serialized().count <= 4_096)
    #expect(message.serialized().count > 4_096 - family.utf8.count)
  }

  @Test func whatIsTooLongWithoutABodyIsRefused() async throws {
    try await FCMRig.with { rig async throws in
      var request = TestPush.request(token: "phone", expiresAt: rig.clock.now + .seconds(60))
      request.notification.ext = String(repeating: "x", count: 4_000)
      let result = await rig.send(request)
      #expect(result.outcome == .rejected)
      #expect(result.reason == "payload_too_large")
      #expect(rig.simulator.sessionsIssued == 0)
    }
  }

  /// The longest of everything still fits what Google counts.
  @Test func fcmTakesTheLongest() async throws {
    try await FCMRig.with(settings: [("apns_block", true), ("webpush_block", true)]) {
      rig async throws in
      let result = await rig.send("phone", text: String(repeating: "é\"", count: 4_000))
      #expect(result.outcome == .accepted, "\(result)")
    }
  }

  // MARK: Other platforms

  @Test func appleGetsItsOwnForm() throws {
    let request = try request(notification(ext: "7", collapseID: "order-7"))
    let apns = try message(request, [("apns_block", true)])["apns"]
    #expect(
      apns?["headers"] == [
        "apns-collapse-id": "order-7", "apns-expiration": "1800003600", "apns-priority": "10",
      ])
    let direct = try #require(APNsPayload.make(request.notification, deliveryID: id))
    #expect(apns?["payload"] == (try JSON.parse(direct)))
  }

  @Test(arguments: ["two words", String(repeating: "x", count: 65)])
  func whatAppleCannotTakeIsTheDeliverysID(_ collapseID: String) throws {
    let request = try request(notification(collapseID: collapseID))
    let apns = try message(request, [("apns_block", true)])["apns"]
    #expect(apns?["headers"]?["apns-collapse-id"]?.string == id)
  }

  @Test func browsersGetWhatTheyNeed() throws {
    let request = try request(
      notification(collapseID: "order-7", info: ["GooglePriority": "normal"]))
    #expect(
      try message(request, [("webpush_block", true)])["webpush"] == [
        "headers": ["TTL": "3600", "Urgency": "normal", "Topic": "order-7"],
        "notification": ["tag": "order-7"],
      ])
  }

  @Test(arguments: [nil, "a b", String(repeating: "x", count: 33)])
  func whatIsNoTopicIsNone(_ collapseID: String?) throws {
    let request = try request(notification(collapseID: collapseID))
    let webPush = try message(request, [("webpush_block", true)])["webpush"]
    #expect(webPush?["headers"] == ["TTL": "3600", "Urgency": "high"])
    #expect(webPush?["notification"]?["tag"]?.string == collapseID ?? id)
  }

  // MARK: Worked examples

  @Test func agreesWithTheWorkedExamples() throws {
    var messages = 0
    for row in try WorkedExample.rows(of: "fcm") {
      guard case .pushed(let notification) = try row.decided(for: .fcm) else { continue }
      messages += 1
      #expect(
        try message(try request(notification)) == expected(row.expected, notification),
        "\(row.name)")
    }
    #expect(messages >= 25)
  }

  private func expected(
    _ shown: WorkedExample.Shown, _ notification: PushCore.Notification
  ) -> JSON {
    let more = shown.more.components(separatedBy: "; ")
    func said(_ word: String) -> JSON? {
      more.first { $0.hasPrefix(word + " ") }.map { .string(String($0.dropFirst(word.count + 1))) }
    }
    let isDefault = shown.sound == "default"
    return .object(present: [
      (
        "notification",
        .object(present: [
          ("title", .string(shown.title)), ("body", .string(shown.text)), ("image", said("image")),
        ])
      ),
      (
        "data",
        .object(present: [
          ("ext", shown.ext.isEmpty ? nil : .string(shown.ext)),
          ("conversation", .string(notification.threadID)), ("delivery_id", .string(id)),
        ])
      ),
      (
        "android",
        [
          "priority": "HIGH", "ttl": "3600s",
          "notification": .object(present: [
            ("channel_id", said("channel")),
            ("sound", isDefault || shown.sound.isEmpty ? nil : .string(shown.sound)),
            ("default_sound", isDefault ? true : nil), ("tag", .string(id)),
          ]),
        ]
      ),
    ])
  }
}

import Foundation
import PushCore
import TestSupport
import Testing

@testable import Providers

@Suite struct MakeXiaomiMessages {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func content(
    _ request: PushRequest, settings: JSON = [:]
  ) throws -> JSON {
    let scope = ChannelScope(
      app: request.app, credentialID: "main",
      credential: try XiaomiCredential(settings: settings, secret: SecretText("s")),
      topics: ["org.example.chat"], now: Self.now
    ) { _ in .failure(HTTPFailure(reason: "never_called", mayHaveArrived: false)) }
    return try XiaomiChannel.prepare(request, scope).content
  }

  private func request(
    text: String = "hello", ext: String? = nil, sound: String? = "default", info: JSON? = nil,
    expiresIn: Duration = .seconds(3_600)
  ) throws -> PushRequest {
    try XiaomiRig.request(
      "reg1", text: text, ext: ext, sound: sound, info: info, expiresAt: Self.now + expiresIn)
  }

  @Test func showsWhatTheTableSays() throws {
    var made = 0
    for row in try WorkedExample.rows(of: "xiaomi") {
      guard case .pushed(let notification) = try row.decided(for: .xiaomi) else { continue }
      var request = try request()
      request.notification = notification
      let fields = try content(request)
      made += 1
      let channel = row.expected.more.hasPrefix("channel ") ? row.expected.more.dropFirst(8) : nil
      #expect(fields["title"]?.string == row.expected.title, "\(row.name)")
      #expect(fields["description"]?.string == row.expected.text, "\(row.name)")
      #expect((fields["extra.ext"]?.string ?? "") == row.expected.ext, "\(row.name)")
      #expect(
        fields["notify_type"]?.string == (row.expected.sound.isEmpty ? "4" : "-1"),
        "\(row.name)")
      #expect(fields["extra.channel_id"]?.string == channel.map(String.init), "\(row.name)")
    }
    #expect(made >= 20)
  }

  @Test func livesAsLongAsTheChannelAllows() throws {
    let lives: [(Duration, String?, String)] = [
      (.seconds(90), nil, "90000"), (.zero, nil, "1000"),
      (.seconds(30 * 86_400), nil, "86400000"), (.seconds(30 * 86_400), "news", "86400000"),
      (.seconds(30 * 86_400), "chat", "864000000"), (.seconds(5), "chat", "5000"),
    ]
    for (life, channel, milliseconds) in lives {
      let info = channel.map { JSON.object([JSON.Member("XiaoMiChannelID", .string($0))]) }
      let fields = try content(
        try request(info: info, expiresIn: life), settings: ["private_channels": "mail, chat"])
      #expect(fields["time_to_live"]?.string == milliseconds)
    }
  }

  @Test func theSendersChannelComesBeforeTheCredentials() throws {
    let named = try request(info: ["XiaoMiChannelID": "chat"])
    #expect(
      try content(named, settings: ["channel_id": "all"])["extra.channel_id"]?.string == "chat")
    #expect(
      try content(try request(), settings: ["channel_id": "all"])["extra.channel_id"]?.string
        == "all")
  }

  @Test func aLongExtGoesAsThePayload() throws {
    let short = String(repeating: "é", count: 1_021)
    #expect(try content(try request(ext: short))["extra.ext"]?.string == short)
    #expect(try content(try request(ext: short))["payload"] == nil)
    let long = short + "&"
    let fields = try content(try request(ext: long))
    #expect(fields["extra.ext"] == nil)
    #expect(fields["payload"]?.string?.removingPercentEncoding == long)
    #expect(fields["payload"]?.string?.hasSuffix("%26") == true)
    let refused = #expect(throws: Refused.self) {
      try content(try request(ext: String(repeating: "x", count: 4_097)))
    }
    #expect(refused?.verdict.kind == .messageRefused)
    #expect(refused?.verdict.reason == "payload_too_large")
  }

  @Test func aTitleStandsInForAMissingText() throws {
    #expect(try content(try request(text: ""))["description"]?.string == "Mia")
  }

  @Test func asksForReceiptsWhereSomebodyTakesThem() throws {
    let fields = try content(try request(), settings: ["receipt_url": "https://push.example/r"])
    #expect(fields["extra.callback"]?.string == "https://push.example/r")
    #expect(fields["extra.callback.param"]?.string == "7")
    #expect(fields["extra.callback.type"]?.string == "243")
    #expect(try content(try request())["extra.callback"] == nil)
  }

  @Test func aKeyNeverHasMoreThanTwentyCharacters() throws {
    var request = try request()
    request.position = Position.max
    #expect(try content(request)["extra.jobkey"]?.string?.count == 19)
  }

  @Test func theSameForTwoPhonesIsOneBatch() throws {
    let scope = ChannelScope(
      app: AppID(unchecked: "shop"), credentialID: "main",
      credential: try XiaomiCredential(settings: [:], secret: SecretText("s")),
      topics: ["org.example.chat"], now: Self.now
    ) { _ in .failure(HTTPFailure(reason: "never_called", mayHaveArrived: false)) }
    let first = try XiaomiChannel.prepare(try request(), scope)
    var other = try request()
    other.token = "reg2"
    #expect(try XiaomiChannel.prepare(other, scope).batch == first.batch)
    other.position = 8
    #expect(try XiaomiChannel.prepare(other, scope).batch != first.batch)
  }
}

import PushCore
import TestSupport
import Testing

@testable import Providers

@Suite struct MakeHuaweiMessages {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)
  private static let badgeClass: [(String, JSON)] = [("badge_class", "org.example.Main")]

  private func content(
    _ request: PushRequest, settings: [(String, JSON)] = []
  ) throws -> JSON {
    try HuaweiChannel.prepare(request, scope(settings)).content
  }

  private func scope(
    _ settings: [(String, JSON)] = []
  ) throws -> ChannelScope<HuaweiCredential> {
    let all = [("client_id", JSON.string("1"))] + settings
    return ChannelScope(
      app: AppID(unchecked: "shop"), credentialID: "main",
      credential: try HuaweiCredential(
        settings: .object(all.map { JSON.Member($0.0, $0.1) }), secret: SecretText("s")),
      topics: [], now: Self.now
    ) { _ in .failure(HTTPFailure(reason: "never_called", mayHaveArrived: false)) }
  }

  private func request(
    text: String = "hello", ext: String? = nil, info: JSON? = nil,
    expiresIn: Duration = .seconds(3_600)
  ) throws -> PushRequest {
    try HuaweiRig.request(
      "t1", text: text, ext: ext, info: info, expiresAt: Self.now + expiresIn)
  }

  @Test func showsWhatTheTableSays() throws {
    var made = 0
    for row in try WorkedExample.rows(of: "huawei") {
      guard case .pushed(let notification) = try row.decided(for: .huawei) else { continue }
      var request = try request()
      request.notification = notification
      let content = try content(request, settings: Self.badgeClass)
      made += 1
      let own = content["android"]?["notification"]
      var shown = WorkedExample.Shown(text: content["notification"]?["body"]?.string ?? "")
      shown.title = content["notification"]?["title"]?.string ?? ""
      shown.ext =
        try content["data"]?.string.flatMap { try JSON.parse($0)["ext"]?.string } ?? ""
      shown.sound =
        own?["default_sound"]?.bool == true
        ? "default" : String(own?["sound"]?.string?.dropFirst("/raw/".count) ?? "")
      shown.badge = own?["badge"]?["set_num"]?.integer.map(String.init) ?? ""
      shown.more = [
        content["notification"]?["image"]?.string.map { "image \($0)" },
        own?["channel_id"]?.string.map { "channel \($0)" },
      ].compactMap(\.self).joined(separator: "; ")
      #expect(shown == row.expected, "\(row.name)")
    }
    #expect(made >= 38)
  }

  @Test func livesFifteenDaysAtMost() throws {
    for (life, ttl) in [
      (Duration.seconds(90), "90s"), (.zero, "1s"), (.seconds(15 * 86_400), "1296000s"),
      (.seconds(60 * 86_400), "1296000s"),
    ] {
      #expect(try content(request(expiresIn: life))["android"]?["ttl"]?.string == ttl)
    }
  }

  @Test func saysOfWhatKindAndHowImportantItIs() throws {
    let plain = try content(request())["android"]
    #expect(plain?["category"] == nil)
    #expect(plain?["notification"]?["importance"] == "NORMAL")
    let named = try content(
      request(info: ["HuaWeiCategory": "MARKETING", "HuaWeiImportance": "LOW"]))["android"]
    #expect(named?["category"] == "MARKETING")
    #expect(named?["notification"]?["importance"] == "LOW")
    let odd = try content(request(info: ["HuaWeiCategory": "", "HuaWeiImportance": "x"]))["android"]
    #expect(odd?["category"] == nil)
    #expect(odd?["notification"]?["importance"] == "NORMAL")
  }

  @Test func aBadgeNeedsAnActivity() throws {
    var request = try request()
    request.notification.badge = 120
    #expect(try content(request)["android"]?["notification"]?["badge"] == nil)
    #expect(
      try content(request, settings: Self.badgeClass)["android"]?["notification"]?["badge"]
        == ["set_num": 99, "class": "org.example.Main"])
  }

  @Test func extReachesTheAppByDataOrByTheIntent() throws {
    let intent = "intent://chat#Intent;scheme=shop;end"
    let ext = #"{"a b":"&;=é"}"#
    let carried =
      "intent://chat#Intent;scheme=shop;S.ext=%7B%22a%20b%22%3A%22%26%3B%3D%C3%A9%22%7D;end"
    let data = #"{"ext":"{\"a b\":\"&;=é\"}"}"#
    let rows: [(JSON?, [(String, JSON)], String?, JSON)] = [
      (nil, [], data, ["type": 3]),
      (["ExtAsHuaweiIntentParam": 0], [], data, ["type": 3]),
      // Without an intent there is nothing that it could be put into.
      (["ExtAsHuaweiIntentParam": 1], [], data, ["type": 3]),
      (
        nil, [("click_action", "org.example.OPEN")], data,
        [
          "type": 1, "action": "org.example.OPEN",
        ]
      ),
      (
        nil, [("click_intent", .string(intent))], data,
        [
          "type": 1, "intent": .string(intent),
        ]
      ),
      (
        ["ExtAsHuaweiIntentParam": 1],
        [("click_intent", .string(intent)), ("click_action", "x")], nil,
        ["type": 1, "intent": .string(carried)]
      ),
    ]
    for (info, settings, data, click) in rows {
      let content = try content(request(ext: ext, info: info), settings: settings)
      #expect(content["data"]?.string == data)
      #expect(content["android"]?["notification"]?["click_action"] == click)
    }
    #expect(try content(request())["data"] == nil)
  }

  @Test func aLongTextIsUnfoldedWhereTheSenderSaysSo() throws {
    let big = try content(request(info: ["PushStyle": 1]))["android"]?["notification"]
    #expect(big?["style"] == 1)
    #expect(big?["big_title"] == "Mia")
    #expect(big?["big_body"] == "hello")
    #expect(
      try content(request(info: ["PushStyle": 0]))["android"]?["notification"]?["style"] == nil)
    // 600 characters of Chinese are too many to stand there twice.
    let text = String(repeating: "好", count: 600)
    let long = try content(
      request(text: text, ext: String(repeating: "x", count: 500), info: ["PushStyle": 1]))
    #expect(long["notification"]?["body"]?.string == text)
    #expect(long["android"]?["notification"]?["style"] == nil)
  }

  @Test func whatIsTooLongLosesTheEndOfItsText() throws {
    let text = String(repeating: "好", count: 600)
    let whole = HuaweiMessage.body(try content(request(text: text, ext: "x")), to: [])
    let room = 4_096 - whole.serialized().count + 1
    let fitting = try content(request(text: text, ext: String(repeating: "x", count: room)))
    #expect(fitting["notification"]?["body"]?.string == text)
    let cut = try content(request(text: text, ext: String(repeating: "x", count: room + 1)))
    #expect(
      cut["notification"]?["body"]?.string == String(repeating: "好", count: 598) + "…")
    #expect(HuaweiMessage.body(cut, to: []).serialized().count <= 4_096)
    let refused = #expect(throws: Refused.self) {
      try content(request(ext: String(repeating: "x", count: 4_000)))
    }
    #expect(refused?.verdict.kind == .messageRefused)
    #expect(refused?.verdict.reason == "payload_too_large")
  }

  @Test func aTitleStandsInForAMissingText() throws {
    #expect(try content(request(text: ""))["notification"]?["body"] == "Mia")
    var untitled = try request()
    untitled.notification.android?.title = ""
    let refused = #expect(throws: Refused.self) { try content(untitled) }
    #expect(refused?.verdict.reason == "title_missing")
  }

  @Test func testsAndReceiptsAreMarked() throws {
    let marked = try content(
      request(), settings: [("test", true), ("receipt_id", "RCP7")])["android"]
    #expect(marked?["target_user_type"] == 1)
    #expect(marked?["receipt_id"] == "RCP7")
    #expect(marked?["bi_tag"] == "7")
    let plain = try content(request())["android"]
    #expect(plain?["target_user_type"] == nil)
    #expect(plain?["receipt_id"] == nil)
  }

  @Test func theSameForTwoPhonesIsOneBatch() throws {
    let scope = try scope()
    let first = try HuaweiChannel.prepare(try request(), scope)
    var other = try request()
    other.token = "t2"
    #expect(try HuaweiChannel.prepare(other, scope).batch == first.batch)
    other.position = 8
    #expect(try HuaweiChannel.prepare(other, scope).batch != first.batch)
  }
}

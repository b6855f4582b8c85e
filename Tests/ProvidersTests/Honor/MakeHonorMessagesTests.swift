import PushCore
import TestSupport
import Testing

@testable import Providers

@Suite struct MakeHonorMessages {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)
  private static let badgeClass: [(String, JSON)] = [("badge_class", "org.example.Main")]

  private func content(
    _ request: PushRequest, settings: [(String, JSON)] = []
  ) throws -> JSON {
    let all = [("app_id", JSON.string("1")), ("client_id", "2")] + settings
    let scope = ChannelScope(
      app: request.app, credentialID: "main",
      credential: try HonorCredential(
        settings: .object(all.map { JSON.Member($0.0, $0.1) }), secret: SecretText("s")),
      topics: [], now: Self.now
    ) { _ in .failure(HTTPFailure(reason: "never_called", mayHaveArrived: false)) }
    return try HonorChannel.prepare(request, scope).content
  }

  private func request(
    text: String = "hello", ext: String? = nil, info: JSON? = nil,
    expiresIn: Duration = .seconds(3_600)
  ) throws -> PushRequest {
    try HonorRig.request(
      "t1", text: text, ext: ext, info: info, expiresAt: Self.now + expiresIn)
  }

  @Test func showsWhatTheTableSays() throws {
    var made = 0
    for row in try WorkedExample.rows(of: "honor") {
      guard case .pushed(let notification) = try row.decided(for: .honor) else { continue }
      var request = try request()
      request.notification = notification
      let content = try content(request, settings: Self.badgeClass)
      made += 1
      var shown = WorkedExample.Shown(text: content["notification"]?["body"]?.string ?? "")
      shown.title = content["notification"]?["title"]?.string ?? ""
      shown.ext =
        try content["data"]?.string.flatMap { try JSON.parse($0)["ext"]?.string } ?? ""
      // There is nothing to say of a sound.
      shown.sound = row.expected.sound
      shown.badge =
        content["android"]?["notification"]?["badge"]?["setNum"]?.integer.map(String.init) ?? ""
      shown.more = content["notification"]?["image"]?.string.map { "image \($0)" } ?? ""
      #expect(shown == row.expected, "\(row.name)")
    }
    #expect(made >= 21)
  }

  @Test func livesFifteenDaysAtMost() throws {
    for (life, ttl) in [
      (Duration.seconds(90), "90s"), (.zero, "1s"), (.seconds(60 * 86_400), "1296000s"),
    ] {
      #expect(try content(request(expiresIn: life))["android"]?["ttl"]?.string == ttl)
    }
  }

  @Test func onlyMarketingIsOfLowImportance() throws {
    let rows: [(JSON?, JSON)] = [
      (nil, "NORMAL"), (["HonorImportance": "LOW"], "LOW"), (["HonorImportance": "x"], "NORMAL"),
      (["HuaWeiImportance": "LOW"], "NORMAL"),
    ]
    for (info, importance) in rows {
      #expect(
        try content(request(info: info))["android"]?["notification"]?["importance"] == importance)
    }
  }

  @Test func aTapOpensWhatTheSettingsSay() throws {
    let rows: [([(String, JSON)], JSON)] = [
      ([], ["type": 3]), ([("click_action", "OPEN")], ["type": 1, "action": "OPEN"]),
      (
        [("click_intent", "intent://chat#Intent;end"), ("click_action", "OPEN")],
        ["type": 1, "intent": "intent://chat#Intent;end"]
      ),
    ]
    for (settings, click) in rows {
      // Where the parameter goes is a matter of Huawei's phones alone.
      let content = try content(
        request(ext: "x", info: ["ExtAsHuaweiIntentParam": 1]), settings: settings)
      #expect(content["android"]?["notification"]?["clickAction"] == click)
      #expect(content["data"] == #"{"ext":"x"}"#)
    }
  }

  @Test func aLongTextIsUnfoldedWhereTheSenderSaysSo() throws {
    let big = try content(request(info: ["PushStyle": 1]))["android"]?["notification"]
    #expect(big?["style"] == 1)
    #expect(big?["bigTitle"] == "Mia")
    #expect(big?["bigBody"] == "hello")
    let text = String(repeating: "好", count: 400)
    let ext = String(repeating: "x", count: 2_000)
    let long = try content(request(text: text, ext: ext, info: ["PushStyle": 1]))
    #expect(long["notification"]?["body"]?.string == text)
    #expect(long["android"]?["notification"]?["style"] == nil)
  }

  @Test func whatIsTooLongLosesTheEndOfItsText() throws {
    let text = String(repeating: "好", count: 400)
    let whole = HonorMessage.body(try content(request(text: text, ext: "x")), to: [])
    let room = 4_096 - whole.serialized().count + 1
    let fitting = try content(request(text: text, ext: String(repeating: "x", count: room)))
    #expect(fitting["notification"]?["body"]?.string == text)
    let cut = try content(request(text: text, ext: String(repeating: "x", count: room + 1)))
    #expect(
      cut["notification"]?["body"]?.string == String(repeating: "好", count: 398) + "…")
    let refused = #expect(throws: Refused.self) {
      try content(request(ext: String(repeating: "x", count: 4_000)))
    }
    #expect(refused?.verdict.reason == "payload_too_large")
  }

  @Test func whatIsMissingIsFoundOrRefused() throws {
    #expect(try content(request(text: ""))["notification"]?["body"] == "Mia")
    #expect(try content(request())["data"] == nil)
    #expect(try content(request())["android"]?["notification"]?["badge"] == nil)
    #expect(try content(request(), settings: [("test", true)])["android"]?["targetUserType"] == 1)
    var untitled = try request()
    untitled.notification.android?.title = ""
    let refused = #expect(throws: Refused.self) { try content(untitled) }
    #expect(refused?.verdict.reason == "title_missing")
  }
}

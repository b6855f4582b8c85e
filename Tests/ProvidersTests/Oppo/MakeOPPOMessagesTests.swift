import PushCore
import TestSupport
import Testing

@testable import Providers

@Suite struct MakeOPPOMessages {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func content(_ request: PushRequest, settings: [(String, JSON)] = []) throws -> JSON {
    let settings = JSON.object(
      [JSON.Member("app_key", "k")] + settings.map { JSON.Member($0, $1) })
    let scope = ChannelScope(
      app: request.app, credentialID: "main",
      credential: try OPPOCredential(settings: settings, secret: SecretText("s")), topics: [],
      now: Self.now
    ) { _ in .failure(HTTPFailure(reason: "never_called", mayHaveArrived: false)) }
    return try OPPOChannel.prepare(request, scope).content
  }

  private func request(
    text: String = "hello", ext: String? = nil, info: JSON? = nil,
    expiresIn: Duration = .seconds(3_600)
  ) throws -> PushRequest {
    try OPPORig.request(
      "CN_1", text: text, ext: ext, info: info, expiresAt: Self.now + expiresIn)
  }

  @Test func showsWhatTheTableSays() throws {
    var made = 0
    for row in try WorkedExample.rows(of: "oppo") {
      guard case .pushed(let notification) = try row.decided(for: .oppo) else { continue }
      var request = try request()
      request.notification = notification
      let shown = try content(request)
      made += 1
      let channel = row.expected.more.hasPrefix("channel ") ? row.expected.more.dropFirst(8) : nil
      #expect(shown["title"]?.string == row.expected.title, "\(row.name)")
      #expect(shown["content"]?.string == row.expected.text, "\(row.name)")
      #expect((shown["action_parameters"]?.string ?? "") == row.expected.ext, "\(row.name)")
      #expect(shown["channel_id"]?.string == channel.map(String.init), "\(row.name)")
      let isLong = row.expected.text.utf16.count > 50
      if isLong { #expect(shown["style"]?.integer == 2, "\(row.name)") }
    }
    #expect(made >= 20)
  }

  @Test func everyMemberOfExtIsAnExtraOfItsOwn() throws {
    func parameters(_ ext: String) throws -> JSON? {
      try content(try request(ext: ext))["action_parameters"]
    }
    #expect(try parameters(#"{ "id": 7, "to": {"a": [1]} }"#) == #"{"id":7,"to":{"a":[1]}}"#)
    #expect(try parameters("page=7") == #"{"ext":"page=7"}"#)
    #expect(try parameters("[1]") == #"{"ext":"[1]"}"#)
    #expect(try parameters(#""x""#) == #"{"ext":"\"x\""}"#)
    #expect(try content(try request())["action_parameters"] == nil)
    let refused = #expect(throws: Refused.self) {
      try parameters(String(repeating: "x", count: 4_087))
    }
    #expect(refused?.verdict.kind == .messageRefused)
    #expect(refused?.verdict.reason == "payload_too_large")
    #expect(try parameters(String(repeating: "x", count: 4_086)) != nil)
  }

  @Test func aLevelNeedsACategory() throws {
    let levels: [(JSON, String?, Int64?)] = [
      (["OPPONotifyLevel": 16], nil, nil),
      (["OPPONotifyLevel": 16, "OPPOCategory": "IM"], "IM", 16),
      (["OPPONotifyLevel": 2, "OPPOCategory": "IM"], "IM", 2),
      (["OPPONotifyLevel": 3, "OPPOCategory": "IM"], "IM", nil),
      (["OPPOCategory": "IM"], "IM", nil),
      (["OPPONotifyLevel": 1, "OPPOCategory": ""], nil, nil),
    ]
    for (info, category, level) in levels {
      let shown = try content(try request(info: info))
      #expect(shown["category"]?.string == category)
      #expect(shown["notify_level"]?.integer == level)
    }
  }

  @Test func aTemplateGoesWithItsParameters() throws {
    let shown = try content(
      try request(info: [
        "OPPOPrivateMsgTemplateId": "t1", "OPPOPrivateTitleParameters": ["name": "Mia"],
        "OPPOPrivateContentParameters": ["text": "hello"],
      ]))
    #expect(shown["private_msg_template_id"]?.string == "t1")
    #expect(shown["private_title_parameters"] == ["name": "Mia"])
    #expect(shown["private_content_parameters"] == ["text": "hello"])
    let bare = try content(try request(info: ["OPPOPrivateTitleParameters": ["name": "Mia"]]))
    #expect(bare["private_title_parameters"] == nil)
    let odd = try content(
      try request(info: ["OPPOPrivateMsgTemplateId": "t1", "OPPOPrivateTitleParameters": "Mia"]))
    #expect(odd["private_msg_template_id"]?.string == "t1")
    #expect(odd.members?.contains { $0.key == "private_title_parameters" } == false)
  }

  @Test func livesTenDaysAtMost() throws {
    for (life, seconds) in [(Duration.seconds(90), 90), (.zero, 1), (.seconds(8_640_000), 864_000)]
    {
      #expect(
        try content(try request(expiresIn: life))["off_line_ttl"]?.integer == Int64(seconds))
    }
  }

  @Test func everyAttemptHasTheDeliverysIDAndTheMessagesNumber() throws {
    var request = try request()
    let first = try content(request)
    request.attempt = 2
    #expect(try content(request) == first)
    #expect(first["app_message_id"]?.string == request.deliveryID.lowercaseText)
    #expect(first["notify_id"]?.integer == 7)
  }

  @Test func aTitleStandsInForAMissingText() throws {
    #expect(try content(try request(text: ""))["content"]?.string == "Mia")
  }

  @Test func theSendersChannelComesBeforeTheCredentials() throws {
    let named = try request(info: ["OPPOChannelID": "chat"])
    let settings: [(String, JSON)] = [("channel_id", "all")]
    #expect(try content(named, settings: settings)["channel_id"]?.string == "chat")
    #expect(try content(try request(), settings: settings)["channel_id"]?.string == "all")
  }

  @Test func asksForReceiptsWhereSomebodyTakesThem() throws {
    let shown = try content(
      try request(), settings: [("receipt_url", "https://push.example/r")])
    #expect(shown["call_back_url"]?.string == "https://push.example/r")
    #expect(shown["call_back_parameter"]?.string == "7")
    #expect(try content(try request())["call_back_parameter"] == nil)
  }
}

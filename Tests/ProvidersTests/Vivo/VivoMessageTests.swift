import PushCore
import Simulators
import TestSupport
import Testing

@testable import Providers

/// What vivo is given of a notification.
@Suite struct WriteMessagesForVivo {
  @Test func keepsToTheWorkedExamples() async throws {
    try await VivoRig.with { rig async throws in
      let scope = try rig.scope()
      var messages = 0
      for row in try WorkedExample.rows(of: "vivo") {
        guard case .pushed(let notification) = try row.decided(for: .vivo) else { continue }
        var request = try rig.request("reg-1")
        request.notification = notification
        let content = try VivoChannel.prepare(request, scope).content
        let shown = row.expected
        messages += 1
        #expect(content["title"]?.string == shown.title, "\(row.name)")
        #expect(content["content"]?.string == shown.text, "\(row.name)")
        #expect((content["clientCustomMap"]?["ext"]?.string ?? "") == shown.ext, "\(row.name)")
        #expect(content["notifyType"] == (shown.sound.isEmpty ? 1 : 4), "\(row.name)")
      }
      #expect(messages >= 16)
    }
  }

  @Test func putsEverythingWhereVivoLooksForIt() async throws {
    let url = "https://push.example/receipts"
    try await VivoRig.with(settings: [("receipt_url", .string(url))]) { rig async throws in
      var request = try rig.request(
        "reg-1", title: "Ann", ext: "page=7",
        info: ["VIVOClassification": 0, "VIVOCategory": "NEWS", "VIVONotifyType": "2"])
      request.expiresAt = rig.clock.now + .milliseconds(600_900)
      let result = await rig.send(request)
      #expect(result.outcome == .accepted)
      let push = try #require(rig.simulator.received().first)
      #expect(result.providerMessageID == push.id)
      #expect(
        try JSON.parse(push.payload) == [
          "appId": 10004, "title": "Ann", "content": "hello", "notifyType": 2,
          "timeToLive": 600, "skipType": 1, "classification": 0, "category": "NEWS",
          "clientCustomMap": ["ext": "page=7"],
          "extra": ["callback": .string(url), "callback.param": "7"], "notifyId": 7,
          "regId": "reg-1",
          "requestId": .string(request.deliveryID.lowercaseText + "-1-1"),
        ])
    }
  }

  @Test(
    arguments: [
      (JSON.string("1"), true, 1), (2, true, 2), ("3", true, 3), (4, true, 4), (9, true, 4),
      ("x", true, 4), (nil, true, 4), (nil, false, 1), (2, false, 1), ("3", false, 3),
      (4, false, 3),
    ] as [(JSON?, Bool, Int64)])
  func ringsAsItIsSaid(_ named: JSON?, _ hasSound: Bool, _ expected: Int64) async throws {
    try await VivoRig.with { rig async throws in
      let request = try rig.request(
        "reg-1", sound: hasSound ? "default" : nil,
        info: .object(present: [("VIVONotifyType", named)]))
      let content = try VivoChannel.prepare(request, try rig.scope()).content
      #expect(content["notifyType"]?.integer == expected)
    }
  }

  @Test(arguments: [
    (1, 60), (59, 60), (60, 60), (3_600, 3_600), (86_400, 86_400), (604_800, 86_400),
  ])
  func livesAsLongAsVivoAllows(_ seconds: Int64, _ expected: Int64) async throws {
    try await VivoRig.with { rig async throws in
      var request = try rig.request("reg-1")
      request.expiresAt = rig.clock.now + .seconds(seconds)
      let content = try VivoChannel.prepare(request, try rig.scope()).content
      #expect(content["timeToLive"]?.integer == expected)
    }
  }

  @Test func takesDataForTheAppUpToALimit() async throws {
    try await VivoRig.with { rig async throws in
      var request = try rig.request("reg-1", ext: String(repeating: "好", count: 1_021))
      let longest = await rig.send(request)
      #expect(longest.outcome == .accepted)
      request.notification.ext?.append("x")
      let tooLong = await rig.send(request)
      #expect(tooLong.outcome == .rejected)
      #expect(tooLong.reason == "payload_too_large")
      #expect(rig.simulator.receivedCount == 1)
    }
  }

  @Test func replacesWhatItShowedOfTheSame() async throws {
    try await VivoRig.with { rig async throws in
      let scope = try rig.scope()
      var request = try rig.request("reg-1")
      let first = try VivoChannel.prepare(request, scope).content["notifyId"]
      request.attempt = 2
      #expect(try VivoChannel.prepare(request, scope).content["notifyId"] == first)
      request.notification.collapseID = "order-7"
      let collapsed = try VivoChannel.prepare(request, scope).content["notifyId"]
      #expect(collapsed != first)
      request.position = 8
      #expect(try VivoChannel.prepare(request, scope).content["notifyId"] == collapsed)
    }
  }

  @Test func reachesOnlyPhonesOnTheTestListInTestMode() async throws {
    try await VivoRig.with(
      settings: [("test", true)], app: { $0.testTokens = ["reg-1", "reg-2"] }
    ) { rig async throws in
      #expect(try await rig.send("reg-1").outcome == .accepted)
      let stranger = try await rig.send("reg-9")
      #expect(stranger.outcome == .rejected)
      #expect(stranger.reason == "invalid_user_4")
      let verdicts = try await rig.sendTogether(["reg-1", "reg-2", "reg-9"])
      #expect(verdicts.map(\.kind) == [.accepted, .accepted, .messageRefused])
    }
  }

  @Test func isToldThatCategoryAndClassificationDiffer() async throws {
    try await VivoRig.with { rig async throws in
      let result = try await rig.send("reg-1", info: ["VIVOCategory": "NEWS"])
      #expect(result.outcome == .rejected)
      #expect(result.reason == "10097")
    }
  }
}

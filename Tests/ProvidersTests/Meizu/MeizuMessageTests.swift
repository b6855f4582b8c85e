import PushCore
import Simulators
import TestSupport
import Testing

@testable import Providers

/// What Meizu is given of a notification.
@Suite struct WriteMessagesForMeizu {
  @Test func keepsToTheWorkedExamples() async throws {
    try await MeizuRig.with { rig async throws in
      let scope = try rig.scope()
      var messages = 0
      for row in try WorkedExample.rows(of: "meizu") {
        guard case .pushed(let notification) = try row.decided(for: .meizu) else { continue }
        var request = try rig.request("id-1")
        request.notification = notification
        let content = try MeizuChannel.prepare(request, scope).content
        let shown = row.expected
        let click = content["clickTypeInfo"]
        let ring = content["advanceInfo"]?["notificationType"]
        messages += 1
        #expect(content["noticeBarInfo"]?["title"]?.string == shown.title, "\(row.name)")
        #expect(content["noticeBarInfo"]?["content"]?.string == shown.text, "\(row.name)")
        #expect((click?["customAttribute"]?.string ?? "") == shown.ext, "\(row.name)")
        #expect(click?["clickType"] == (shown.ext.isEmpty ? 0 : 3), "\(row.name)")
        #expect(ring?["sound"] == (shown.sound.isEmpty ? 0 : 1), "\(row.name)")
      }
      #expect(messages >= 18)
    }
  }

  @Test func putsEverythingWhereMeizuLooksForIt() async throws {
    let url = "https://push.example/receipts"
    try await MeizuRig.with(settings: [("receipt_url", .string(url))]) { rig async throws in
      var request = try rig.request("id-1", title: "Ann", ext: "page=7", position: 255)
      request.expiresAt = rig.clock.now + .seconds(86_400)
      let result = await rig.send(request)
      #expect(result.outcome == .accepted)
      let push = try #require(rig.simulator.received().first)
      #expect(result.providerMessageID == push.id)
      #expect(
        try JSON.parse(push.payload) == [
          "noticeBarInfo": ["noticeBarType": 0, "title": "Ann", "content": "hello"],
          "clickTypeInfo": ["clickType": 3, "customAttribute": "page=7"],
          "pushTimeInfo": ["offLine": 1, "validTime": 24],
          "advanceInfo": [
            "suspend": 1, "clearNoticeBar": 1, "fixDisplay": 0,
            "notificationType": ["vibrate": 1, "lights": 1, "sound": 1], "notifyKey": "ff",
          ],
          "extra": [
            "callback": .string(url), "callback.param": "255", "callback.type": "3",
          ],
        ])
    }
  }

  @Test(arguments: [
    (1, 1), (3_599, 1), (7_199, 1), (7_200, 2), (259_200, 72), (604_800, 72),
  ])
  func livesAsLongAsMeizuAllows(_ seconds: Int64, _ hours: Int64) async throws {
    try await MeizuRig.with { rig async throws in
      var request = try rig.request("id-1")
      request.expiresAt = rig.clock.now + .seconds(seconds)
      let content = try MeizuChannel.prepare(request, try rig.scope()).content
      #expect(content["pushTimeInfo"]?["validTime"]?.integer == hours)
    }
  }

  @Test func namesWhatReplacesWhatByEightCharacters() async throws {
    try await MeizuRig.with { rig async throws in
      let scope = try rig.scope()
      var request = try rig.request("id-1", position: .max)
      let key = try MeizuChannel.prepare(request, scope).content["advanceInfo"]?["notifyKey"]
      #expect(key == "7fffffff")
      request.notification.collapseID = "order-7"
      let collapsed = try MeizuChannel.prepare(request, scope).content["advanceInfo"]?["notifyKey"]
      #expect(collapsed != key)
      #expect((collapsed?.string?.count ?? 0) <= 8)
      #expect(try await rig.send("id-1").outcome == .accepted)
    }
  }

  @Test(arguments: ["", "a,b"]) func sendsNothingToWhatIsNoToken(_ token: String) async throws {
    try await MeizuRig.with { rig async throws in
      let result = try await rig.send(token)
      #expect(result.outcome == .rejected)
      #expect(result.reason == "token_malformed")
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func takesAThousandAtOnce() async throws {
    try await MeizuRig.with { rig async throws in
      let tokens = (1...MeizuChannel.recipients).map { "id-\($0)" }
      let verdicts = try await rig.sendTogether(tokens)
      #expect(verdicts.count { $0.kind == .accepted } == 1_000)
      #expect(Set(rig.simulator.received().map(\.id)).count == 1)
    }
  }
}

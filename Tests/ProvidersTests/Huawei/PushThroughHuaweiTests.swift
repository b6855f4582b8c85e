import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct PushThroughHuawei {
  @Test func anAcceptedPushArrivesAsItWasMade() async throws {
    try await HuaweiRig.with(settings: [("badge_class", "org.example.Main")]) { rig async throws in
      var request = try rig.request(
        "t1", ext: #"{"id":7}"#, sound: "bell", info: ["HuaWeiCategory": "IM"])
      request.notification.badge = 3
      let result = await rig.send(request)
      #expect(result.outcome == .accepted)
      #expect(result.status == 200)
      #expect(result.reason == nil)
      #expect(result.payloadSHA256?.count == 32)
      let push = try #require(rig.simulator.received().first)
      #expect(push.token == "t1")
      #expect(push.id == result.providerMessageID)
      #expect(
        push.note == [
          "delivery_id": "7", "title": "Mia", "text": "hello",
          "data": #"{"ext":"{\"id\":7}"}"#, "click_action": ["type": 3], "category": "IM",
          "importance": "NORMAL", "sound": "/raw/bell",
          "badge": ["set_num": 3, "class": "org.example.Main"], "ttl": "3600s", "notify_id": 7,
        ])
    }
  }

  static let table: [VendorRow] =
    [80_200_001, 80_300_002, 80_300_036, 80_300_037].map(VendorRow.blamesCredential)
    + [VendorRow.slowsDown(80_100_017), VendorRow.blamesHost(81_000_001)]
    + [
      80_100_001, 80_100_003, 80_100_004, 80_100_013, 80_100_016, 80_100_018, 80_300_008,
      80_300_010, 80_300_029, 80_300_030,
      // What is in no table is refused for good, and the token stays.
      80_300_099, 80_600_003, 90_000_000,
    ].map(VendorRow.refuses)
    + [VendorRow(80_300_007, .tokenInvalid)]

  @Test func everyCodeHasItsMeaning() async throws {
    try await HuaweiRig.with { rig async throws in
      for row in Self.table {
        rig.simulator.setFate(String(row.code), of: "t1", times: 1)
        let result = try await rig.send("t1")
        #expect(row.fits(result), "\(row.code): \(result)")
      }
      #expect(try await rig.send("t1").outcome == .accepted)
      let rows = Set(Self.table.map { String($0.code) } + ["80200003", "80200005"])
      #expect(rows.isSuperset(of: HuaweiOutcome.table.keys))
    }
  }

  @Test(arguments: ["80200003", "80200005", "401"])
  func anExpiredSessionIsRenewedOnce(code: String) async throws {
    try await HuaweiRig.with { rig async throws in
      rig.simulator.setFate(code, of: "t1", times: 1)
      #expect(try await rig.send("t1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
      rig.simulator.setFate(code, of: "t1")
      let result = try await rig.send("t1")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(rig.simulator.sessionsIssued == 3)
    }
  }

  @Test func answersThatSayNothingAreUnderstoodWithCare() async throws {
    let answers: [(SimulatedAnswer, AttemptOutcome, AttemptBlame)] = [
      (.text("<html>", contentType: "text/html"), .unknown, .host),
      (.json(["msg": "Success"]), .unknown, .host),
      (.json(["code": "80100000", "msg": "Some tokens failed"]), .unknown, .host),
      (.json(["code": 80_000_000, "msg": "Success"]), .accepted, .delivery),
      (.json(["code": 80_300_007]), .tokenInvalid, .delivery),
      (.json(["code": "80000000"], status: 400), .rejected, .delivery),
      (.text("Bad request", status: 400), .rejected, .delivery),
      (.text("<html>", status: 404), .retry, .credential),
      (.text("<html>", status: 500), .retry, .host),
      (.text("<html>", status: 502), .retry, .host),
      (.json(["code": "99999999"], status: 500), .retry, .host),
      (.text("<html>", status: 503), .retry, .pace),
      (.json(["code": "81000001"], status: 503), .retry, .pace),
    ]
    try await HuaweiRig.with { rig async throws in
      for (answer, outcome, blame) in answers {
        rig.simulator.inject(.init(.answer(answer), path: "/v1/"))
        let result = try await rig.send("t1")
        #expect(result.outcome == outcome, "\(answer)")
        #expect(result.blame == blame, "\(answer)")
        #expect(result.status == answer.status)
      }
    }
  }

  @Test func ofABatchEachTokenHasItsOwnEnd() async throws {
    try await HuaweiRig.with { rig async throws in
      for token in ["t3", "t11"] { rig.simulator.setFate("dead", of: token) }
      let verdicts = try await rig.sendTogether(try (0..<20).map { try rig.request("t\($0)") })
      for (index, verdict) in verdicts.enumerated() {
        let isDead = index == 3 || index == 11
        #expect(verdict.kind == (isDead ? .tokenDead : .accepted), "\(index)")
        #expect(verdict.reason == "80100000")
      }
      #expect(rig.simulator.acceptedCount == 18)
      #expect(Set(rig.simulator.received().map(\.id)).count == 1)
    }
  }

  @Test func whoIsNotNamedAmongTheFailedIsInDoubt() async throws {
    let report = #"{"success":1,"failure":2,"illegal_tokens":["t1"]}"#
    try await HuaweiRig.with { rig async throws in
      rig.simulator.inject(
        .init(.answer(.json(["code": "80100000", "msg": .string(report)])), path: "/v1/"))
      let verdicts = try await rig.sendTogether(try (0..<3).map { try rig.request("t\($0)") })
      #expect(verdicts.map(\.kind) == [.unknown, .tokenDead, .unknown])
    }
  }

  @Test func aThousandGoInOneRequest() async throws {
    try await HuaweiRig.with { rig async throws in
      let verdicts = try await rig.sendTogether(
        try (0..<HuaweiChannel.recipients).map { try rig.request("t\($0)") })
      #expect(verdicts.count == 1_000)
      #expect(verdicts.allSatisfy { $0.kind == .accepted })
      #expect(Set(rig.simulator.received().map(\.id)).count == 1)
    }
  }

  @Test func tenDeadTokensAreBelievedAndNoMoreInARow() async throws {
    try await HuaweiRig.with { rig async throws in
      rig.simulator.setFate("dead", of: "*")
      for index in 0..<10 {
        #expect(try await rig.send("t\(index)").outcome == .tokenInvalid)
      }
      let result = try await rig.send("t10")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == "every_token_refused: 80300007")
    }
  }

  @Test func aRepeatReplacesWhatThePhoneShows() async throws {
    try await HuaweiRig.with { rig async throws in
      rig.simulator.inject(.init(.close(accepted: true), path: "/v1/"))
      let request = try rig.request("t1")
      #expect(await rig.send(request).outcome == .unknown)
      #expect(await rig.send(request).outcome == .accepted)
      // Huawei takes both; the second shows itself in the first one's place.
      #expect(rig.simulator.counts.duplicates == 1)
      #expect(rig.note(0)["notify_id"] == 7)
      #expect(rig.note(1)["notify_id"] == 7)
    }
  }

  @Test func tooManyInASecondWait() async throws {
    try await HuaweiRig.with(app: { $0.requestsPerSecond = 1 }) { rig async throws in
      #expect(try await rig.send("t1").outcome == .accepted)
      let result = try await rig.send("t2")
      #expect(result.outcome == .retry)
      #expect(result.blame == .pace)
      #expect(result.reason == "http_503")
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("t2").outcome == .accepted)
    }
  }

  @Test func testsAreFew() async throws {
    try await HuaweiRig.with(settings: [("test", true)]) { rig async throws in
      _ = try await rig.sendTogether(try (0..<500).map { try rig.request("t\($0)") })
      let result = try await rig.send("t1")
      #expect(VendorRow.refuses(80_300_029).fits(result))
      #expect(rig.simulator.acceptedCount == 500)
    }
  }

  @Test func anEmptyTokenGoesNowhere() async throws {
    try await HuaweiRig.with { rig async throws in
      let result = try await rig.send("")
      #expect(result.outcome == .rejected)
      #expect(result.reason == "token_malformed")
      #expect(rig.simulator.receivedCount == 0)
    }
  }
}

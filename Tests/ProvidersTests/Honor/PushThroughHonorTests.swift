import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct PushThroughHonor {
  @Test func anAcceptedPushArrivesAsItWasMade() async throws {
    try await HonorRig.with(settings: [("badge_class", "org.example.Main")]) { rig async throws in
      var request = try rig.request("t1", ext: #"{"id":7}"#, info: ["HonorImportance": "LOW"])
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
          "data": #"{"ext":"{\"id\":7}"}"#, "click_action": ["type": 3], "importance": "LOW",
          "badge": ["setNum": 3, "badgeClass": "org.example.Main"], "ttl": "3600s",
          "notify_id": 7,
        ])
    }
  }

  static let table: [VendorRow] =
    [404, 10001, 10205, 10207, 80_200_020].map(VendorRow.blamesCredential)
    + [VendorRow.slowsDown(503)] + [500, 502, 504].map(VendorRow.blamesHost)
    + [
      400, 10300, 80_100_003, 80_200_022, 80_200_047, 80_200_050, 80_200_056, 80_300_006,
      80_300_008, 80_300_010,
      // What is in no table is refused for good, and the token stays.
      409, 10206, 80_300_099,
    ].map(VendorRow.refuses)
    + [VendorRow(80_300_007, .tokenInvalid)]

  @Test func everyCodeHasItsMeaning() async throws {
    try await HonorRig.with { rig async throws in
      for row in Self.table {
        rig.simulator.setFate(String(row.code), of: "t1", times: 1)
        let result = try await rig.send("t1")
        #expect(row.fits(result), "\(row.code): \(result)")
      }
      #expect(try await rig.send("t1").outcome == .accepted)
      let rows = Set(Self.table.map { String($0.code) } + ["401", "403"])
      #expect(rows.isSuperset(of: HonorOutcome.table.keys))
    }
  }

  @Test(arguments: ["401", "403"])
  func aRefusedSessionIsRenewedOnce(code: String) async throws {
    try await HonorRig.with { rig async throws in
      rig.simulator.setFate(code, of: "t1", times: 1)
      #expect(try await rig.send("t1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
      rig.simulator.setFate(code, of: "t1")
      let result = try await rig.send("t1")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == code)
      #expect(rig.simulator.sessionsIssued == 3)
    }
  }

  @Test func answersThatSayNothingAreUnderstoodWithCare() async throws {
    let answers: [(SimulatedAnswer, AttemptOutcome, AttemptBlame)] = [
      (.text("<html>", contentType: "text/html"), .unknown, .host),
      (.json(["message": "success"]), .unknown, .host),
      (.json(["code": "200"]), .accepted, .delivery),
      (.json(["code": 200, "data": ["sendResult": false]]), .unknown, .host),
      (.json(["code": 80_100_000]), .unknown, .host),
      (.json(["code": 80_100_000, "data": ["expireTokens": []]]), .accepted, .delivery),
      (.json(["code": 401, "message": "no"]), .retry, .credential),
      (.json(["code": 503, "message": "slow"]), .retry, .pace),
      (.json(["code": 80_300_007], status: 503), .retry, .pace),
      (.json(["code": 99_999_999], status: 500), .retry, .host),
      (.text("<html>", status: 400), .rejected, .delivery),
      (.text("<html>", status: 404), .retry, .credential),
      (.text("<html>", status: 502), .retry, .host),
      (.text("<html>", status: 503), .retry, .pace),
      (.text("<html>", status: 504), .retry, .host),
    ]
    try await HonorRig.with { rig async throws in
      for (answer, outcome, blame) in answers {
        // Twice: a session is renewed once, and the second answer stands.
        rig.simulator.inject(.init(.answer(answer), path: "/api/", times: nil))
        let result = try await rig.send("t1")
        rig.simulator.clearFaults()
        #expect(result.outcome == outcome, "\(answer)")
        #expect(result.blame == blame, "\(answer)")
        #expect(result.status == answer.status)
      }
    }
  }

  @Test(arguments: [false, true])
  func ofABatchEachTokenHasItsOwnEnd(saysPartly: Bool) async throws {
    try await HonorRig.with(app: { $0.saysPartly = saysPartly }) { rig async throws in
      rig.simulator.setFate("dead", of: "t3")
      rig.simulator.setFate("failed", of: "t11")
      let verdicts = try await rig.sendTogether(try (0..<20).map { try rig.request("t\($0)") })
      for (index, verdict) in verdicts.enumerated() {
        let expected: OutcomeKind =
          index == 3 ? .tokenDead : index == 11 ? .tokenMuted : .accepted
        #expect(verdict.kind == expected, "\(index)")
      }
      #expect(verdicts[3].reason == "expire_token")
      #expect(verdicts[11].reason == "fail_token")
      #expect(rig.simulator.acceptedCount == 18)
      #expect(Set(rig.simulator.received().map(\.id)).count == 1)
    }
  }

  @Test func aTokenThatFailedStays() async throws {
    try await HonorRig.with { rig async throws in
      rig.simulator.setFate("failed", of: "t1")
      let result = try await rig.send("t1")
      #expect(result.outcome == .rejected)
      #expect(result.reason == "fail_token")
      #expect(result.invalidSince == nil)
    }
  }

  @Test func aThousandGoInOneRequest() async throws {
    try await HonorRig.with { rig async throws in
      let verdicts = try await rig.sendTogether(
        try (0..<HonorChannel.recipients).map { try rig.request("t\($0)") })
      #expect(verdicts.count == 1_000)
      #expect(verdicts.allSatisfy { $0.kind == .accepted })
      #expect(Set(rig.simulator.received().map(\.id)).count == 1)
    }
  }

  @Test func tenDeadTokensAreBelievedAndNoMoreInARow() async throws {
    try await HonorRig.with { rig async throws in
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
    try await HonorRig.with { rig async throws in
      rig.simulator.inject(.init(.close(accepted: true), path: "/api/"))
      let request = try rig.request("t1")
      #expect(await rig.send(request).outcome == .unknown)
      #expect(await rig.send(request).outcome == .accepted)
      // Honor takes both; the second shows itself in the first one's place.
      #expect(rig.simulator.counts.duplicates == 1)
      #expect(rig.note(0)["notify_id"] == 7)
      #expect(rig.note(1)["notify_id"] == 7)
    }
  }

  @Test func tooManyInASecondWait() async throws {
    try await HonorRig.with(app: { $0.requestsPerSecond = 1 }) { rig async throws in
      #expect(try await rig.send("t1").outcome == .accepted)
      let result = try await rig.send("t2")
      #expect(VendorRow.slowsDown(503).fits(result))
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("t2").outcome == .accepted)
    }
  }

  @Test func aClockThatIsWrongIsNotTheMessagesFault() async throws {
    for ahead in [Duration.seconds(-601), .seconds(601)] {
      try await HonorRig.with(ahead: ahead) { rig async throws in
        let result = try await rig.send("t1")
        #expect(VendorRow.blamesCredential(10207).fits(result))
      }
    }
    try await HonorRig.with(ahead: .seconds(590)) { rig async throws in
      let result = try await rig.send("t1")
      #expect(result.outcome == .accepted)
    }
  }

  @Test func anEmptyTokenGoesNowhere() async throws {
    try await HonorRig.with { rig async throws in
      let result = try await rig.send("")
      #expect(result.outcome == .rejected)
      #expect(result.reason == "token_malformed")
      #expect(rig.simulator.receivedCount == 0)
    }
  }
}

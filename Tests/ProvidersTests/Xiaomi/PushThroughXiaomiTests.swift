import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct PushThroughXiaomi {
  @Test func anAcceptedPushArrivesAsItWasMade() async throws {
    try await XiaomiRig.with { rig async throws in
      let request = try rig.request("reg1", ext: #"{"id":7}"#)
      let result = await rig.send(request)
      #expect(result.outcome == .accepted)
      #expect(result.status == 200)
      #expect(result.reason == nil)
      #expect(result.payloadSHA256?.count == 32)
      let push = try #require(rig.simulator.received().first)
      #expect(push.token == "reg1")
      #expect(push.id == result.providerMessageID)
      #expect(
        push.note == [
          "delivery_id": "7", "package": "org.example.chat", "title": "Mia", "text": "hello",
          "ext": #"{"id":7}"#, "notify_type": "-1", "notify_id": "7",
          "time_to_live": "3600000", "shown": true,
        ])
    }
  }

  static let table: [VendorRow] =
    [10001, 10002, 10003, 10009, 20301, 26003].map(VendorRow.blamesHost)
    + [
      10004, 10005, 10013, 10014, 10026, 10031, 10036, 21301, 21302, 21303, 21305, 22000, 22001,
      22002, 22003, 22004, 22005, 22006, 22007, 22008, 22022, 26006,
    ].map(VendorRow.blamesCredential)
    + [10022, 10023, 10024, 10027, 10028, 26004, 200_002].map(VendorRow.slowsDown)
    + [10034, 200_001].map(VendorRow.endsTheDay)
    + [
      10008, 10012, 10016, 10017, 10018, 10037, 10041, 22100, 22101, 22102, 22103, 27001, 65009,
      65010, 65023, 65038, 10029, 65003,
      // What nobody knows yet is refused for good, and the token stays.
      10099, 30000, 66008,
    ].map(VendorRow.refuses)
    + [VendorRow(66007, .tokenInvalid)]

  @Test func everyCodeHasItsMeaning() async throws {
    try await XiaomiRig.with { rig async throws in
      for row in Self.table {
        rig.simulator.setFate(String(row.code), of: "reg1", times: 1)
        let result = try await rig.send("reg1")
        #expect(row.fits(result), "\(row.code): \(result)")
      }
      #expect(try await rig.send("reg1").outcome == .accepted)
    }
  }

  @Test(arguments: ["10001", "10003", "20301"])
  func whatFailsForNoCauseIsTriedThreeTimes(code: String) async throws {
    try await XiaomiRig.with { rig async throws in
      rig.simulator.setFate(code, of: "reg1")
      #expect(try await rig.send(rig.request("reg1", attempt: 2)).outcome == .retry)
      #expect(try await rig.send(rig.request("reg1", attempt: 3)).outcome == .rejected)
    }
  }

  @Test func aDeadTargetAloneEndsTheDeliveryAndLeavesTheToken() async throws {
    try await XiaomiRig.with { rig async throws in
      rig.simulator.setFate("dead", of: "reg1")
      let result = try await rig.send("reg1")
      #expect(result.outcome == .rejected)
      #expect(result.reason == "no_valid_targets")
      #expect(result.blame == .delivery)
    }
  }

  @Test func oneIllegalTokenAmongManyIsFound() async throws {
    try await XiaomiRig.with { rig async throws in
      rig.simulator.setFate("66007", of: "reg11")
      rig.simulator.setFate("10029", of: "reg3")
      let requests = try (0..<20).map { try rig.request("reg\($0)") }
      let verdicts = try await rig.sendTogether(requests)
      for (index, verdict) in verdicts.enumerated() {
        let expected: OutcomeKind =
          index == 11 ? .tokenDead : index == 3 ? .tokenMuted : .accepted
        #expect(verdict.kind == expected, "\(index)")
      }
      #expect(rig.simulator.counts.duplicates == 0)
    }
  }

  @Test func aThousandGoInOneRequest() async throws {
    try await XiaomiRig.with { rig async throws in
      let verdicts = try await rig.sendTogether(
        try (0..<XiaomiChannel.recipients).map { try rig.request("reg\($0)") })
      #expect(verdicts.count == 1_000)
      #expect(verdicts.allSatisfy { $0.kind == .accepted })
      #expect(Set(rig.simulator.received().map(\.id)).count == 1)
      #expect(rig.simulator.acceptedCount == 1_000)
    }
  }

  @Test func answersThatSayNothingAreUnderstoodWithCare() async throws {
    let answers: [(SimulatedAnswer, AttemptOutcome, AttemptBlame)] = [
      (.text("<html>", contentType: "text/html"), .unknown, .host),
      (.json(["result": "ok"]), .unknown, .host),
      (.json(["result": "error", "code": 0]), .unknown, .host),
      (.json(["result": "ok", "code": "0", "data": ["id": "m"]]), .accepted, .delivery),
      (.json(["result": "error", "code": "66007"]), .tokenInvalid, .delivery),
      (
        .json(["result": "error", "code": 99999, "reason": "No valid targets!"]), .rejected,
        .delivery
      ),
      (.text("Bad Gateway", status: 502), .retry, .host),
      (.json(["code": 99999], status: 500), .retry, .host),
      (.json(["code": 10009], status: 503), .retry, .host),
      (.text("", status: 403), .retry, .credential),
      (.text("", status: 429), .retry, .pace),
    ]
    try await XiaomiRig.with { rig async throws in
      for (answer, outcome, blame) in answers {
        rig.simulator.inject(.init(.answer(answer)))
        let result = try await rig.send("reg1")
        #expect(result.outcome == outcome, "\(answer)")
        #expect(result.blame == blame, "\(answer)")
        #expect(result.status == answer.status)
      }
    }
  }

  @Test func whatHadToBeSentTwiceIsShownOnce() async throws {
    try await XiaomiRig.with { rig async throws in
      rig.simulator.inject(.init(.close(accepted: true)))
      let request = try rig.request("reg1")
      #expect(await rig.send(request).outcome == .unknown)
      #expect(await rig.send(request).outcome == .accepted)
      #expect(rig.note(0)["shown"]?.bool == true)
      #expect(rig.note(1)["shown"]?.bool == false)
      #expect(try await rig.send(rig.request("reg1", position: 8)).outcome == .accepted)
      #expect(rig.note(2)["shown"]?.bool == true)
    }
  }

  @Test func aTokenWithACommaIsNoneAndGoesNowhere() async throws {
    try await XiaomiRig.with { rig async throws in
      let result = try await rig.send("reg1,reg2")
      #expect(result.outcome == .rejected)
      #expect(result.reason == "token_malformed")
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func theDaysNumberComesBackAtMidnightInChina() async throws {
    try await XiaomiRig.with(app: { $0.pushesPerDay = 1 }) { rig async throws in
      #expect(try await rig.send("reg1").outcome == .accepted)
      let result = try await rig.send("reg2")
      #expect(VendorRow.endsTheDay(200_001).fits(result))
      rig.clock.advance(try #require(result.retryAfter) - .seconds(1))
      #expect(try await rig.send("reg2").reason == "200001")
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("reg2").outcome == .accepted)
    }
  }

  @Test func tooManyInASecondWait() async throws {
    try await XiaomiRig.with(app: { $0.requestsPerSecond = 1 }) { rig async throws in
      #expect(try await rig.send("reg1").outcome == .accepted)
      #expect(try await VendorRow.slowsDown(200_002).fits(rig.send("reg2")))
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("reg2").outcome == .accepted)
    }
  }
}

import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct PushThroughOPPO {
  @Test func anAcceptedPushArrivesAsItWasMade() async throws {
    try await OPPORig.with { rig async throws in
      let request = try rig.request(
        "CN_1", ext: #"{"id":7}"#, info: ["OPPOChannelID": "chat", "OPPOCategory": "IM"])
      let result = await rig.send(request)
      #expect(result.outcome == .accepted)
      #expect(result.status == 200)
      #expect(result.reason == nil)
      let push = try #require(rig.simulator.received().first)
      #expect(push.token == "CN_1")
      #expect(push.id == result.providerMessageID)
      #expect(
        push.note == [
          "delivery_id": .string(request.deliveryID.lowercaseText), "title": "Mia",
          "text": "hello", "ext": #"{"id":7}"#, "channel": "chat", "category": "IM",
          "notify_id": 7, "off_line_ttl": 3600,
        ])
    }
  }

  static let table: [VendorRow] =
    [
      12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30,
      // After one more try with a new session.
      11, 29,
    ].map(VendorRow.blamesCredential)
    + [-2, 13, 55, 69].map(VendorRow.slowsDown) + [33, 42].map(VendorRow.endsTheDay)
    + [40, 41, 51, 54, 67, 10001, 15000, 20000, 99].map(VendorRow.refuses)
    + [VendorRow.blamesHost(-1), VendorRow(10000, .tokenInvalid), VendorRow(32, .accepted)]

  @Test func everyCodeHasItsMeaning() async throws {
    try await OPPORig.with { rig async throws in
      for row in Self.table {
        rig.simulator.setFate(String(row.code), of: "CN_1")
        let result = try await rig.send("CN_1")
        #expect(row.fits(result), "\(row.code): \(result)")
      }
      rig.simulator.clearFates()
      #expect(try await rig.send("CN_1").outcome == .accepted)
    }
  }

  @Test func eachOfABatchLearnsItsOwn() async throws {
    try await OPPORig.with { rig async throws in
      let fates: [(String, OutcomeKind)] = [
        ("10000", .tokenDead), ("41", .messageRefused), ("32", .accepted),
        ("10007", .messageRefused),
      ]
      for (index, fate) in fates.enumerated() {
        rig.simulator.setFate(fate.0, of: "CN_\(index)")
      }
      let verdicts = try await rig.sendTogether(
        try (0..<20).map { try rig.request("CN_\($0)", text: "hello \($0)") })
      for (index, verdict) in verdicts.enumerated() {
        let expected = fates.indices.contains(index) ? fates[index].1 : .accepted
        #expect(verdict.kind == expected, "\(index)")
      }
      let received = rig.simulator.received()
      #expect(received.count == 20)
      for index in 4..<20 {
        #expect(received[index].note["text"]?.string == "hello \(index)")
        #expect(received[index].id == verdicts[index].messageID)
      }
    }
  }

  @Test(arguments: [("13", OutcomeKind.throttled), ("33", .quotaUsedUp), ("-1", .serverFault)])
  func aBatchMayBeRefusedWhole(code: String, kind: OutcomeKind) async throws {
    try await OPPORig.with { rig async throws in
      rig.simulator.setFate(code, of: "CN_1", times: 1)
      let verdicts = try await rig.sendTogether(try (0..<3).map { try rig.request("CN_\($0)") })
      #expect(verdicts.map(\.kind) == [kind, kind, kind])
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func aBatchRefusedForOneMessageIsSentInParts() async throws {
    try await OPPORig.with { rig async throws in
      let path = "/server/v1/message/notification/unicast_batch"
      for _ in 0..<2 {
        rig.simulator.inject(
          .init(.answer(.json(["code": 41, "message": "", "data": [:]])), path: path))
      }
      let verdicts = try await rig.sendTogether(try (0..<8).map { try rig.request("CN_\($0)") })
      #expect(verdicts.allSatisfy { $0.kind == .accepted })
      #expect(Set(rig.simulator.received().map(\.token)).count == 8)
      #expect(rig.simulator.counts.duplicates == 0)
    }
  }

  @Test func whoIsMissingInTheAnswerIsUnknown() async throws {
    try await OPPORig.with { rig async throws in
      let rows: JSON = [
        ["registrationId": "CN_1", "messageId": "m1"],
        ["registrationId": "CN_2", "errorCode": "10000"],
        ["registrationId": "CN_3", "errorCode": "?"],
      ]
      rig.simulator.inject(
        .init(
          .answer(.json(["code": 0, "data": rows])), path: "/server/v1/message"))
      let verdicts = try await rig.sendTogether(try (0..<4).map { try rig.request("CN_\($0)") })
      #expect(verdicts.map(\.kind) == [.unknown, .accepted, .tokenDead, .unknown])
    }
  }

  @Test func aThousandLongMessagesGoInSeveralRequests() async throws {
    try await OPPORig.with { rig async throws in
      let ext = #"{"x":""# + String(repeating: "y", count: 1_000) + #""}"#
      let verdicts = try await rig.sendTogether(
        try (0..<OPPOChannel.recipients).map { try rig.request("CN_\($0)", ext: ext) })
      #expect(verdicts.count == 1_000)
      #expect(verdicts.allSatisfy { $0.kind == .accepted })
      #expect(rig.simulator.acceptedCount == 1_000)
    }
  }

  @Test func answersThatSayNothingAreUnderstoodWithCare() async throws {
    let answers: [(SimulatedAnswer, AttemptOutcome, AttemptBlame)] = [
      (.text("<html>", contentType: "text/html"), .unknown, .host),
      (.json(["message": "ok"]), .unknown, .host),
      (.json(["code": "0", "data": ["messageId": "m"]]), .accepted, .delivery),
      (.json(["code": "10000"]), .tokenInvalid, .delivery),
      (.text("Bad Gateway", status: 502), .retry, .host),
      (.json(["code": 0], status: 500), .retry, .host),
      (.json(["code": 13], status: 503), .retry, .pace),
      (.text("", status: 403), .retry, .credential),
    ]
    try await OPPORig.with { rig async throws in
      for (answer, outcome, blame) in answers {
        rig.simulator.inject(.init(.answer(answer), path: "/server/v1/message"))
        let result = try await rig.send("CN_1")
        #expect(result.outcome == outcome, "\(answer)")
        #expect(result.blame == blame, "\(answer)")
        #expect(result.status == answer.status)
      }
    }
  }

  @Test func whatHadToBeSentTwiceArrivesOnce() async throws {
    try await OPPORig.with { rig async throws in
      rig.simulator.inject(.init(.close(accepted: true), path: "/server/v1/message"))
      let request = try rig.request("CN_1")
      #expect(await rig.send(request).outcome == .unknown)
      let again = await rig.send(request)
      #expect(again.outcome == .accepted)
      #expect(again.reason == nil)
      #expect(rig.simulator.acceptedCount == 1)
      #expect(rig.simulator.receivedCount == 2)
    }
  }

  @Test func theDaysNumberComesBackAtMidnightInChina() async throws {
    try await OPPORig.with(app: {
      $0.pushesPerDay = 1
      $0.privateChannels = ["chat"]
    }) { rig async throws in
      #expect(try await rig.send("CN_1").outcome == .accepted)
      let result = try await rig.send("CN_2")
      #expect(VendorRow.endsTheDay(33).fits(result))
      let service: JSON = ["OPPOChannelID": "chat", "OPPOPrivateMsgTemplateId": "t1"]
      #expect(
        try await rig.send(rig.request("CN_2", info: service)).outcome == .accepted)
      rig.clock.advance(try #require(result.retryAfter))
      #expect(try await rig.send("CN_2").outcome == .accepted)
    }
  }

  @Test func tooManyInASecondWait() async throws {
    try await OPPORig.with(app: { $0.requestsPerSecond = 1 }) { rig async throws in
      #expect(try await rig.send("CN_1").outcome == .accepted)
      #expect(try await VendorRow.slowsDown(13).fits(rig.send("CN_2")))
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("CN_2").outcome == .accepted)
    }
  }

  @Test func aPrivateChannelWithoutATemplateIsRefused() async throws {
    try await OPPORig.with(app: { $0.privateChannels = ["chat"] }) { rig async throws in
      let request = try rig.request("CN_1", info: ["OPPOChannelID": "chat"])
      #expect(VendorRow.refuses(54).fits(await rig.send(request)))
    }
  }
}

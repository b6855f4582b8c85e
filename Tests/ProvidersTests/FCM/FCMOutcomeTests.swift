import PushCore
import Simulators
import Testing

@testable import Providers

/// FCM's whole table, over the wire.
@Suite struct UnderstandFCM {
  struct Row: Sendable, CustomStringConvertible {
    var said: String
    var outcome: AttemptOutcome
    var blame: AttemptBlame
    var status: Int?
    var reason: String?
    var wait: Duration?

    init(
      _ said: String, _ status: Int?, _ outcome: AttemptOutcome, _ blame: AttemptBlame,
      _ reason: String?, wait: Int64? = nil
    ) {
      self.said = said
      self.outcome = outcome
      self.blame = blame
      self.status = status
      self.reason = reason
      self.wait = wait.map { .seconds($0) }
    }

    var description: String { said }

    func agrees(with result: AttemptResult) -> Bool {
      result.outcome == outcome && result.blame == blame && result.status == status
        && result.reason == reason && result.retryAfter == wait
    }
  }

  /// By the simulator's fates.
  static let fates = [
    Row("UNREGISTERED", 404, .tokenInvalid, .delivery, "UNREGISTERED"),
    Row("APNS_UNREGISTERED", 400, .tokenInvalid, .delivery, "INVALID_ARGUMENT Unregistered"),
    Row("INVALID_ARGUMENT", 400, .rejected, .delivery, "INVALID_ARGUMENT"),
    Row(
      "INVALID_ARGUMENT_FIELD", 400, .rejected, .delivery,
      "INVALID_ARGUMENT message.data[0].value"),
    Row("SENDER_ID_MISMATCH", 403, .rejected, .delivery, "SENDER_ID_MISMATCH"),
    Row(
      "THIRD_PARTY_AUTH_ERROR", 401, .retry, .delivery,
      "THIRD_PARTY_AUTH_ERROR InvalidProviderToken", wait: 60),
    Row("UNAUTHENTICATED", 401, .retry, .credential, "UNAUTHENTICATED"),
    Row("PERMISSION_DENIED", 403, .retry, .credential, "PERMISSION_DENIED"),
    Row("NOT_FOUND", 404, .retry, .credential, "NOT_FOUND"),
    Row("QUOTA_EXCEEDED", 429, .retry, .delivery, "QUOTA_EXCEEDED", wait: 60),
    Row("QUOTA_EXCEEDED:30", 429, .retry, .delivery, "QUOTA_EXCEEDED", wait: 30),
    Row("INTERNAL", 500, .retry, .host, "INTERNAL", wait: 10),
    Row("INTERNAL:4", 500, .retry, .host, "INTERNAL", wait: 10),
    Row("INTERNAL:40", 500, .retry, .host, "INTERNAL", wait: 40),
    Row("UNAVAILABLE", 503, .retry, .host, "UNAVAILABLE", wait: 10),
    Row("UNAVAILABLE:5", 503, .retry, .host, "UNAVAILABLE", wait: 5),
    Row("UNSPECIFIED_ERROR", 400, .rejected, .delivery, "INVALID_ARGUMENT"),
    Row("SOMETHING_NEW", 400, .rejected, .delivery, "SOMETHING_NEW"),
  ]

  @Test(arguments: fates) func aCodeHasItsMeaning(_ row: Row) async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.setFate(row.said, of: "phone")
      let result = await rig.send("phone")
      #expect(row.agrees(with: result), "\(result)")
      #expect(result.invalidSince == (row.outcome == .tokenInvalid ? rig.clock.now : nil))
      #expect(await rig.send("another").outcome == .accepted)
    }
  }

  private static func error(_ status: String, _ details: String) -> String {
    #"{"error":{"status":"\#(status)","details":[\#(details)]}}"#
  }

  private static func detail(_ type: String, _ more: String) -> String {
    #"{"@type":"type.googleapis.com/\#(type)",\#(more)}"#
  }

  /// By what a front end, an older or a newer server may answer.
  private static let answers: [(SimulatedAnswer, Row)] = [
    (.empty(200), Row("200 empty", 200, .unknown, .host, "answer_unreadable")),
    (
      .text("<html>", contentType: "text/html"),
      Row("200 HTML", 200, .unknown, .host, "answer_unreadable")
    ),
    (.json([:]), Row("200 without a name", 200, .unknown, .host, "answer_unreadable")),
    (.empty(302), Row("302", 302, .rejected, .delivery, "http_302")),
    (.empty(400), Row("400 empty", 400, .rejected, .delivery, "http_400")),
    (.empty(401), Row("401 empty", 401, .retry, .credential, "http_401")),
    (.empty(403), Row("403 empty", 403, .retry, .credential, "http_403")),
    (
      .text("<html>", status: 404, contentType: "text/html"),
      Row("404 HTML", 404, .retry, .credential, "http_404")
    ),
    (.empty(408), Row("408", 408, .retry, .host, "http_408", wait: 10)),
    (.empty(413), Row("413", 413, .rejected, .delivery, "http_413")),
    (.empty(429), Row("429 empty", 429, .retry, .delivery, "http_429", wait: 60)),
    (.empty(500), Row("500 empty", 500, .retry, .host, "http_500", wait: 10)),
    (.empty(501), Row("501 empty", 501, .retry, .host, "http_501", wait: 10)),
    (
      .text("<html>", status: 502, contentType: "text/html"),
      Row("502 HTML", 502, .unknown, .host, "http_502")
    ),
    (.empty(504), Row("504", 504, .unknown, .host, "http_504")),
    (
      SimulatedAnswer(
        // The rig's clock stands at 08:00:00 that day.
        status: 503, headers: [("retry-after", "Fri, 15 Jan 2027 08:00:20 GMT")]),
      Row("503 until a date", 503, .retry, .host, "http_503", wait: 20)
    ),
    (
      .text(
        error(
          "NOT_FOUND",
          detail("google.firebase.fcm.v1.FcmErrorCode", #""errorCode":"UNREGISTERED""#)),
        status: 404),
      Row("an older type", 404, .tokenInvalid, .delivery, "UNREGISTERED")
    ),
    (
      .text(
        error("INTERNAL", detail("x.FcmError", #""errorCode":"UNSPECIFIED_ERROR""#)), status: 500),
      Row("nothing known, with 500", 500, .retry, .host, "INTERNAL", wait: 10)
    ),
    (
      .text(
        error("PERMISSION_DENIED", detail("x.FcmError", #""errorCode":"NEW_RULE""#)), status: 403),
      Row("a new code with 403", 403, .rejected, .delivery, "NEW_RULE")
    ),
    (
      .text(
        error("RESOURCE_EXHAUSTED", detail("google.rpc.RetryInfo", #""retryDelay":"7.2s""#)),
        status: 429),
      Row("RetryInfo", 429, .retry, .delivery, "RESOURCE_EXHAUSTED", wait: 8)
    ),
    (
      .text(
        error(
          "INVALID_ARGUMENT",
          detail("x.FcmError", #""errorCode":"INVALID_ARGUMENT""#) + ","
            + detail("x.ApnsError", #""statusCode":400,"reason":"BadTopic""#)),
        status: 400),
      Row("another of Apple's reasons", 400, .rejected, .delivery, "INVALID_ARGUMENT BadTopic")
    ),
    (
      .text(error("UNREGISTERED", ""), status: 404),
      Row("dead only by FcmError", 404, .retry, .credential, "UNREGISTERED")
    ),
    (
      .text(error("what Ann wrote", ""), status: 400),
      Row("a reason that is none", 400, .rejected, .delivery, "http_400")
    ),
  ]

  @Test(arguments: answers.indices) func anAnswerHasItsMeaning(_ index: Int) async throws {
    let (answer, row) = Self.answers[index]
    try await FCMRig.with { rig async throws in
      rig.answer(answer)
      let result = await rig.send("phone")
      #expect(row.agrees(with: result), "\(row): \(result)")
    }
  }

  @Test func whatWasTakenHasFCMsID() async throws {
    try await FCMRig.with { rig async throws in
      let result = await rig.send("phone")
      #expect(result.outcome == .accepted)
      #expect(result.status == 200)
      #expect(result.reason == nil)
      let push = try #require(rig.simulator.received().first)
      #expect(result.providerMessageID == push.id)
      #expect(push.id.hasPrefix("projects/shop-7f3a1/messages/0:"))
      #expect(push.token == "phone")
    }
  }

  @Test func aLostAnswerIsUnknown() async throws {
    try await FCMRig.with { rig async throws in
      #expect(await rig.send("first").outcome == .accepted)
      rig.simulator.inject(SimulatedFault(.close(accepted: true), path: "/v1/"))
      let result = await rig.send("phone")
      #expect(result.outcome == .unknown)
      #expect(result.blame == .host)
      #expect(rig.simulator.acceptedCount == 2)
    }
  }

  @Test func aRefusedStreamIsSentAgainAtOnce() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.reset(code: 7), path: "/v1/"))
      #expect(await rig.send("phone").outcome == .accepted)
      #expect(rig.simulator.receivedCount == 1)
    }
  }

  /// Eleven phones in a row whose app is gone: rather is something wrong with the credential.
  @Test func notAllTokensDieAtOnce() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.setFate("UNREGISTERED", of: "*")
      var outcomes: [AttemptOutcome] = []
      for number in 0..<11 { outcomes.append(await rig.send("phone\(number)").outcome) }
      #expect(outcomes == Array(repeating: .tokenInvalid, count: 10) + [.retry])
    }
  }

  /// QUOTA_EXCEEDED does not say whose quota it is: so many in a row say that it is the project's.
  @Test func manyBusyPhonesAreTheSendersPace() async throws {
    try await FCMRig.with { rig async throws in
      rig.simulator.setFate("QUOTA_EXCEEDED", of: "*")
      var blames: [AttemptBlame] = []
      for number in 0..<11 { blames.append(await rig.send("phone\(number)").blame) }
      #expect(blames == Array(repeating: .delivery, count: 10) + [.pace])
    }
  }
}

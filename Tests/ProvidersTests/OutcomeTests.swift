import PushCore
import Testing

@testable import Providers

@Suite struct MapAnswer {
  typealias Rule = APNsOutcome.Rule

  /// The whole table: status, reason, and what it means.
  static let table: [(status: Int, reason: String?, rule: Rule)] = [
    (200, nil, Rule(outcome: .accepted)),
    (400, "BadCollapseId", Rule(outcome: .rejected)),
    (400, "BadDeviceToken", Rule(outcome: .rejected)),
    (400, "BadExpirationDate", Rule(outcome: .rejected)),
    (400, "BadMessageId", Rule(outcome: .rejected)),
    (400, "BadPriority", Rule(outcome: .rejected)),
    (400, "BadTopic", Rule(outcome: .rejected)),
    (400, "DeviceTokenNotForTopic", Rule(outcome: .rejected)),
    (400, "DuplicateHeaders", Rule(outcome: .rejected)),
    (400, "IdleTimeout", Rule(outcome: .retry, blame: .host, remedy: .resend)),
    (400, "InvalidPushType", Rule(outcome: .rejected)),
    (400, "MissingDeviceToken", Rule(outcome: .rejected)),
    (400, "MissingTopic", Rule(outcome: .rejected)),
    (400, "PayloadEmpty", Rule(outcome: .rejected)),
    (400, "TopicDisallowed", Rule(outcome: .retry, blame: .credential)),
    (403, "BadCertificate", Rule(outcome: .retry, blame: .credential)),
    (403, "BadCertificateEnvironment", Rule(outcome: .retry, blame: .credential)),
    (
      403, "ExpiredProviderToken",
      Rule(outcome: .retry, blame: .credential, remedy: .resendWithNewToken)
    ),
    (403, "Forbidden", Rule(outcome: .rejected)),
    (403, "InvalidProviderToken", Rule(outcome: .retry, blame: .credential)),
    (403, "MissingProviderToken", Rule(outcome: .retry, blame: .credential)),
    (403, "UnrelatedKeyIdInToken", Rule(outcome: .retry, blame: .credential, remedy: .resend)),
    (403, "BadEnvironmentKeyIdInToken", Rule(outcome: .retry, blame: .credential)),
    (403, "BadEnvironmentKeyInToken", Rule(outcome: .retry, blame: .credential)),
    (404, "BadPath", Rule(outcome: .rejected)),
    (405, "MethodNotAllowed", Rule(outcome: .rejected)),
    (410, "ExpiredToken", Rule(outcome: .tokenInvalid)),
    (410, "Unregistered", Rule(outcome: .tokenInvalid)),
    (413, "PayloadTooLarge", Rule(outcome: .rejected)),
    (429, "TooManyRequests", Rule(outcome: .retry, retryAfter: .seconds(60))),
    (
      429, "TooManyProviderTokenUpdates",
      Rule(
        outcome: .retry, blame: .credential, retryAfter: .seconds(60), remedy: .replaceConnection)
    ),
    (
      500, "InternalServerError",
      Rule(outcome: .retry, blame: .host, retryAfter: .seconds(900))
    ),
    (503, "ServiceUnavailable", Rule(outcome: .retry, blame: .host)),
    (503, "Shutdown", Rule(outcome: .retry, blame: .host, remedy: .resend)),
    // Reasons that nobody knows yet, and answers without one.
    (201, nil, Rule(outcome: .accepted)),
    (302, nil, Rule(outcome: .retry, blame: .host)),
    (400, "SomethingNew", Rule(outcome: .rejected)),
    (401, nil, Rule(outcome: .retry, blame: .credential)),
    (403, "SomethingNew", Rule(outcome: .retry, blame: .credential)),
    (407, nil, Rule(outcome: .retry, blame: .credential)),
    (408, nil, Rule(outcome: .retry, blame: .host)),
    (410, "SomethingNew", Rule(outcome: .tokenInvalid)),
    (421, nil, Rule(outcome: .retry, blame: .host, remedy: .resend)),
    (425, nil, Rule(outcome: .retry, blame: .host)),
    (429, "SomethingNew", Rule(outcome: .retry, retryAfter: .seconds(60))),
    (451, nil, Rule(outcome: .rejected)),
    (502, nil, Rule(outcome: .retry, blame: .host, retryAfter: .seconds(900))),
    // A reason under a status that is not its own says nothing.
    (500, "BadDeviceToken", Rule(outcome: .retry, blame: .host, retryAfter: .seconds(900))),
    (400, "Unregistered", Rule(outcome: .rejected)),
  ]

  @Test func everyStatusAndReasonHasItsMeaning() {
    for (status, reason, expected) in Self.table {
      let rule = APNsOutcome.rule(status: status, reason: reason, topicIsListed: true)
      #expect(rule == expected, "\(status) \(reason ?? "-")")
    }
  }

  @Test func noReasonIsMissingFromTheTable() {
    let named = Set(Self.table.compactMap { $0.reason.flatMap(APNsReason.init) })
    #expect(named == Set(APNsReason.allCases))
  }

  @Test func aTopicThatADeviceBroughtAlongIsNotTheCredentialsFault() {
    let rule = APNsOutcome.rule(status: 400, reason: "TopicDisallowed", topicIsListed: false)
    #expect(rule == Rule(outcome: .rejected))
  }

  @Test func whatBlamesTheCredentialIsNeverFinal() {
    for (status, reason, _) in Self.table {
      let rule = APNsOutcome.rule(status: status, reason: reason, topicIsListed: true)
      if rule.blame == .credential { #expect(!rule.outcome.isFinal) }
    }
  }

  @Test func everyReasonOfTheSetUpHasAdvice() {
    for reason in APNsReason.allCases {
      let rule = APNsOutcome.rule(
        status: reason.status, reason: reason.rawValue, topicIsListed: true)
      if rule.blame == .credential {
        #expect(APNsReason.advice(for: reason.rawValue) != nil, "\(reason)")
      }
    }
    #expect(APNsReason.advice(for: "Unregistered") == nil)
  }
}

@Suite struct ReadAnswer {
  private let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func result(_ answer: APNsAnswer) -> AttemptResult {
    APNsOutcome.result(
      answer,
      rule: APNsOutcome.rule(status: answer.status, reason: answer.reason, topicIsListed: true),
      payloadSHA256: [1], sentAt: now)
  }

  private func answer(_ status: Int, _ body: String, retryAfter: String? = nil) -> APNsAnswer {
    APNsAnswer(status: status, id: "id", retryAfter: retryAfter, body: Array(body.utf8), now: now)
  }

  @Test func aDeadTokenCarriesSinceWhen() {
    let dead = result(answer(410, #"{"reason":"Unregistered","timestamp":1700000000123}"#))
    #expect(
      dead
        == AttemptResult(
          .tokenInvalid, status: 410, reason: "Unregistered", providerMessageID: "id",
          invalidSince: Timestamp(microseconds: 1_700_000_000_123_000), payloadSHA256: [1]))
  }

  @Test(arguments: ["{\"reason\":\"Unregistered\"}", "{\"timestamp\":-5}", "", "no JSON"])
  func aDeadTokenWithoutATimeIsDeadSinceTheRequest(body: String) {
    #expect(result(answer(410, body)).invalidSince == now)
  }

  @Test func noTimestampIsTooLargeToRead() {
    #expect(answer(410, #"{"timestamp":9223372036854775807}"#).timestampMilliseconds == nil)
  }

  @Test func anAnswerWithoutReasonIsNamedByItsStatus() {
    #expect(result(answer(502, "<html>")).reason == "http_502")
    #expect(result(answer(200, "")).reason == nil)
    #expect(result(answer(200, "")).providerMessageID == "id")
  }

  @Test func theServersOwnRetryAfterGoesFirst() {
    #expect(result(answer(503, "{}", retryAfter: "7")).retryAfter == .seconds(7))
    #expect(
      result(answer(500, #"{"reason":"InternalServerError"}"#, retryAfter: "7")).retryAfter
        == .seconds(7))
    #expect(
      result(answer(500, #"{"reason":"InternalServerError"}"#)).retryAfter == .seconds(900))
    #expect(result(answer(400, #"{"reason":"BadTopic"}"#, retryAfter: "7")).retryAfter == nil)
  }

  @Test func retryAfterIsSecondsOrADateAndHasALimit() {
    let now = Timestamp(microseconds: 784_111_770_000_000)
    #expect(RetryAfter.read("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == .seconds(7))
    #expect(RetryAfter.read("Sat, 05 Nov 1994 08:49:37 GMT", now: now) == .zero)
    #expect(RetryAfter.read("0", now: now) == .zero)
    #expect(RetryAfter.read("999999999999", now: now) == RetryAfter.longest)
    #expect(RetryAfter.read("-1", now: now) == nil)
    #expect(RetryAfter.read("soon", now: now) == nil)
    #expect(RetryAfter.read("Sun, 06 Foo 1994 08:49:37 GMT", now: now) == nil)
  }
}

import Crypto
import NIOCore
import NIOHPACK
import PushCore
import Testing

@testable import Providers

import struct Foundation.UUID

@Suite struct MakeRequest {
  private let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func credential(
    topics: [String] = [], environment: String? = nil
  ) throws -> ProviderCredential {
    try ProviderCredential(
      TestCredential.stored(topics: topics, environment: environment))
  }

  private func make(
    _ request: PushRequest, with credential: ProviderCredential
  ) -> Result<APNsRequest, APNsRequest.Refusal> {
    APNsRequest.make(request, credential: credential, authority: "api.push.apple.com", now: now)
  }

  private func refusal(
    _ request: PushRequest, with credential: ProviderCredential
  ) throws -> AttemptResult {
    switch make(request, with: credential) {
    case .success:
      Issue.record("a request was made")
      return AttemptResult(.accepted)
    case .failure(let refusal): return refusal.result
    }
  }

  @Test func everyHeaderIsThereAndOnlyWhatRepeatsIsIndexed() throws {
    let request = TestPush.request(
      token: "ab12", expiresAt: now + .milliseconds(10_900), collapseID: nil)
    let made = try make(request, with: try credential()).get()
    let id = request.deliveryID.uuidString.lowercased()
    let headers = made.headers.map { [$0.name, $0.value] }
    #expect(
      headers == [
        [":method", "POST"], [":scheme", "https"], [":path", "/3/device/ab12"],
        [":authority", "api.push.apple.com"], ["apns-topic", "org.example.chat"],
        ["apns-push-type", "alert"], ["apns-priority", "10"], ["apns-id", id],
        ["apns-collapse-id", id], ["apns-expiration", "1800000010"],
      ])
    let literal = made.headers.filter { $0.indexable == .nonIndexable }.map(\.name)
    #expect(literal == [":path", "apns-id", "apns-collapse-id", "apns-expiration"])
    #expect(made.payloadSHA256 == Array(SHA256.hash(data: Array(made.payload.readableBytesView))))
  }

  @Test(arguments: [
    ("game-7", true), (String(repeating: "x", count: 64), true),
    (String(repeating: "x", count: 65), false), (String(repeating: "漢", count: 22), false),
    ("", false), ("two\r\nlines", false), (" padded ", false), ("tab\there", false),
  ])
  func aCollapseIDThatAppleCanTakeIsTheSenders(text: String, isTaken: Bool) throws {
    let request = TestPush.request(token: "ab", expiresAt: now + .seconds(9), collapseID: text)
    let made = try make(request, with: try credential()).get()
    let id = request.deliveryID.uuidString.lowercased()
    #expect(made.headers.first(name: "apns-collapse-id") == (isTaken ? text : id))
  }

  /// 0 would tell Apple to keep nothing, and an instant in the past would be dropped unsaid.
  @Test(arguments: [Duration.zero, .seconds(-1), .seconds(-1_800_000_000)])
  func whatHasExpiredIsNotSent(after: Duration) throws {
    let request = TestPush.request(token: "ab", expiresAt: now + after)
    #expect(
      try refusal(request, with: try credential()) == AttemptResult(.expired, reason: "expired"))
  }

  @Test(arguments: ["", "xyz", "ab/../cd", "ab\r\n", "äb", "ab "])
  func aTokenThatIsNotHexadecimalIsNotSent(token: String) throws {
    let request = TestPush.request(token: token, expiresAt: now + .seconds(9))
    #expect(try refusal(request, with: try credential()).reason == "device_token_malformed")
  }

  @Test func aPayloadThatCannotBeCutToTheLimitIsRejected() throws {
    var request = TestPush.request(token: "ab", expiresAt: now + .seconds(9))
    request.notification.ext = String(repeating: "e", count: 4_096)
    #expect(
      try refusal(request, with: try credential())
        == AttemptResult(.rejected, reason: "payload_too_large"))
  }

  @Test func theCredentialsOnlyTopicStandsInForTheDevices() throws {
    var request = TestPush.request(token: "ab", expiresAt: now + .seconds(9))
    request.topic = nil
    let made = try make(request, with: try credential(topics: ["org.example.one"])).get()
    #expect(made.headers.first(name: "apns-topic") == "org.example.one")
    #expect(made.topicIsListed)
    #expect(try refusal(request, with: try credential()).reason == "topic_missing")
    #expect(
      try refusal(request, with: try credential(topics: ["a", "b"])).reason == "topic_missing")
  }

  @Test func aCredentialThatDoesNotFitSendsNothing() throws {
    var request = TestPush.request(token: "ab", expiresAt: now + .seconds(9))
    #expect(
      try refusal(request, with: try credential(topics: ["org.example.other"]))
        == AttemptResult(.retry, reason: "credential_of_other_topic"))
    #expect(
      try refusal(request, with: try credential(environment: "sandbox"))
        == AttemptResult(.retry, reason: "credential_of_other_environment"))
    request.app = AppID(unchecked: "other")
    #expect(
      try refusal(request, with: try credential())
        == AttemptResult(.retry, reason: "credential_of_other_app"))
  }

  @Test func idsAreWrittenInLowerCase() {
    for _ in 0..<100 {
      let id = UUID()
      #expect(id.lowercaseText == id.uuidString.lowercased())
    }
  }
}

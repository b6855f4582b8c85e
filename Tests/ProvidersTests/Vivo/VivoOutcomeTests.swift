import PushCore
import Simulators
import Testing

@testable import Providers

/// What each of vivo's answers means.
@Suite struct ReadAnswersOfVivo {
  struct Row: CustomTestStringConvertible, Sendable {
    var fate: String
    var outcome: AttemptOutcome
    var blame = AttemptBlame.delivery
    var reason: String?
    var retryAfter: Duration?
    var testDescription: String { fate }
  }

  static let mended: [Row] =
    [10043, 10045, 10094, 10200, 10201, 10202, 10203, 10204, 10205]
    .map(credential) + [10206, 10207].map(credential)

  private static func credential(_ code: Int) -> Row {
    Row(fate: "\(code)", outcome: .retry, blame: .credential, reason: "\(code)")
  }

  static let refused: [Row] =
    ([10050, 10051] + Array(10054...10060) + [10065, 10067, 10082, 10095, 10096, 10097]
    + [10085, 10104, 10101, 10103] + Array(10150...10155)
    + [10304, 10305, 10306, 10800, 10801, 10352, 10353]
    // About lists, or not in the table at all.
    + [10252, 10254, 19999]).map {
      Row(fate: "\($0)", outcome: .rejected, reason: "\($0)")
    }

  static let others: [Row] = [
    Row(fate: "10072", outcome: .retry, blame: .pace, reason: "10072", retryAfter: .seconds(1)),
    Row(fate: "10093", outcome: .retry, blame: .pace, reason: "10093", retryAfter: .seconds(1)),
    Row(fate: "10070", outcome: .retry, reason: "10070", retryAfter: .seconds(1)),
    Row(fate: "10073", outcome: .retry, reason: "10073", retryAfter: .seconds(1)),
    Row(fate: "10071", outcome: .retry, reason: "10071", retryAfter: .seconds(1)),
    Row(fate: "10302", outcome: .tokenInvalid, reason: "10302"),
    Row(fate: "10311", outcome: .rejected, reason: "10311"),
    Row(fate: "unknown", outcome: .tokenInvalid, reason: "invalid_user_1"),
    Row(fate: "gone", outcome: .tokenInvalid, reason: "invalid_user_2"),
    Row(fate: "stranger", outcome: .rejected, reason: "invalid_user_4"),
    Row(fate: "http_500", outcome: .retry, blame: .host, reason: "http_500"),
    // Refused again with the session made anew.
    Row(fate: "10000", outcome: .retry, blame: .credential, reason: "10000"),
  ]

  @Test(arguments: mended + refused + others) func follows(_ row: Row) async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.setFate(row.fate, of: "reg-1")
      let result = try await rig.send("reg-1")
      #expect(result.outcome == row.outcome)
      #expect(result.blame == row.blame)
      #expect(result.reason == row.reason)
      #expect(result.retryAfter == row.retryAfter)
      #expect(result.status == (row.fate == "http_500" ? 500 : 200))
      #expect(result.invalidSince == (row.outcome == .tokenInvalid ? rig.clock.now : nil))
      #expect(rig.simulator.acceptedCount == 0)
    }
  }

  @Test func readsCodesThatAreTexts() async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.inject(
        SimulatedFault(.answer(.json(["result": "10302", "desc": ""])), path: "/message/send"))
      #expect(try await rig.send("reg-1").outcome == .tokenInvalid)
      rig.simulator.inject(
        SimulatedFault(
          .answer(
            .json([
              "result": "0", "taskId": "t-1",
              "invalidUser": ["userid": "reg-1", "status": "2"],
            ])), path: "/message/send"))
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .tokenInvalid)
      #expect(result.reason == "invalid_user_2")
      rig.simulator.inject(
        SimulatedFault(
          .answer(.json(["result": 0, "taskId": "t-1", "invalidUser": [:]])),
          path: "/message/send"))
      #expect(try await rig.send("reg-1").outcome == .accepted)
    }
  }

  /// With success's status nobody knows whether it rang.
  @Test func doesNotTakeATextForSuccess() async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.inject(
        SimulatedFault(.answer(.text("<html>busy</html>")), path: "/message/send"))
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .unknown)
      #expect(result.reason == "answer_unreadable")
    }
  }

  @Test func knowsNotWhatBecameOfAPushThatWasCutOff() async throws {
    try await VivoRig.with { rig async throws in
      #expect(try await rig.send("reg-0").outcome == .accepted)
      rig.simulator.inject(SimulatedFault(.close(accepted: true), path: "/message/send"))
      let result = try await rig.send("reg-1")
      #expect(result.outcome == .unknown)
      #expect(result.blame == .host)
      // The next attempt is another request for vivo.
      #expect(try await rig.send("reg-1", attempt: 2).outcome == .accepted)
      #expect(rig.simulator.acceptedCount == 3)
    }
  }

  @Test func sendsAgainWhatWasRefusedUnlooked() async throws {
    try await VivoRig.with { rig async throws in
      #expect(try await rig.send("reg-0").outcome == .accepted)
      rig.simulator.inject(SimulatedFault(.reset(code: 7), path: "/message/send"))
      #expect(try await rig.send("reg-1").outcome == .accepted)
    }
  }
}

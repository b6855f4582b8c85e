import PushCore
import Simulators
import Testing

@testable import Providers

/// What each of Meizu's answers means.
@Suite struct ReadAnswersOfMeizu {
  struct Row: CustomTestStringConvertible, Sendable {
    var fate: String
    var outcome: AttemptOutcome
    var blame = AttemptBlame.delivery
    var retryAfter: Duration?
    var testDescription: String { fate }
  }

  static let rows: [Row] =
    ["500", "1001", "1003", "http_500"].map { Row(fate: $0, outcome: .retry, blame: .host) }
    + ["1006", "110000", "110001", "110009"].map {
      Row(fate: $0, outcome: .retry, blame: .credential)
    }
    + ["110010", "519"].map {
      Row(fate: $0, outcome: .retry, blame: .pace, retryAfter: .seconds(1))
    }
    + ["1005", "110004", "110032", "110053"].map { Row(fate: $0, outcome: .rejected) }
    + ["110002", "110005", "201", "501", "513", "520"].map {
      Row(fate: $0, outcome: .rejected)
    }
    + [
      Row(fate: "110003", outcome: .tokenInvalid),
      // In no table.
      Row(fate: "119999", outcome: .rejected),
    ]

  @Test(arguments: rows) func follows(_ row: Row) async throws {
    try await MeizuRig.with { rig async throws in
      rig.simulator.setFate(row.fate, of: "id-1")
      let result = try await rig.send("id-1")
      #expect(result.outcome == row.outcome)
      #expect(result.blame == row.blame)
      #expect(result.reason == row.fate)
      #expect(result.retryAfter == row.retryAfter)
      #expect(result.status == (row.fate == "http_500" ? 500 : 200))
      #expect(result.invalidSince == (row.outcome == .tokenInvalid ? rig.clock.now : nil))
      #expect(rig.simulator.acceptedCount == 0)
    }
  }

  /// The code is 200 even where all are bad.
  @Test func tellsEachRecipientItsOwn() async throws {
    try await MeizuRig.with { rig async throws in
      for (token, fate) in [("id-2", "dead"), ("id-3", "muted"), ("id-4", "519")] {
        rig.simulator.setFate(fate, of: token)
      }
      let verdicts = try await rig.sendTogether((1...5).map { "id-\($0)" })
      #expect(
        verdicts.map(\.kind) == [.accepted, .tokenDead, .tokenMuted, .throttled, .accepted])
      #expect(verdicts.map(\.reason) == [nil, "110003", "110002", "519", nil])
      let received = rig.simulator.received()
      #expect(received.map(\.isAccepted) == [true, false, false, false, true])
      #expect(verdicts[0].messageID == received[0].id)
      rig.simulator.setFate("dead", of: "*")
      let all = try await rig.sendTogether(["a", "b"])
      #expect(all.map(\.kind) == [.tokenDead, .tokenDead])
    }
  }

  @Test func readsCodesThatAreNumbersAndRecipientsOfUnknownCodes() async throws {
    try await MeizuRig.with { rig async throws in
      rig.simulator.inject(
        SimulatedFault(
          .answer(.json(["code": 200, "value": ["118000": ["id-1"]], "msgId": 17]))))
      let verdicts = try await rig.sendTogether(["id-1", "id-2"])
      #expect(verdicts.map(\.kind) == [.messageRefused, .accepted])
      #expect(verdicts.map(\.reason) == ["118000", nil])
      #expect(verdicts.map(\.messageID) == [nil, "17"])
      rig.simulator.inject(
        SimulatedFault(.answer(.json(["code": "200", "value": "", "msgId": ""]))))
      let result = try await rig.send("id-1")
      #expect(result.outcome == .accepted)
      #expect(result.providerMessageID == nil)
    }
  }

  /// With success's status nobody knows whether it rang.
  @Test func doesNotTakeATextForSuccess() async throws {
    try await MeizuRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.answer(.text("<html>busy</html>"))))
      let result = try await rig.send("id-1")
      #expect(result.outcome == .unknown)
      #expect(result.reason == "answer_unreadable")
    }
  }

  @Test func knowsNotWhatBecameOfAPushThatWasCutOff() async throws {
    try await MeizuRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.close(accepted: true)))
      let result = try await rig.send("id-1")
      #expect(result.outcome == .unknown)
      #expect(result.blame == .host)
      #expect(try await rig.send("id-1", attempt: 2).outcome == .accepted)
      // The phone replaces the one by the other.
      let notes = rig.simulator.received().map { $0.note["notify_key"] }
      #expect(notes.count == 2 && notes[0] == notes[1])
    }
  }

  @Test func slowsDownAtMeizusSpeed() async throws {
    try await MeizuRig.with(app: { $0.requestsPerSecond = 1 }) { rig async throws in
      #expect(try await rig.send("id-1").outcome == .accepted)
      let result = try await rig.send("id-2")
      #expect(result.outcome == .retry)
      #expect(result.blame == .pace)
      #expect(result.reason == "110010")
      rig.clock.advance(.seconds(1))
      #expect(try await rig.send("id-2", attempt: 2).outcome == .accepted)
    }
  }
}

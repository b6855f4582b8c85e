import Foundation
import PushCore
import TestSupport
import Testing

/// What an explanation says: every decision cites the row of `docs/decisions.md` that makes it, and
/// every outcome says what it proves and what not.
@Suite("Cite rules")
struct CiteRules {
  /// The rows of section 2's table: reason to number.
  private static let rows: [String: String] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/decisions.md")
    let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    var rows: [String: String] = [:]
    for line in text.split(separator: "\n") {
      guard let match = line.firstMatch(of: #/^\| (\d+[a-z]?) \| .* \| suppressed `([a-z_]+)` \|/#)
      else { continue }
      rows[String(match.output.2)] = "2." + match.output.1
    }
    return rows
  }()

  @Test("gives each reason the number that the table of decisions gives it")
  func numbersAsTheTable() {
    #expect(Self.rows.count == SuppressionReason.allCases.count)
    for reason in SuppressionReason.allCases {
      #expect(reason.rule.number == Self.rows[reason.rawValue], "\(reason)")
    }
    #expect(Rule.push.number == "2.13")
    #expect(Rule.push.otherwise == nil)
  }

  @Test("says of everything that kept a push back what would have had to be different")
  func saysWhatWouldRing() {
    let rules =
      SuppressionReason.allCases.map(\.rule) + CancellationReason.allCases.map(\.rule)
      + [
        NotARecipient.sender, .notThePeer, .notAMember(left: nil), .notAMember(left: 9),
        .notATarget,
      ]
      .map(\.rule)
    for rule in rules {
      #expect(rule.sentence.hasSuffix("."), "\(rule)")
      #expect(rule.otherwise?.hasSuffix(".") == true, "\(rule)")
    }
    let kinds = [
      SuppressionReason.allCases.map(\.rule), CancellationReason.allCases.map(\.rule),
    ]
    for rules in kinds {
      #expect(Set(rules.map(\.sentence)).count == rules.count, "each has a sentence of its own")
    }
    #expect(NotARecipient.notAMember(left: 9).rule.sentence.contains("position 9"))
  }

  @Test("concludes nothing from a status that it does not prove")
  func concludesNoMore() {
    for status in DeliveryStatus.allCases {
      for provider in ProviderName.allCases {
        for outcome in [nil] + AttemptOutcome.allCases.map(Optional.some) {
          let conclusion = Conclusion(
            from: DeliveryEvidence(status: status, provider: provider, lastOutcome: outcome))
          #expect(conclusion.proves.hasSuffix("."), "\(status) \(provider)")
          #expect(conclusion.doesNotProve.hasSuffix("."), "\(status) \(provider)")
          #expect(!conclusion.proves.contains("shown"), "\(status) \(provider)")
        }
        let accepted = Conclusion(from: DeliveryEvidence(status: .accepted, provider: provider))
        #expect(
          accepted.doesNotProve.contains("showed"), "accepted by \(provider) does not mean shown")
      }
    }
  }

  @Test("lets what the phone or the user said count for more than what the provider said")
  func believesReceipts() {
    var evidence = DeliveryEvidence(status: .accepted, provider: .huawei, lastOutcome: .accepted)
    let accepted = Conclusion(from: evidence)
    evidence.isDelivered = true
    let delivered = Conclusion(from: evidence)
    evidence.isNotShown = true
    let notShown = Conclusion(from: evidence)
    evidence.isOpened = true
    let opened = Conclusion(from: evidence)
    #expect(Set([accepted, delivered, notShown, opened].map(\.proves)).count == 4)
    #expect(notShown.proves.contains("did not show"))
    #expect(opened.proves.contains("shown"))
  }

  @Test("says how long each step took, from the commit to the phone")
  func measuresSteps() throws {
    func at(_ milliseconds: Int64) -> Timestamp { Timestamp(microseconds: milliseconds * 1_000) }
    let id = try #require(UUID(uuidString: "0c635ef1-2e9c-55e1-8eac-92155eb4db11"))
    let delivery = ExplainedDelivery(
      id: id, status: .accepted, reason: nil, provider: .apns, badge: 1, sound: "default",
      decidedAt: at(1_000), endedAt: at(7_040), deliveredAt: at(7_500), openedAt: nil,
      notShownAt: nil, notShownReason: nil, isRerouted: false)
    let attempts = [(1, 1_010, 1_050), (2, 7_000, 7_040)].map { number, start, end in
      ExplainedAttempt(
        position: 9, number: Int64(number), provider: .apns, outcome: .accepted, status: 200,
        reason: nil, providerMessageID: nil, startedAt: at(Int64(start)),
        finishedAt: at(Int64(end)), retryAt: nil, dispatcher: nil, isFenced: false)
    }
    let decision = ExplainedDecision(
      device: nil, known: nil, verdict: .suppressed(.quiet), delivery: delivery,
      attempts: attempts)
    let sent = try EventDoor.event(
      from: [
        "type": "message.sent",
        "data": ["message_id": "m", "from": "ann", "conversation": ["user": "bob"]],
        "content": ["elements": []],
      ], makeID: { id }, now: at(0))
    guard case .messageSent(let message) = try sent.body() else { return }
    let explained = ExplainedMessage(
      message: message, position: 5, occurredAt: at(980), recordedAt: at(1_000), projected: 9)
    let steps = decision.steps(of: explained).map { step in
      "\(step.kind.rawValue) \(step.attempt ?? 0) \(step.took.wholeMicroseconds / 1_000)"
    }
    #expect(
      steps == [
        "recorded 0 20", "waited 1 10", "attempt 1 40", "pause 2 5950", "attempt 2 40",
        "ended 0 6040", "delivered 0 6500",
      ])
  }
}

/// Every event has words for people, and none of them is what somebody wrote.
@Suite("Put events into words")
struct PutEventsIntoWords {
  @Test("says of every kind of event whom it concerns and what it says, without content")
  func wordsEveryKind() throws {
    var seen: Set<EventType> = []
    for seed in 0..<20 as Range<UInt64> {
      var history = RandomHistory(seed: seed)
      for json in history.events(400) {
        let event = try EventDoor.event(from: json)
        let words = EventWords(try event.body())
        seen.insert(event.type)
        for secret in ["hi \"", "日本", "push.example", "desc"] {
          #expect(!words.what.contains(secret), "\(event.type): \(words.what)")
        }
        if case .messageSent(let message) = try event.body() {
          #expect(words.who == message.sender.rawValue)
          #expect(words.what.contains("text of "))
        }
      }
    }
    #expect(seen.isSuperset(of: EventType.allCases.filter { $0 != .eventSkipped }))
  }
}

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

  @Test("says that nobody was asked where the token or the message was erased")
  func knowsErasures() {
    for reason in [AttemptResult.tokenErased, AttemptResult.contentErased] {
      let conclusion = Conclusion(
        from: DeliveryEvidence(
          status: .rejected, provider: .apns, lastOutcome: .rejected, reason: reason))
      #expect(
        conclusion.proves.contains("erased") && conclusion.proves.contains("nobody was asked"))
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
    // Imported a day later: the call-off counts from where it happened, not from its commit.
    var late = explained
    late.recordedAt = at(86_400_000)
    var calledOff = decision
    calledOff.delivery?.status = .cancelled
    calledOff.delivery?.endedAt = at(86_400_000)
    calledOff.calledOff = ExplainedCallOff(
      reason: .read,
      event: Since(
        HistoryEvent(
          position: 9, occurredAt: at(8_980), recordedAt: at(86_400_000), type: .conversationRead,
          body: .groupDissolved(GroupID(unchecked: "g")))))
    let ended = try #require(calledOff.steps(of: late).first { $0.kind == .ended })
    #expect(ended.took == .seconds(8))
    #expect(decision.pushTerm == "sent")
  }
}

/// A token that a provider called dead while its device registered again.
@Suite("Explain dead tokens")
struct ExplainDeadTokens {
  @Test("says since when it was dead, and whether the device registered again before or after")
  func tellsTheRace() throws {
    func at(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }
    func since(_ position: Position, _ type: EventType) -> Since {
      Since(
        HistoryEvent(
          position: position, occurredAt: at(position * 10), recordedAt: at(position * 10),
          type: type, body: .groupDissolved(GroupID(unchecked: "g"))))
    }
    func words(deadAt: Int64?, again: Position?) -> String {
      ExplainedTokenDeath(
        said: since(9, .tokenInvalidated), deadSince: deadAt.map(at),
        registeredAgain: again.map { since($0, .deviceRegistered) }
      ).words(registeredAt: at(50))
    }
    #expect(
      words(deadAt: 60, again: nil)
        == "dead since 1970-01-01T00:01:00Z, device.token_invalidated at 9; not registered again "
        + "since")
    #expect(words(deadAt: nil, again: nil).hasPrefix("device.token_invalidated at 9; not"))
    #expect(
      words(deadAt: 60, again: 8).hasSuffix(
        "at 8, 1970-01-01T00:01:20Z, while this push was on its way"))
    #expect(
      words(deadAt: 60, again: 12).hasSuffix("; registered again at 12, 1970-01-01T00:02:00Z"))
    #expect(
      words(deadAt: 40, again: nil).hasSuffix("; it was registered after that, so it still counts"))
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
    let rare: Set<EventType> = [.eventSkipped, .contentErased]
    #expect(seen.union(rare) == Set(EventType.allCases))
  }

  @Test("says what a user's quiet hours are now, and why and since when a token is dead")
  func saysValues() throws {
    func words(_ type: String, _ data: JSON) throws -> String {
      let event = try EventDoor.event(
        from: [
          "event_id": .string(UUID().uuidString), "type": .string(type),
          "occurred_at": "2026-01-01T12:00:00Z", "data": data,
        ])
      return EventWords(try event.body()).what
    }
    #expect(
      try words(
        "user.updated",
        [
          "user": "bob", "badge": "derived", "muted_until": "2026-01-02T00:00:00Z",
          "quiet_hours": ["from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"],
        ])
        == "quiet 22:00–07:00 Europe/Berlin, muted until 2026-01-02T00:00:00Z, badge derived")
    #expect(
      try words("user.updated", ["user": "bob", "quiet_hours": .null, "muted_until": .null])
        == "no quiet hours, muted no more")
    #expect(
      try words(
        "device.token_invalidated",
        [
          "user": "bob", "device": "phone", "token_sha256": "0123456789", "reason": "Unregistered",
          "invalid_since": "2026-01-01T11:00:00Z",
        ]) == "token 01234567…, Unregistered, dead since 2026-01-01T11:00:00Z")
  }

  @Test("says what time it was where quiet hours count, before and after the clocks go back")
  func saysLocalTime() throws {
    let hours = QuietHours(from: 79_200, to: 25_200, timeZone: "Europe/Berlin")
    let saturday = try #require(Timestamp(iso8601: "2026-10-24T05:30:00Z"))
    let sunday = try #require(Timestamp(iso8601: "2026-10-25T05:30:59Z"))
    #expect(hours.clock(at: saturday) == "07:30")
    #expect(hours.clock(at: sunday) == "06:30")
  }
}

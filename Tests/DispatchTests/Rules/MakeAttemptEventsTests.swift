import PushCore
import TestSupport
import Testing

import struct Foundation.UUID

@testable import PushDispatch

@Suite struct MakeAttemptEvents {
  private static let words = [
    "BadDeviceToken", "", "Zeile\nzwei\u{0}", "é e\u{301} 名前", String(repeating: "ü", count: 300),
    String(repeating: "x", count: 257), "\u{85}\u{7F}\u{1F}",
    String(repeating: "🐟", count: 64) + "a",
  ]

  private func attempt(_ random: inout SeededRandom) -> FinishedAttempt {
    let outcome = random.pick(AttemptOutcome.allCases)
    let start = World.start + .microseconds(Int.random(in: 0...9_999_999, using: &random))
    let result = AttemptResult(
      outcome, status: random.pick([nil, 200, 410, 999, 1_000, -1]),
      reason: random.pick([nil] + Self.words), providerMessageID: random.pick([nil] + Self.words),
      invalidSince: random.pick([nil, World.start - .seconds(60)]),
      payloadSHA256: random.pick([nil, [UInt8](repeating: 0xAB, count: 32)]))
    return FinishedAttempt(
      lane: HeldLaneID(lane: 1, epoch: 7), provider: random.pick(ProviderName.allCases),
      key: RowKey(position: 42, delivery: UUID()),
      device: DeviceKey(
        user: UserID(unchecked: random.pick(["ann", "a/b%", "名前"])),
        device: DeviceID(unchecked: random.pick(["phone", "e\u{301}"]))),
      message: MessageID(
        unchecked: random.pick(["m1", "m/1", String(repeating: "m", count: 128)])),
      attempt: random.pick([1, 2, Int(Int32.max)]), result: result, startedAt: start,
      finishedAt: start + .milliseconds(12),
      retryAt: outcome.isFinal ? nil : start + .seconds(5),
      badge: random.pick([nil, 0, 3, -1, Int64(Int32.max) + 1]),
      tokenSHA256: random.pick([nil, "", String(repeating: "a", count: 64)]),
      dispatcher: "dispatcher-1", purse: nil)
  }

  @Test("G10: the events that it makes pass the door unchanged, whatever a provider says")
  func passesTheDoor() throws {
    var random = SeededRandom(seed: 11)
    for _ in 0..<500 {
      let attempt = attempt(&random)
      let events = [
        AttemptEvents.attempted(attempt), AttemptEvents.tokenInvalidated(attempt),
      ].compactMap(\.self)
      for event in events {
        let again = try EventDoor.event(
          id: event.id, type: event.type, occurredAt: event.occurredAt,
          data: try JSON.parse(event.data), content: nil)
        #expect(again == event)
      }
    }
  }

  @Test("keeps what was learned")
  func keepsWhatWasLearned() throws {
    var random = SeededRandom(seed: 12)
    for _ in 0..<500 {
      let attempt = attempt(&random)
      guard case .pushAttempted(let read) = try AttemptEvents.attempted(attempt).body() else {
        Issue.record("is no attempt")
        return
      }
      #expect(read.deliveryID == attempt.key.delivery && read.message == attempt.message)
      #expect(read.user == attempt.device.user && read.device == attempt.device.device)
      #expect(read.attempt == Int64(attempt.attempt) && read.outcome == attempt.result.outcome)
      #expect(read.startedAt == attempt.startedAt && read.finishedAt == attempt.finishedAt)
      #expect(read.retryAt == attempt.retryAt && read.provider == attempt.provider)
      #expect(read.dispatcher == "dispatcher-1" && !read.fenced)
      if let words = attempt.result.reason, let reason = read.reason {
        #expect(reason.utf8.count <= Limits.reasonBytes)
        #expect(
          words.utf8.count > Limits.reasonBytes || !reason.isEmpty || words.isEmpty
            || words.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control })
      }
    }
  }

  @Test("G4: gives an attempt one id, and another where the lane was lost to somebody else")
  func namesAttempts() {
    var random = SeededRandom(seed: 13)
    var attempt = attempt(&random)
    let id = AttemptEvents.attempted(attempt).id
    #expect(AttemptEvents.attempted(attempt).id == id)
    #expect(AttemptEvents.fencedID(attempt) != id)
    attempt.attempt = 7
    #expect(AttemptEvents.attempted(attempt).id != id)
    attempt.result = AttemptResult(.unknown, reason: FinishedAttempt.lostReason)
    #expect(AttemptEvents.fencedID(attempt) == nil)
  }

  @Test("says that a token is invalid only where the provider was asked about that token")
  func invalidatesOnlyWhatWasSent() {
    var random = SeededRandom(seed: 14)
    for _ in 0..<500 {
      let attempt = attempt(&random)
      let isLearned =
        attempt.result.outcome == .tokenInvalid && attempt.tokenSHA256?.isEmpty == false
      #expect((AttemptEvents.tokenInvalidated(attempt) != nil) == isLearned)
    }
  }
}

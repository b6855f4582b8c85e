import PushCore
import Testing

@testable import Providers

/// What the guard makes of each kind, for each suspect, up to its limit and above it.
@Suite struct JudgeByTheTable {
  struct Row: Sendable, CustomStringConvertible {
    var kind: OutcomeKind
    var suspect: MassGuard.Suspect
    /// So many in a row are believed.
    var limit: Int
    /// What one more is taken for.
    var becomes: OutcomeKind
    var finding: String?

    var description: String { "\(kind) of a \(suspect)" }
  }

  private static let believed = MassGuard.believed
  private static let busy = MassGuard.busyRecipients

  static let table: [Row] = [
    Row(
      kind: .tokenDead, suspect: .credential, limit: believed, becomes: .credentialRefused,
      finding: "every_token_refused"),
    Row(
      kind: .tokenDead, suspect: .server, limit: believed, becomes: .serverFault,
      finding: "every_token_refused"),
    Row(
      kind: .recipientRefused, suspect: .credential, limit: believed,
      becomes: .credentialRefused, finding: "every_recipient_refused"),
    Row(
      kind: .recipientRefused, suspect: .server, limit: believed, becomes: .serverFault,
      finding: "every_recipient_refused"),
    Row(kind: .recipientThrottled, suspect: .credential, limit: busy, becomes: .throttled),
    Row(kind: .recipientThrottled, suspect: .server, limit: busy, becomes: .serverFault),
  ]

  /// Kinds that say nothing of many recipients at once.
  private static let plain = Set(OutcomeKind.allCases).subtracting(table.map(\.kind))
    .subtracting([.accepted])

  private func verdict(_ kind: OutcomeKind, _ reason: String? = "code") -> Verdict {
    Verdict(
      kind, status: 200, reason: reason, messageID: "id", retryAfter: .seconds(7))
  }

  private func judge(_ guardian: inout MassGuard, _ kind: OutcomeKind, times: Int) -> [Verdict] {
    (0..<times).flatMap { _ in guardian.judge([verdict(kind)]) }
  }

  @Test("one by one: so many are believed, and none above", arguments: table)
  func oneByOne(_ row: Row) {
    var guardian = MassGuard(row.suspect)
    #expect(
      judge(&guardian, row.kind, times: row.limit).allSatisfy { $0 == verdict(row.kind) })
    for judged in judge(&guardian, row.kind, times: 3) {
      #expect(judged.kind == row.becomes)
      #expect(judged.reason == row.finding.map { "\($0): code" } ?? "code")
      #expect(judged.status == 200 && judged.messageID == "id" && judged.retryAfter == .seconds(7))
    }
  }

  @Test("at once: all of an answer or none", arguments: table)
  func atOnce(_ row: Row) {
    for (count, becomes) in [(row.limit, row.kind), (row.limit + 1, row.becomes)] {
      var guardian = MassGuard(row.suspect)
      let judged = guardian.judge([Verdict](repeating: verdict(row.kind), count: count))
      #expect(judged.count == count && judged.allSatisfy { $0.kind == becomes })
    }
  }

  @Test("one that is accepted clears the count, in its answer and after it", arguments: table)
  func oneAcceptedClears(_ row: Row) {
    var guardian = MassGuard(row.suspect)
    _ = judge(&guardian, row.kind, times: row.limit)
    let mixed = [verdict(row.kind), verdict(.accepted), verdict(row.kind)]
    #expect(guardian.judge(mixed) == mixed)
    let after = judge(&guardian, row.kind, times: row.limit + 1)
    #expect(after.prefix(row.limit).allSatisfy { $0.kind == row.kind })
    #expect(after.last?.kind == row.becomes)
  }

  @Test("what is neither neither clears the count nor adds to it", arguments: table)
  func othersSayNothing(_ row: Row) {
    var guardian = MassGuard(row.suspect)
    _ = judge(&guardian, row.kind, times: row.limit)
    for kind in Self.plain {
      #expect(judge(&guardian, kind, times: 2) == [verdict(kind), verdict(kind)])
    }
    #expect(judge(&guardian, row.kind, times: 1).map(\.kind) == [row.becomes])
  }

  @Test("each kind has a count of its own", arguments: table)
  func countsApart(_ row: Row) {
    var guardian = MassGuard(row.suspect)
    for other in Self.table where other.suspect == row.suspect && other.kind != row.kind {
      _ = judge(&guardian, other.kind, times: other.limit + 1)
    }
    #expect(
      judge(&guardian, row.kind, times: row.limit).allSatisfy { $0.kind == row.kind })
  }

  @Test(
    "kinds that stand in no row are never changed",
    arguments: [
      MassGuard.Suspect.credential, .server,
    ])
  func leavesTheRest(_ suspect: MassGuard.Suspect) {
    for kind in Self.plain.union([.accepted]) {
      var guardian = MassGuard(suspect)
      #expect(judge(&guardian, kind, times: 40).allSatisfy { $0 == verdict(kind) })
    }
  }

  @Test("a suspicion without a reason of the provider's still says what was found")
  func saysWhatWasFound() {
    var guardian = MassGuard()
    let refused = [Verdict](
      repeating: Verdict(.recipientRefused), count: MassGuard.believed + 1)
    #expect(
      guardian.judge(refused).allSatisfy { $0.reason?.hasPrefix("every_recipient_") ?? false })
    #expect(guardian.judge([]).isEmpty)
  }
}

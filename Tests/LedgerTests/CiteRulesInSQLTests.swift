import Postgres
import PushCore
import Testing

extension OnALedger {
  /// The view `suppression_rules` is the table of `PushCore/Explain/Rule.swift`, for who asks in SQL.
  @Suite(.timeLimit(.minutes(2))) struct CiteRulesInSQL {
    @Test func saysOfEachReasonWhatAnExplanationSays() async throws {
      try await LedgerRig.run { rig in
        let rows = try await rig.pool.query(
          "select reason, rule, sentence from pushledger.suppression_rules")
        var cited: [String: [String]] = [:]
        for row in rows { cited[try row.get(0)] = [try row.get(1), try row.get(2)] }
        #expect(cited.count == rows.count, "a reason stands there twice")
        var expected: [String: [String]] = [:]
        for reason in SuppressionReason.allCases {
          expected[reason.rawValue] = [reason.rule.number, reason.rule.sentence]
        }
        #expect(cited == expected)
      }
    }
  }
}

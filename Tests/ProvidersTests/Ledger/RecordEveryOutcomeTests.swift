import PushCore
import Simulators
import TestSupport
import Testing

@testable import Providers

/// Each provider's whole table once more: over the wire, through the dispatcher, into the ledger.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct RecordEveryOutcome {
  @Test func ofAPNs() async throws {
    try await APNsRig.with { rig async throws in
      let rows = MapAnswer.table.enumerated().map { index, row in
        rig.simulator.inject(
          .init(
            .answer(.init(status: row.status, reason: row.reason)),
            on: .token(APNsRig.token(index))))
        let reason = row.reason ?? "http_\(row.status)"
        return LedgerRow(
          "\(row.status) \(row.reason ?? "-")", row.rule.outcome,
          row.rule.outcome == .accepted ? nil : reason)
      }
      let lines = try await RecordedOutcomes(rig).record(
        rows.enumerated().map { ($1.fate, APNsRig.token($0)) })
      #expect(lines == rows.map(\.text))
    }
  }

  @Test func ofFCM() async throws {
    try await FCMRig.with { rig async throws in
      let rows = UnderstandFCM.fates.map { LedgerRow($0.said, $0.outcome, $0.reason) }
      try await expect(
        rows, from: rig.simulator,
        RecordedOutcomes(
          rig.provider,
          settings: [
            ("url", .string(rig.simulator.url)),
            ("trust_root", .string(rig.simulator.caCertificatePEM)), ("ramp_seconds", 0),
          ],
          secret: FCMRig.account().text))
    }
  }

  @Test func ofHuawei() async throws {
    try await HuaweiRig.with { rig async throws in
      let rows = PushThroughHuawei.table.map(LedgerRow.init)
      try await expect(rows, from: rig.simulator, RecordedOutcomes(rig))
    }
  }

  @Test func ofHonor() async throws {
    try await HonorRig.with { rig async throws in
      let rows = PushThroughHonor.table.map(LedgerRow.init)
      try await expect(rows, from: rig.simulator, RecordedOutcomes(rig))
    }
  }

  @Test func ofXiaomi() async throws {
    try await XiaomiRig.with { rig async throws in
      let rows = PushThroughXiaomi.table.map(LedgerRow.init)
      try await expect(rows, from: rig.simulator, RecordedOutcomes(rig))
    }
  }

  @Test func ofOPPO() async throws {
    try await OPPORig.with { rig async throws in
      let rows = PushThroughOPPO.table.map(LedgerRow.init)
      try await expect(rows, from: rig.simulator, RecordedOutcomes(rig)) { "CN_\($0)" }
    }
  }

  /// A few at a time: each app opens a session of its own, and vivo opens ten a second.
  @Test func ofVivo() async throws {
    let rows = ReadAnswersOfVivo.mended + ReadAnswersOfVivo.refused + ReadAnswersOfVivo.others
    for start in stride(from: 0, to: rows.count, by: 5) {
      try await VivoRig.with { rig async throws in
        try await expect(
          rows[start..<min(start + 5, rows.count)].map {
            LedgerRow($0.fate, $0.outcome, $0.reason)
          }, from: rig.simulator, RecordedOutcomes(rig))
      }
    }
  }

  @Test func ofMeizu() async throws {
    try await MeizuRig.with { rig async throws in
      try await expect(
        ReadAnswersOfMeizu.rows.map { LedgerRow($0.fate, $0.outcome, $0.fate) },
        from: rig.simulator, RecordedOutcomes(rig))
    }
  }

  @Test func ofPushServices() async throws {
    try await WebPushRig.with { rig async throws in
      let rows = UnderstandPushServices.rows
      let browsers = try rows.map { row in
        let browser = try rig.subscribe(row.dialect)
        rig.setFate(row.fate, of: browser)
        return (fate: row.description, token: browser)
      }
      let outcomes = RecordedOutcomes(
        rig.provider,
        settings: [
          ("subject", .string(WebPushRig.subject)), ("allow_private", true),
          ("trust_root", .string(rig.simulator.caCertificatePEM)),
        ], secret: rig.secret)
      let lines = try await outcomes.record(browsers)
      #expect(lines == rows.map { LedgerRow($0.description, $0.outcome, $0.reason).text })
    }
  }

  @Test func ofWebhooks() async throws {
    try await CallbackRig.with { rig async throws in
      let rows = CallWebhook.table.enumerated().map { index, row in
        rig.server.reply(
          SimulatedAnswer(status: row.status, headers: row.headers), at: "/hook/\(index)")
        return LedgerRow(
          "\(row.status)", row.outcome,
          row.outcome == .accepted ? nil : "http_\(row.status)")
      }
      let outcomes = RecordedOutcomes(
        rig.provider,
        settings: [
          ("allow_private", true), ("trust_root", .string(rig.simulator.caCertificatePEM)),
        ], secret: CallbackRig.secret)
      let lines = try await outcomes.record(
        rows.enumerated().map { ($1.fate, "\(rig.url)/\($0)") })
      #expect(lines == rows.map(\.text))
    }
  }

  private func expect<Simulation>(
    _ rows: [LedgerRow], from simulator: ProviderSimulator<Simulation>,
    _ outcomes: RecordedOutcomes, token: (Int) -> String = { "token-\($0)" }
  ) async throws {
    let pushes = rows.enumerated().map { index, row in
      simulator.setFate(row.fate, of: token(index))
      return (fate: row.fate, token: token(index))
    }
    let lines = try await outcomes.record(pushes)
    #expect(lines == rows.map(\.text))
  }
}

import Foundation
import Ledger
import PushCore
import TestSupport
import Testing

@Suite("Answer questions", .enabled(if: TestDatabase.isAvailable))
struct AnswerQuestions {
  private static let renewal = "PUSHLEDGER_TEST_RENEW_DOCS"

  @Test("docs/sql.md shows every question with what it answers about the known history")
  func documentsEveryAnswer() async throws {
    try await KnownLedger.run { rig in
      let made = try await QuestionsPage(rig: rig).text()
      let page = try String(contentsOf: QuestionsPage.file, encoding: .utf8)
      let parts = page.components(separatedBy: QuestionsPage.mark)
      try #require(parts.count == 2, "docs/sql.md has lost its mark: \(QuestionsPage.mark)")
      if ProcessInfo.processInfo.environment[Self.renewal] != nil {
        try (parts[0] + QuestionsPage.mark + made).write(
          to: QuestionsPage.file, atomically: true, encoding: .utf8)
        return
      }
      let shown = parts[1].split(separator: "\n", omittingEmptySubsequences: false)
      let now = made.split(separator: "\n", omittingEmptySubsequences: false)
      let first = zip(shown, now).first { $0 != $1 }
      let isCurrent = shown == now
      #expect(
        isCurrent,
        """
        docs/sql.md is stale. Run scripts/sql-doc and read what changes.
        - \(first?.0 ?? "")
        + \(first?.1 ?? "")
        """)
    }
  }

  @Test("every question is answered with rows, and with what happened")
  func answersWhatHappened() async throws {
    try await KnownLedger.run { rig in
      for query in NamedQuery.all {
        let done = try await rig.succeed(["sql"] + QuestionsPage.arguments(query) + ["--json"])
        let rows = try #require(done.json?.array)
        #expect(!rows.isEmpty, "\(done)")
        for fact in Self.facts where fact.query == query.name {
          let isTold = rows.contains { row in fact.row.allSatisfy { row[$0.key] == $0.value } }
          #expect(isTold, "\(fact.row) in \(done)")
          if let count = fact.count { #expect(rows.count == count, "\(done)") }
        }
      }
      let names = Set(NamedQuery.all.map(\.name))
      #expect(Self.facts.filter { !names.contains($0.query) }.isEmpty)
    }
  }

  @Test("of a message to many a user is told what may be meant, and nothing that is not known")
  func tellsCountsToUsers() async throws {
    try await KnownLedger.run { rig in
      let expected: [(message: String, user: String, devices: [String])] = [
        ("m9", "h07", ["(perhaps among 23)", "(perhaps among 1)", "(perhaps among 1)"]),
        ("m9", "bob", ["pixel"]), ("m2", "cho", ["(all)"]), ("m1", "h07", []),
      ]
      for (message, user, devices) in expected {
        let done = try await rig.succeed(
          "sql", "why_no_ring", "chat", "--set", "message=\(message)", "--set", "user=\(user)",
          "--json")
        let rows = try #require(done.json?.array)
        #expect(rows.compactMap { $0["device"]?.string } == devices, "\(done)")
        for row in rows where devices.count > 1 {
          #expect(row["status"]?.string == "suppressed", "\(done)")
          #expect(row["sentence"]?.string?.isEmpty == false, "\(done)")
        }
      }
    }
  }

  @Test("the sums of a group have every decision, also those that are kept as counts")
  func sumsCounts() async throws {
    try await KnownLedger.run { rig in
      let done = try await rig.succeed(
        "sql", "group_delivery", "chat", "--set", "group=hall", "--set", "from=2026-03-02T08:00Z",
        "--set", "to=2026-03-02T12:00Z", "--csv")
      #expect(
        done.lines == [
          "provider,status,reason,deliveries,delivered,opened",
          "(none),suppressed,no_device,23,0,0", "(none),suppressed,not_mentioned,1,0,0",
          "(none),suppressed,token_invalid,1,0,0", "fcm,accepted,,1,0,0",
        ], "\(done)")
    }
  }

  @Test("a token is shown as the question for its holders takes it")
  func asksForShownTokens() async throws {
    try await KnownLedger.run { rig in
      let shown = [
        ["sql", "tokens_of_user", "chat", "--set", "user=fay"],
        [
          "sql", "device_then", "chat", "--set", "user=fay", "--set", "device=phone", "--set",
          "at=2026-03-02T09:36Z",
        ],
      ]
      for words in shown {
        let done = try await rig.succeed(words + ["--json"])
        let token = try #require(done.json?.array?.first?["token"]?.string, "\(done)")
        let holders = try await rig.succeed(
          "sql", "holders_of_token", "chat", "--set", "token=\(token)", "--json")
        #expect(holders.json?.array?.count == 2, "\(holders)")
      }
    }
  }

  /// What is to be in the answer to a question, and how many rows that has.
  struct Fact: Sendable {
    var query: String
    var row: [JSON.Member]
    var count: Int?

    init(_ query: String, _ row: KeyValuePairs<String, JSON>, count: Int? = nil) {
      self.query = query
      self.row = row.map { JSON.Member($0.key, $0.value) }
      self.count = count
    }
  }

  static let facts = [
    Fact("why_no_ring", ["status": "suppressed", "reason": "quiet"], count: 1),
    Fact("one_message", ["type": "push.attempted", "attempt": 2, "outcome": "accepted"], count: 4),
    Fact("message_outcomes", ["user_id": "(23 decisions)", "reason": "no_device"]),
    Fact("message_of_push", ["message_id": "m3", "attempt": 2], count: 1),
    Fact("device_then", ["state": "logged_out"], count: 1),
    Fact("dead_devices", ["device_id": "ipad", "token_ended_by": "token_invalidated"], count: 1),
    Fact("tokens_of_user", ["ended_by": "renewed"], count: 4),
    Fact("holders_of_token", ["user_id": "fay", "ended_by": "taken"], count: 2),
    Fact("moved_tokens", ["from_user": "fay", "to_user": "gus"], count: 1),
    Fact("noisy_devices", ["user_id": "hal", "registrations": 4, "invalidated": 1]),
    Fact("kicked_devices", ["user_id": "dee", "logged_out": "phone"], count: 1),
    Fact("pushed_twice", ["message_id": "m3", "accepted_attempt": 2], count: 1),
    Fact("not_shown", ["message_id": "m7", "not_shown_reason": "status_6"], count: 1),
    Fact("recalled_too_late", ["message_id": "m4", "device_id": "pixel"], count: 1),
    Fact("expired_unsent", ["message_id": "m5", "last_reason": "ServiceUnavailable"], count: 1),
    Fact("called_off", ["reason": "read", "pushes": 1], count: 1),
    Fact("oldest_waiting", ["message_id": "m15", "last_reason": "TooManyRequests"], count: 2),
    Fact("what_waits", ["provider": "apns", "waits_for": "no_credential", "due": 2], count: 1),
    Fact("unread_then", ["conversation": "pair/ann/bob", "unread": 1]),
    Fact("users_without_device", ["user_id": "eve"]),
    Fact("refusing_reasons", ["reason": "payload_too_large", "attempts": 1]),
    Fact("retries_by_reason", ["provider": "apns", "reason": "ServiceUnavailable", "attempts": 2]),
    Fact("dead_tokens_by_day", ["provider": "fcm", "tokens": 1], count: 2),
    Fact("suppressed_why", ["reason": "no_device", "decisions": 24]),
    Fact("kept_of_user", ["type": "device.registered", "events": 4]),
    Fact("refused_by_dispatchers", ["credential": "old-key", "state": "refused"], count: 2),
  ]
}

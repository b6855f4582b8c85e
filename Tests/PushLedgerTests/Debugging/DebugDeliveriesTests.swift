import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

/// docs/debugging-a-delivery.md is what its scripts show, and they show what it says.
@Suite("Debug deliveries", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(10)))
struct DebugDeliveries {
  private static let renewal = "PUSHLEDGER_TEST_RENEW_DOCS"

  @Test("each case shows what it must, as the page has it", arguments: DebuggingCase.all)
  func documentsEveryCase(_ script: DebuggingCase) async throws {
    let done = try await script.start().finished()
    #expect(done.status == 0, "\(script.name): \(done)")
    let printed = Transcript.commands(done.text)
    if ProcessInfo.processInfo.environment[Self.renewal] != nil {
      try DebuggingPage.renew(script, printed)
    }
    let shown = try DebuggingPage().shown(of: script)
    #expect(
      shown.map(\.command) == printed.map(\.command),
      "docs/debugging-a-delivery.md needs a block for each command of \(script.name), in order.")
    for (shown, printed) in zip(shown, printed) {
      let isCurrent = Transcript.words(shown) == Transcript.words(printed)
      #expect(
        isCurrent,
        """
        docs/debugging-a-delivery.md is stale. Run scripts/debugging-doc and read what changes.
        It shows:
        \(shown)
        \(script.name) printed:
        \(printed)
        """)
    }
  }

  @Test("each script says what it does, and takes nothing else", arguments: DebuggingCase.all)
  func explainsItself(_ script: DebuggingCase) async throws {
    let help = try await script.start("--help").finished()
    #expect(help.status == 0, "\(help)")
    #expect(help.text.contains("docs/debugging-a-delivery.md"), "\(help)")
    #expect(help.text.contains("USAGE: \(script.name) [--help]"), "\(help)")
    let wrong = try await script.start("--fast").finished()
    #expect(wrong.status == FinishedCommand.wrongUsage, "\(wrong)")
  }

  @Test(
    "a script that is stopped leaves neither its database nor its folder",
    arguments: [
      SIGTERM, SIGINT,
    ])
  func cleansUp(_ signal: Int32) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pushledger-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let script = DebuggingCase(name: "provider-outage")
    let running = try script.start(temporary: folder)
    // By then it has a database, a projector, a dispatcher and a simulator.
    #expect(await running.line(containing: "$ pushledger status") != nil)
    running.signal(signal)
    let stopped = await running.finished()
    // On a busy machine it may have come to its end by then.
    #expect([0, 128 + signal].contains(stopped.status), "\(stopped)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    let left = try await withTestConnection { connection in
      try await connection.query(
        "select datname from pg_database where datname like $1",
        ["pushledger_example_\(running.processIdentifier)_%"]
      ).count
    }
    #expect(left == 0)
  }

  @Test("the page's tables have every reason, with the number of its rule")
  func listsReasons() throws {
    let page = try String(contentsOf: DebuggingPage.file, encoding: .utf8)
    for reason in SuppressionReason.allCases {
      #expect(page.contains("\n| `\(reason.rawValue)` | \(reason.rule.number) | "), "\(reason)")
    }
    for reason in CancellationReason.allCases {
      #expect(page.contains("\n| `\(reason.rawValue)` | "), "\(reason)")
    }
    for outcome in AttemptOutcome.allCases {
      #expect(page.contains("`\(outcome.rawValue)`"), "\(outcome)")
    }
  }

  @Test("only what is another in each run is left out of the comparison")
  func comparesWords() {
    func differ(_ left: String, _ right: String) -> Bool {
      Transcript.words(left) != Transcript.words(right)
    }
    #expect(
      !differ(
        "at 2026-11-27T12:00:00.1Z after 5 ms, 4 2026-11-27 12:00:00+00",
        "at 2027-01-01T00:00:00Z\n after 1.2 s, 12 2027-01-02 01:02:03.4+00"))
    #expect(!differ("took 46 d 2 h, localhost:81", "took 3 min 20 s, localhost:8443"))
    #expect(differ("sent 2026-10-06T07:30:00Z", "sent 2026-10-06T07:31:00Z"))
    #expect(differ("quiet 22:00–07:00", "quiet 22:00–08:00"))
    #expect(differ("badge 2, 503", "badge 3, 503"))
  }
}

extension String {
  /// The first line of a block: what was asked.
  fileprivate var command: Substring { prefix { $0 != "\n" } }
}

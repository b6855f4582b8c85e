import Foundation
import TestSupport
import Testing

@Suite(
  "Run the demo", .enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(3)))
struct RunTheDemo {
  private func expectSummary(_ done: FinishedCommand) {
    #expect(done.status == 0, "\(done)")
    #expect(done.text.contains("pushes accepted by the simulated APNs, 0 sent twice"), "\(done)")
    #expect(done.text.firstMatch(of: /[1-9][\d,]* messages in .* over HTTP, 0 refused/) != nil)
    #expect(done.text.contains("hash chain sound"), "\(done)")
  }

  @Test func endsByItselfAndSumsUp() async throws {
    try await CommandRig.run(migrated: false) { rig in
      let done = try await rig.run(
        "up", "--demo", "--for", "5s", "--port", "0", "--rate", "20")
      expectSummary(done)
      #expect(done.text.contains("'s phone rings"), "\(done)")
      #expect(done.errors.contains("The API listens on http://127.0.0.1:"), "\(done)")
      try await rig.succeed("verify", "demo")
    }
  }

  @Test func stopsWhenItIsToldTo() async throws {
    try await CommandRig.run(migrated: false) { rig in
      for number in [SIGTERM, SIGINT] {
        let demo = try rig.start(["up", "--demo", "--port", "0"])
        _ = try #require(await demo.line(containing: "phone rings"))
        demo.signal(number)
        expectSummary(await demo.finished())
      }
    }
  }

  @Test func showsOnlyTheSummaryWhenQuiet() async throws {
    try await CommandRig.run(migrated: false) { rig in
      let done = try await rig.run(
        "up", "--demo", "--for", "3s", "--port", "0", "--rate", "50", "--quiet")
      expectSummary(done)
      #expect(done.lines.count == 5, "\(done)")
    }
  }
}

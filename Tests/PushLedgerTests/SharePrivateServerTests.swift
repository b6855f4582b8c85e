import TestSupport
import Testing

@Suite(
  "Share the private server", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct SharePrivateServer {
  @Test func saysWhetherItStartsOneOrSharesIt() async throws {
    try await CommandRig.run(migrated: false) { rig in
      let own = ["PUSHLEDGER_DATABASE_URL": "", "PUSHLEDGER_MASTER_KEY": ""]
      let arguments = ["up", "--data", rig.path("data"), "--port", "0"]
      let first = try rig.start(arguments, environment: own)
      #expect(await first.line(containing: "listens on") != nil)
      let second = try await rig.run(arguments + ["--for", "1s"], environment: own)
      #expect(second.status == 0, "\(second)")
      #expect(second.errors.contains("Sharing the private PostgreSQL"), "\(second)")
      #expect(!second.errors.contains("Starting"), "\(second)")
      let done = await first.stop()
      #expect(done.status == 0, "\(done)")
      #expect(done.errors.contains("Starting a private PostgreSQL"), "\(done)")
    }
  }
}

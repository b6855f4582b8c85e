import Postgres
import TestSupport
import Testing

/// A database that is not there, not migrated or too new is refused by every command that needs
/// one, and stays as it is.
@Suite("Check the database", .enabled(if: TestDatabase.isAvailable))
struct CheckTheDatabase {
  private static func commands(_ rig: CommandRig) throws -> [[String]] {
    let events = try rig.write("events.ndjson", "")
    return [
      ["status"], ["verify"], ["apps", "list"], ["apps", "create", "other"],
      ["apps", "set", "chat", "--language", "zh"],
      ["keys", "create", "chat", "--scope", "send"], ["keys", "list", "chat"],
      ["keys", "revoke", "chat", "x"], ["credentials", "list", "chat"],
      ["credentials", "remove", "chat", "x"], try SigningPair(in: rig).addition(named: "main"),
      ["import", "chat", events], ["export", "chat", "-"], ["decisions", "--app", "chat"],
      ["serve", "--port", "0"], ["project"], ["dispatch"], ["react"],
      ["apps", "tencent", "webhook", "list", "chat"],
    ]
  }

  private static let migrating = [["migrate"], ["up", "--port", "0", "--for", "1s"]]

  @Test func namesTheDatabaseThatIsNotThere() async throws {
    let unknown = { @Sendable url in TestDatabase.url(url, database: "no_such_place") }
    try await CommandRig.run(migrated: false, address: unknown) { rig in
      for arguments in try Self.commands(rig) + Self.migrating + [["migrate", "--check"]] {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("no_such_place"), "\(refused)")
        #expect(refused.errors.contains("PUSHLEDGER_DATABASE_URL"), "\(refused)")
      }
    }
  }

  @Test func namesTheServerThatDoesNotAnswer() async throws {
    let refused = try await CommandTree.run(
      ["status", "--database", "postgresql://postgres@127.0.0.1:1/push"])
    #expect(refused.status == 1, "\(refused)")
    #expect(refused.errors.contains("127.0.0.1"), "\(refused)")
    #expect(refused.errors.contains("port 1 "), "\(refused)")
    #expect(refused.errors.contains("PUSHLEDGER_DATABASE_URL"), "\(refused)")
  }

  @Test func asksForTheMigrationThatIsMissing() async throws {
    try await CommandRig.run(migrated: false) { rig in
      for arguments in try Self.commands(rig) {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("pushledger migrate"), "\(refused)")
        #expect(try await rig.snapshot() == [:], "\(refused)")
      }
      let check = try await rig.run("migrate", "--check")
      #expect(check.status == 1, "\(check)")
      #expect(check.text.contains("0001_ledger.sql"), "\(check)")
      #expect(try await rig.snapshot() == [:])
    }
  }

  @Test func refusesADatabaseOfANewerProgram() async throws {
    try await CommandRig.run { rig in
      _ = try await rig.pool.query(
        """
        insert into ledger.migrations (number, name, sha256, applied_at)
        values (999, '0999_later.sql', sha256('later'), now())
        """)
      let before = try await rig.snapshot()
      for arguments in try Self.commands(rig) + Self.migrating {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("migration 999"), "\(refused)")
        #expect(refused.errors.contains("newer"), "\(refused)")
        #expect(try await rig.snapshot() == before, "\(refused)")
      }
      let check = try await rig.run("migrate", "--check")
      #expect(check.status == 1, "\(check)")
      #expect(check.text.contains("999"), "\(check)")
    }
  }

  @Test func migratesOnce() async throws {
    try await CommandRig.run(migrated: false) { rig in
      try await rig.succeed("migrate")
      let before = try await rig.snapshot()
      try await rig.succeed("migrate")
      try await rig.succeed("migrate", "--check")
      #expect(try await rig.snapshot() == before)
    }
  }
}

import Foundation
import PushCore
import TestSupport
import Testing

/// Where the master key comes from, what needs it, and how it is changed, on the command line.
@Suite("Keep the master key", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct KeepTheMasterKey {
  private static let none = ["PUSHLEDGER_MASTER_KEY": ""]

  private func newKey() async throws -> String {
    let made = try await CommandTree.run(["credentials", "new-key"])
    #expect(made.status == 0, "\(made)")
    #expect(made.errors.contains("PUSHLEDGER_MASTER_KEY"), "\(made)")
    let key = try #require(made.lines.first.map(String.init))
    #expect(made.lines.count == 1 && !made.errors.contains(key))
    return key
  }

  @Test func makesAKeyThatIsTakenAtOnce() async throws {
    try await CommandRig.run { rig in
      let key = try await newKey()
      #expect(try await newKey() != key)
      let pair = try SigningPair(in: rig)
      let file = try rig.write("master.key", "# of this test\n\(key)\n")
      var ids: Set<String> = []
      for (name, environment) in [
        ("inline", ["PUSHLEDGER_MASTER_KEY": key]),
        ("file", ["PUSHLEDGER_MASTER_KEY": "", "PUSHLEDGER_MASTER_KEY_FILE": file]),
      ] {
        let added = try await rig.run(pair.addition(named: name), environment: environment)
        #expect(added.status == 0, "\(added)")
      }
      let settings = try rig.write(
        "settings.json", JSON.object([.init("master", ["key": ["file": .string(file)]])]).text)
      let added = try await rig.run(
        pair.addition(named: "settings") + ["--config", settings], environment: Self.none)
      #expect(added.status == 0, "\(added)")
      let list = try await rig.run(
        ["credentials", "list", "chat", "--json"], environment: Self.none)
      for credential in list.json?.array ?? [] {
        ids.insert(try #require(credential["key_id"]?.string))
      }
      #expect(list.json?.array?.count == 3 && ids.count == 1, "\(list)")
      let shown = try await rig.run(["credentials", "list", "chat"], environment: Self.none)
      #expect(shown.text.contains(try #require(ids.first)), "\(shown)")
    }
  }

  @Test func addsNothingWithoutAKey() async throws {
    try await CommandRig.run { rig in
      let pair = try SigningPair(in: rig)
      let before = try await rig.snapshot()
      for arguments in [pair.addition(named: "main"), ["credentials", "rotate"]] {
        let refused = try await rig.run(arguments, environment: Self.none)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.errors.contains("PUSHLEDGER_MASTER_KEY"), "\(refused)")
        #expect(refused.errors.contains("pushledger credentials new-key"), "\(refused)")
      }
      #expect(try await rig.snapshot() == before)
    }
  }

  @Test func namesWhatIsWrongWithAKeyAndNeverTheKey() async throws {
    try await CommandRig.run { rig in
      let pair = try SigningPair(in: rig)
      let before = try await rig.snapshot()
      let key = try await newKey()
      let wrong = try rig.write("wrong.key", "\(key)\nS3cretWord!\n")
      let none = rig.path("none.key")
      for (environment, says) in [
        (["PUSHLEDGER_MASTER_KEY": "S3cretWord!"], ["master.key is", "key[1]", "environment"]),
        (
          ["PUSHLEDGER_MASTER_KEY": "", "PUSHLEDGER_MASTER_KEY_FILE": wrong],
          [wrong, "key[2]", "environment"]
        ),
        (
          ["PUSHLEDGER_MASTER_KEY": "", "PUSHLEDGER_MASTER_KEY_FILE": none],
          [none, "cannot be read"]
        ),
        (
          ["PUSHLEDGER_MASTER_KEY": "", "PUSHLEDGER_MASTER_KEY_FILE": rig.folder.path],
          ["cannot be read"]
        ),
        (
          ["PUSHLEDGER_MASTER_KEY": key, "PUSHLEDGER_MASTER_KEY_FILE": wrong],
          ["master.key.file", "leave one out"]
        ),
      ] {
        for command in [
          pair.addition(named: "main"), ["credentials", "rotate"], ["dispatch"],
          ["up", "--port", "0"],
        ] {
          let refused = try await rig.run(command, environment: environment)
          #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
          for text in says { #expect(refused.errors.contains(text), "\(text)? \(refused)") }
          #expect(!refused.errors.contains("S3cret") && !refused.errors.contains(key))
        }
        // Whoever needs no key does not look at it.
        let list = try await rig.run(["credentials", "list", "chat"], environment: environment)
        #expect(list.status == 0, "\(list)")
        for arguments in [["config"], ["config", "--json"]] {
          let config = try await rig.run(arguments, environment: environment)
          #expect(config.status == 1 && !config.text.contains(key), "\(config)")
          #expect(!config.text.contains("S3cret"), "\(config)")
        }
      }
      #expect(try await rig.snapshot() == before)
    }
  }

  @Test func changesTheKey() async throws {
    try await CommandRig.run { rig in
      let pair = try SigningPair(in: rig)
      try await rig.succeed(pair.addition(named: "main"))
      let new = try await newKey()
      let both = ["PUSHLEDGER_MASTER_KEY": "\(new),\(rig.masterKey)"]
      let added = try await rig.run(pair.addition(named: "newer"), environment: both)
      #expect(added.status == 0, "\(added)")

      let lost = try await rig.run(
        ["credentials", "rotate", "chat"], environment: ["PUSHLEDGER_MASTER_KEY": new])
      #expect(lost.status == 1, "\(lost)")
      #expect(lost.text.contains("NOT OPENED chat apns main"), "\(lost)")

      let rotated = try await rig.run(["credentials", "rotate"], environment: both)
      #expect(rotated.status == 0, "\(rotated)")
      #expect(rotated.text.contains(": 1. Already were: 1."), "\(rotated)")
      let again = try await rig.run(
        ["credentials", "rotate", "chat"], environment: ["PUSHLEDGER_MASTER_KEY": new])
      #expect(again.status == 0, "\(again)")
      #expect(again.text.contains(": 0. Already were: 2."), "\(again)")
      let unknown = try await rig.run("credentials", "rotate", "nope")
      #expect(unknown.status == 1 && unknown.errors.contains("apps create nope"), "\(unknown)")
    }
  }

  /// A dispatcher without the key runs, and tells everybody what it can't open, and why.
  @Test func showsInStatusWhatCannotBeOpened() async throws {
    try await CommandRig.run { rig in
      try await rig.succeed(try SigningPair(in: rig).addition(named: "main"))
      let dispatcher = try rig.start(["dispatch"], environment: Self.none)
      _ = try #require(await dispatcher.line(containing: "Dispatching."))
      let told = try #require(await dispatcher.line(containing: "A credential can't be used"))
      #expect(told.contains("PUSHLEDGER_MASTER_KEY"), "\(told)")
      #expect(
        try await eventually(within: .seconds(30)) {
          try await rig.number("select count(*) from pushledger.refused_credentials") == 1
        })
      let shown = try await rig.succeed("status")
      let line = try #require(shown.lines.first { $0.hasPrefix("chat/main") })
      #expect(line.contains("apns") && line.contains("is sealed under key"), "\(shown)")
      let json = try await rig.succeed("status", "--json").json?.array?.first
      let refused = try #require(json?["dispatch"]?["refused_credentials"]?.array?.first)
      #expect(refused["credential"] == "main" && refused["provider"] == "apns")
      #expect(refused["dispatchers"] == 1)
      #expect(refused["reason"]?.string?.contains("PUSHLEDGER_MASTER_KEY") == true)
      #expect(await dispatcher.stop().status == 0)
    }
  }

  /// The private server's key is made once, is its owner's alone, and is named for other commands.
  @Test func makesOneForThePrivateServer() async throws {
    try await CommandRig.run(migrated: false) { rig in
      let folder = rig.path("data")
      let file = folder + "/master.key"
      var texts: Set<Data> = []
      for _ in 0..<2 {
        let done = try await rig.run(
          ["up", "--data", folder, "--port", "0", "--for", "1s"],
          environment: Self.none.merging(["PUSHLEDGER_DATABASE_URL": ""]) { $1 })
        #expect(done.status == 0, "\(done)")
        #expect(done.errors.contains("PUSHLEDGER_MASTER_KEY_FILE=\(file)"), "\(done)")
        texts.insert(try Data(contentsOf: URL(fileURLWithPath: file)))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
      }
      #expect(texts.count == 1)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder)
          .filter { $0.hasPrefix("master") } == ["master.key"])
    }
  }
}

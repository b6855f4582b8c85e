import PushCore
import TestSupport
import Testing

/// Flags before the environment, the environment before a file, a file before the default; what is
/// wrong is named with where it came from.
@Suite("Read settings", .enabled(if: TestDatabase.isAvailable))
struct ReadSettings {
  @Test func takesTheNearestSource() async throws {
    try await CommandRig.run(migrated: false) { rig in
      let file = try rig.write(
        "settings.json", #"{"http": {"port": 81, "host": "::1"}, "log": {"level": "error"}}"#)
      let shown = try await rig.run(
        ["config", "--json", "--config", file, "--log-level", "debug"],
        environment: ["PUSHLEDGER_HTTP_PORT": "82"])
      #expect(shown.status == 0, "\(shown)")
      let settings = try #require(shown.json?.array)
      func expect(_ name: String, _ value: String, from origin: String) {
        let setting = settings.first { $0["name"]?.string == name }
        #expect(setting?["value"]?.string == value, "\(name)")
        #expect(setting?["origin"]?.string == origin, "\(name)")
      }
      expect("http.port", "82", from: "environment")
      expect("http.host", "::1", from: file)
      expect("log.level", "debug", from: "flag")
      expect("database.connections", "8", from: "default")
      expect("database.url", "(set)", from: "environment")
    }
  }

  @Test func refusesAFileThatIsNoneOfSettings() async throws {
    try await CommandRig.run { rig in
      let before = try await rig.snapshot()
      for (text, says) in [
        (nil, "read"), ("{", "JSON"), ("[1]", "array"), (#"{"htp": {"port": 1}}"#, "htp.port"),
        (#"{"http": {"port": [1]}}"#, "http.port"), (#"{"http": {"port": 1.5}}"#, "http.port"),
        (#"{"http": 1}"#, "http"),
      ] as [(String?, String)] {
        let file = try text.map { try rig.write("settings.json", $0) } ?? rig.path("none.json")
        for command in [
          ["config"], ["status"], ["serve", "--port", "0"], ["apps", "create", "x"],
        ] {
          let refused = try await rig.run(command + ["--config", file])
          #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
          #expect(refused.output.isEmpty, "\(refused)")
          #expect(refused.errors.contains(file), "\(refused)")
          #expect(refused.errors.contains(says), "\(says)? \(refused)")
          #expect(!refused.errors.contains("NSCocoaErrorDomain"), "\(refused)")
        }
      }
      #expect(try await rig.snapshot() == before)
    }
  }

  @Test func showsWhatCannotBeUsed() async throws {
    try await CommandRig.run(migrated: false) { rig in
      let good = try await rig.run("config")
      #expect(good.status == 0 && good.errors.isEmpty, "\(good)")
      let key = "s3cret-and-no-key"
      for (variable, value, says) in [
        ("PUSHLEDGER_HTTP_PORT", "99999", "0 to 65535"),
        ("PUSHLEDGER_REACT_CONNECTIONS", "1", "2 to 64"),
        ("PUSHLEDGER_LOG_LEVEL", "loud", "debug"),
        ("PUSHLEDGER_MASTER_KEY", key, "master.key is wrong"),
        ("PUSHLEDGER_MASTER_KEY_FILE", "none.key", "leave one out"),
      ] {
        let setting = variable.dropFirst("PUSHLEDGER_".count).lowercased().replacing("_", with: ".")
        let shown = try await rig.run(["config"], environment: [variable: value])
        #expect(shown.status == 1, "\(shown)")
        #expect(shown.text.contains("WRONG: ") && shown.text.contains(says), "\(shown)")
        let json = try await rig.run(["config", "--json"], environment: [variable: value])
        #expect(json.status == 1, "\(json)")
        let wrong = json.json?.array?.filter { $0["problem"] != nil } ?? []
        let name = setting == "master.key.file" ? "master.key" : setting
        #expect(wrong.map { $0["name"]?.string } == [name], "\(json)")
        #expect(!(shown.text + shown.errors + json.text + json.errors).contains(key))
      }
    }
  }

  @Test func namesAVariableThatSetsNothing() async throws {
    try await CommandRig.run { rig in
      let more = ["PUSHLEDGER_HTP_PORT": "81"]
      let shown = try await rig.run(["config", "--json"], environment: more)
      #expect(shown.status == 0 && shown.json?.array?.isEmpty == false, "\(shown)")
      #expect(shown.errors.contains("PUSHLEDGER_HTP_PORT"), "\(shown)")
      let other = try await rig.run(["apps", "list"], environment: more)
      #expect(other.status == 0 && other.errors.isEmpty, "\(other)")
    }
  }

  private static let bad: [(setting: String, value: String, command: [String])] = [
    ("http.port", "65536", ["serve"]), ("append.waiting.events", "0", ["serve"]),
    ("database.connections", "none", ["serve"]), ("database.connections", "1001", ["dispatch"]),
    ("projection.connections", "65", ["project"]), ("projection.connections", "-1", ["up"]),
    ("dispatch.in.flight", "0", ["dispatch"]), ("apns.connections", "1.5", ["dispatch"]),
    ("log.level", "loud", ["status"]),
  ]

  @Test func namesABadValueAndItsSource() async throws {
    try await CommandRig.run { rig in
      let before = try await rig.snapshot()
      for (setting, value, command) in Self.bad {
        let variable = "PUSHLEDGER_" + setting.uppercased().replacing(".", with: "_")
        var nested = JSON.string(value)
        for part in setting.split(separator: ".").reversed() {
          nested = .object([.init(String(part), nested)])
        }
        let file = try rig.write("settings.json", nested.text)
        for (refused, origin) in [
          (try await rig.run(command, environment: [variable: value]), "environment"),
          (try await rig.run(command + ["--config", file]), file),
        ] {
          #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
          #expect(refused.output.isEmpty, "\(refused)")
          #expect(refused.errors.contains("\(setting) is \(value)"), "\(refused)")
          #expect(refused.errors.contains("expected"), "\(refused)")
          #expect(refused.errors.contains(origin), "\(refused)")
        }
      }
      #expect(try await rig.snapshot() == before)
    }
  }
}

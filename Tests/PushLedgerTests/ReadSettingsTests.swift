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

import TestSupport
import Testing

/// What can be seen to be wrong from the command line alone exits 64, says what is expected, and
/// changes nothing.
@Suite("Refuse wrong usage", .enabled(if: TestDatabase.isAvailable))
struct RefuseWrongUsage {
  /// A command line, and what its error must hold.
  struct Case {
    var arguments: [String]
    var says: [String]

    /// Whose usage it ends with.
    var command: [String] {
      switch arguments[0] {
      case "frob": []
      case "apps" where arguments[1] == "tencent": Array(arguments.prefix(3))
      case "apps", "keys", "credentials", "deliveries", "pauses", "simulate", "usersig":
        Array(arguments.prefix(2))
      default: [arguments[0]]
      }
    }

    /// In the line `''` is an empty argument, as a shell has it.
    init(_ line: String, says: String...) {
      arguments = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
      self.says = says
    }
  }

  private static let cases = [
    Case("frob", says: "frob", "--help"),
    Case("apps create", says: "<app>"),
    Case("apps create Bad!", says: "Bad!", "a-z 0-9 - _ ."),
    Case("apps create other --lanes 65", says: "lanes", "65", "1 to 64"),
    Case("apps create other --lanes many", says: "many", "--lanes"),
    Case("apps create other --language fr", says: "fr", "en or zh"),
    Case("apps create other --push-lifetime 0", says: "push_lifetime", "0", "31536000"),
    Case("apps set chat --lanes 0", says: "lanes", "0", "1 to 64"),
    Case("apps set Bad! --language zh", says: "Bad!", "a-z 0-9 - _ ."),
    Case("keys create chat", says: "--scope", "send, device, read or admin"),
    Case("keys create chat --scope frob", says: "frob", "send, device, read or admin"),
    Case("keys create Bad! --scope send", says: "Bad!"),
    Case("keys list", says: "<app>"), Case("keys list Bad!", says: "Bad!"),
    Case("keys revoke chat", says: "<key>"),
    Case("credentials add chat main", says: "--secret"),
    Case("credentials add chat main --secret none.p8", says: "none.p8", "--secret"),
    Case("credentials add chat x!1 --secret none.p8", says: "<id>", "x!1", "1 to 128"),
    Case("credentials list", says: "<app>"), Case("credentials remove chat", says: "<id>"),
    Case("pauses add", says: "--app"), Case("pauses add --app Bad!", says: "--app", "Bad!"),
    Case("pauses remove --app chat --provider pigeon", says: "pigeon"),
    Case("deliveries cancel chat", says: "<deliveries>"),
    Case("deliveries retry chat nope", says: "nope", "delivery's id"),
    Case("deliveries test chat ann", says: "<device>"),
    Case("deliveries test chat ann phone --text ''", says: "--text is empty"),
    Case("import chat", says: "<file>"), Case("import Bad! x.ndjson", says: "Bad!"),
    Case("export chat", says: "<file>"),
    Case("export chat - --after=-1", says: "--after", "-1", "0 or more"),
    Case("decisions", says: "--app"), Case("decisions x.ndjson --app chat", says: "--app"),
    Case("decisions x.ndjson --language fr", says: "fr", "en or zh"),
    Case("verify Bad!", says: "Bad!"),
    Case("explain m-1 --user ''", says: "--user is empty; give 1 to"),
    Case("verify --app ''", says: "--app has 0 characters"),
    Case("tail --since 999999999d", says: "--since is 999999999d, which is too far", "36500d"),
    Case("tail --type ''", says: "--type is \"\"; one of"),
    Case("tail --type message.sent --outcome retry", says: "--outcome is of push.attempted alone"),
    Case("archive --before 999999999d --to x", says: "--before is 999999999d, which is too far"),
    Case("verify --app Bad!", says: "--app", "Bad!"),
    Case("verify one two --archive x", says: "--archive", "one app"),
    Case("verify one --app two --archive x", says: "--archive", "one app"),
    Case("replay x.ndjson --app chat", says: "--app"),
    Case("replay --to-position 1 --at 2h", says: "--to-position", "--at"),
    Case("replay --to-position=-1", says: "--to-position", "-1", "0 or more"),
    Case("replay x.ndjson --at yesterday", says: "--at", "yesterday", "2h"),
    Case("replay x.ndjson --type frob", says: "--type", "frob", "message.sent"),
    Case("replay x.ndjson --limit 0", says: "--limit", "0", "1 to 10000"),
    Case("replay x.ndjson --language fr", says: "fr", "en or zh"),
    Case("replay --trace --diff", says: "--trace", "--diff"),
    Case("replay x.ndjson --diff", says: "--diff", "a file"),
    Case("replay --diff --user bob", says: "--diff", "--user"),
    Case("replay --step", says: "--step", "terminal", "--trace"),
    Case("replay x.ndjson --what-if none.json", says: "--what-if", "none.json"),
    Case("serve --port 99999", says: "http.port", "99999", "0 to 65535"),
    Case("serve --port x", says: "http.port", "x", "whole number"),
    Case("up --for 3x", says: "3x", "30s"), Case("up --rate 0", says: "--rate", "1 to 2000"),
    Case("simulate apns --port 70000", says: "--port", "70000", "65535"),
    Case("simulate apns --latency=-1", says: "--latency", "-1", "60000"),
    Case("simulate apns --key a:b", says: "a:b", "TEAM:KEY:FILE"),
    Case("simulate apns --key a:b:none.pem", says: "none.pem", "--key"),
    Case("apps set chat", says: "nothing to change"),
    Case(
      "apps tencent add chat 0 --secret none.txt --administrator a", says: "none.txt", "--secret"),
    Case("apps tencent add chat x --secret k --administrator a", says: "<sdkappid>"),
    Case("usersig make --sdkappid 1 --identifier a --secret none.txt", says: "none.txt"),
    Case("usersig explain nonsense", says: "70003"),
    Case("status --log-level loud", says: "log.level", "loud", "debug"),
  ]

  @Test func saysWhatIsExpected() async throws {
    try await CommandRig.run { rig in
      let before = try await rig.snapshot()
      for wrong in Self.cases {
        let refused = try await rig.run(wrong.arguments)
        #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
        #expect(refused.output.isEmpty, "\(refused)")
        let command = (["pushledger"] + wrong.command).joined(separator: " ")
        #expect(refused.errors.contains("Usage: \(command) "), "\(refused)")
        #expect(refused.errors.contains("See '\(command) --help'"), "\(refused)")
        for text in wrong.says { #expect(refused.errors.contains(text), "\(text)? \(refused)") }
        #expect(try await rig.snapshot() == before, "\(refused)")
      }
    }
  }

  @Test func refusesAFileThatCannotBeWritten() async throws {
    try await CommandRig.run { rig in
      let file = rig.path("none/file")
      let events = try rig.write("events.ndjson", "")
      for arguments in [
        ["export", "chat", file], ["decisions", events, "--unread", file],
        ["import", "chat", events, "--skip-invalid", file],
        ["simulate", "apns", "--port", "0", "--control-port", "0", "--certificate", file],
      ] {
        let refused = try await rig.run(arguments)
        #expect(refused.status > 0, "\(refused)")
        #expect(refused.errors.contains(file), "\(refused)")
        #expect(!refused.errors.contains("NSCocoaErrorDomain"), "\(refused)")
      }
    }
  }

  @Test func saysInWordsWhereItCannotListen() async throws {
    try await CommandRig.run { rig in
      let first = try rig.start(["simulate", "apns", "--port", "0", "--control-port", "0"])
      let line = try #require(await first.line(containing: "is played on"))
      let port = try #require(line.firstMatch(of: /:(\d+), control/)?.output.1)
      let host = ["--host", "999.1.1.1"]
      for (arguments, reason) in [
        (["serve"] + host, "no such address"), (["serve", "--port", "\(port)"], "already in use"),
        (["simulate", "apns"] + host, "no such address"),
        (["simulate", "apns", "--port", "\(port)"], "already in use"),
        (["simulate", "apns", "--port", "0", "--control-port", "\(port)"], "already in use"),
        (["simulate", "provider", "fcm"] + host, "no such address"),
        (["simulate", "provider", "fcm", "--port", "\(port)"], "already in use"),
        (["simulate", "all", "--port", "0"] + host, "no such address"),
      ] {
        let refused = try await rig.run(arguments)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.errors.contains(reason), "\(refused)")
        #expect(refused.errors.contains("--host or --port"), "\(refused)")
        for raw in ["errno", "Error.", "("] { #expect(!refused.errors.contains(raw), "\(refused)") }
      }
      _ = await first.stop()
    }
  }
}

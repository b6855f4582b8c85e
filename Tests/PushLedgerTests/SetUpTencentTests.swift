import PushCore
import TestSupport
import Testing

@Suite("Set up Tencent", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct SetUpTencent {
  private static let webhook = ["apps", "tencent", "webhook"]

  private static func run(_ body: @Sendable (CommandRig) async throws -> Void) async throws {
    try await CommandRig.run { rig in
      let key = try rig.write("key.txt", "a secret key\n")
      try await rig.succeed(
        "apps", "tencent", "add", "chat", "1400000000", "--secret", key, "--administrator", "ann")
      try await body(rig)
    }
  }

  private static func app(_ rig: CommandRig) async throws -> JSON? {
    try await rig.succeed("apps", "list", "--json").json?.array?.first { $0["app"] == "chat" }
  }

  @Test("with its first SDKAppID an app gets seven reachable days, unless it has others")
  func getsReachableDays() async throws {
    try await Self.run { rig in
      #expect(try await Self.app(rig)?["reachable_days"] == 7)
      #expect(try await Self.app(rig)?["login_policy"] == "one_per_platform")
      try await rig.succeed(
        "apps", "set", "chat", "--reachable-days", "0", "--login-policy", "any")
      let key = try rig.write("key.txt", "a secret key\n")
      try await rig.succeed(
        "apps", "tencent", "add", "chat", "1400000001", "--secret", key, "--administrator", "ann")
      #expect(try await Self.app(rig)?["reachable_days"] == .null, "not with the second")
      #expect(try await Self.app(rig)?["login_policy"] == "any")
      let empty = try rig.write("empty.txt", "\n")
      let without = try await rig.run(
        "apps", "tencent", "add", "chat", "1400000001", "--secret", empty, "--administrator", "ann")
      #expect(without.status == FinishedCommand.wrongUsage, "\(without)")
      #expect(without.errors.contains(empty) && without.errors.contains("--secret"), "\(without)")
      for arguments in [["--reachable-days", "4000"], ["--login-policy", "nope"]] {
        let refused = try await rig.run(["apps", "set", "chat"] + arguments)
        #expect(refused.status != 0 && refused.errors.contains(arguments[0]))
      }
    }
  }

  @Test("a webhook is set, changed in part, skipped and removed; its token is never shown")
  func setsWebhooks() async throws {
    try await Self.run { rig in
      let token = try rig.write("token.txt", "s3cret-token\n")
      var said: [FinishedCommand] = []
      func call(_ arguments: [String]) async throws -> FinishedCommand {
        let done = try await rig.run(Self.webhook + arguments)
        said.append(done)
        return done
      }
      let name = ["chat", "1400000000"]
      let url = "https://chat.example/cb"
      let set = try await call(
        ["set"] + name + [url, "--token", token, "--command", "Push.OfflinePush"])
      #expect(set.status == 0, "\(set)")
      let changed = try await call(["set"] + name + ["http://10.0.0.1/cb", "--allow-private"])
      #expect(changed.status == 0, "\(changed)")
      let list = try await call(["list", "chat", "--json"])
      let webhook = list.json?.array?.first
      #expect(webhook?["url"] == "http://10.0.0.1/cb" && webhook?["signed"] == true)
      #expect(webhook?["commands"] == ["Push.OfflinePush"])
      #expect(webhook?["allows_private"] == true && webhook?["behind"] == 0)
      let table = try await call(["list", "chat"])
      #expect(String(decoding: table.output, as: UTF8.self).contains("Push.OfflinePush"))
      let status = try await rig.succeed("status", "--json").json?.array?.first
      #expect(status?["reactions"]?["webhooks"]?.array?.first?["sdkappid"] == 1_400_000_000)
      #expect(try await call(["skip"] + name).status != 0, "no call fails")
      #expect(try await call(["skip"] + name + ["--all"]).status == 0)
      for (arguments, said) in [
        (["set"] + name + ["http://127.0.0.1/cb", "--no-allow-private"], "--allow-private"),
        (["set"] + name + ["nonsense"], "\"nonsense\""),
        (["set"] + name + ["ftp://x"], "\"ftp://x\""),
        (["set"] + name + ["https://u:s3cret-token@chat.example/cb"], "holds a user"),
        (["set", "chat", "7", url], "7"),
        (["set"] + name + [url, "--command", "Nothing"], "Nothing"),
        (["set"] + name + [url, "--token", "missing.txt"], "--token"),
        (["remove", "chat", "7"], "7"), (["skip", "chat", "7", "--all"], "7"),
      ] {
        let refused = try await call(arguments)
        #expect(refused.status != 0, "\(arguments)")
        #expect(refused.errors.contains(said), "\(refused)")
      }
      #expect(try await call(["remove"] + name).status == 0)
      #expect(try await call(["list", "chat", "--json"]).json == [])
      for done in said {
        #expect(
          !(String(decoding: done.output, as: UTF8.self) + done.errors).contains("s3cret-token"),
          "\(done)")
      }
    }
  }
}

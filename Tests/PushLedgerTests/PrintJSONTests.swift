import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Print JSON", .enabled(if: TestDatabase.isAvailable))
struct PrintJSON {
  /// The commands that take `--json`, in an order in which they all go well.
  private static let commands = [
    "config", "migrate", "migrate --check", "apps list", "keys list chat", "credentials list chat",
    "credentials providers",
    "import chat events.ndjson", "explain MESSAGE", "timeline --message MESSAGE --limit 1",
    "tail --no-follow --since 199", "status", "verify", "verify chat",
    "apps tencent list chat", "apps tencent webhook list chat", "usersig explain SIG",
    "sql projection_lag", "replay --app chat", "projections rebuild notifications",
    "pauses list", "deliveries cancel chat DELIVERY --dry-run",
    "deliveries retry chat DELIVERY", "deliveries test chat USER DEVICE", "projections list",
    "projections status", "projections add EXAMPLE",
    "erase --message MESSAGE --yes",
    "archive --before 0s --to ARCHIVE", "archive --check ARCHIVE",
    "verify --app chat --archive ARCHIVE", "restore --from ARCHIVE",
  ]

  @Test func parsesWhateverTheCommand() async throws {
    try await CommandRig.run { rig in
      try await rig.succeed("keys", "create", "chat", "--scope", "send", "--label", "a \"b\" \\")
      try await rig.succeed(try SigningPair(in: rig).addition(named: "main"))
      var history = RandomHistory(seed: 2)
      let known = history.events(200)
      let sent = known.first { $0["type"] == "message.sent" }
      let message = sent?["data"]?["message_id"]?.string ?? ""
      let events = try rig.write("events.ndjson", known.map(\.text).joined(separator: "\n"))
      let key = try rig.write("key.txt", "a secret key\n")
      try await rig.succeed(
        "apps", "tencent", "add", "chat", "1400000000", "--secret", key, "--administrator", "ann")
      try await rig.succeed(
        "apps", "tencent", "webhook", "set", "chat", "1400000000", "https://chat.example/cb")
      let sig = try await rig.succeed(
        "usersig", "make", "--sdkappid", "1400000000", "--identifier", "ann", "--secret", key)
      try await rig.succeed("pauses", "add", "--app", "chat", "--provider", "fcm")
      var device: [String] = []
      for command in Self.commands {
        let words = command.split(separator: " ").map(String.init)
        let delivery =
          words.contains("DELIVERY")
          ? try await rig.pool.query("select delivery_id::text from pushledger.deliveries limit 1")[
            0
          ].get(0, as: String.self) : ""
        if words.contains("DEVICE") {
          let row = try await rig.pool.query(
            "select user_id, device_id from pushledger.devices limit 1")[0]
          device = [try row.get(0), try row.get(1)]
        }
        let done = try await rig.run(
          words.map { word in
            switch word {
            case "events.ndjson": events
            case "MESSAGE": message
            case "DELIVERY": delivery
            case "USER": device[0]
            case "DEVICE": device[1]
            case "ARCHIVE": rig.path("archive")
            case "EXAMPLE": AddProjections.examples + "/spam-rate-watch"
            case "SIG": String(sig.lines.first ?? "")
            default: word
            }
          } + ["--json"])
        #expect(done.status == 0, "\(done)")
        #expect(done.errors.isEmpty, "\(done)")
        #expect(done.lines.count == 1, "\(done)")
        #expect(done.json?.array?.isEmpty == false || done.json?.members != nil, "\(done)")
      }
    }
  }

  @Test func forgetsNoCommandThatTakesIt() async throws {
    for (path, help) in try await CommandTree.all() where help.text.contains("--json ") {
      let name = path.joined(separator: " ")
      // A benchmark needs its minutes, and a check the provider.
      guard path.first != "bench", path != ["credentials", "check"] else { continue }
      #expect(Self.commands.contains { $0 == name || $0.hasPrefix(name + " ") }, "\(name)")
    }
  }

  @Test func saysWhatTheLedgerHolds() async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: 3)
      let events = try rig.write(
        "events.ndjson", history.events(50).map(\.text).joined(separator: "\n"))
      try await rig.succeed("import", "chat", events)
      let status = try await rig.succeed("status", "--json").json?.array
      #expect(status?.count == 1)
      #expect(status?.first?["app"]?.string == "chat")
      #expect(status?.first?["head"]?.integer == 50)
      #expect(status?.first?["lag_events"]?.integer == 50)
      #expect(status?.first?["state"] == "follows")
      let report = try await rig.succeed("verify", "--json").json?.array?.first
      #expect(report?["sound"]?.bool == true)
      #expect(report?["events"]?.integer == 50)
      #expect(report?["flaw"] == .null)
    }
  }

  @Test("status names a projection that stands still, and what lets it go on")
  func saysWhatStandsStill() async throws {
    try await CommandRig.run { rig in
      let follows = try await rig.succeed("status")
      #expect(follows.lines.contains { $0.hasSuffix("  follows") }, "\(follows)")
      #expect(!follows.text.contains("stands still"), "\(follows)")
      try await rig.succeed("projections", "pause", "notifications")
      let paused = try await rig.succeed("status")
      #expect(paused.lines.contains { $0.hasSuffix("  PAUSED") }, "\(paused)")
      #expect(
        paused.text.contains("pushledger projections resume notifications --app chat"), "\(paused)")
      let json = try await rig.succeed("status", "--json").json?.array?.first
      #expect(json?["state"] == "paused")
      #expect(json?["projections"]?.array?.first?["projection"] == "notifications")
      #expect(json?["projections"]?.array?.first?["state"] == "paused")
      _ = try await rig.pool.query(
        """
        update ledger.checkpoints
        set paused_at = null, failed_at = now(), failed_position = 4711, failure = 'not known'
        """)
      let failed = try await rig.succeed("status")
      #expect(failed.lines.contains { $0.hasSuffix("  FAILED at 4,711") }, "\(failed)")
      #expect(
        failed.text.contains("pushledger projections status notifications --app chat"), "\(failed)")
      let why = try await rig.succeed("status", "--json").json?.array?.first
      #expect(why?["projections"]?.array?.first?["failed_position"] == 4711)
      #expect(why?["projections"]?.array?.first?["failure"] == "not known")
    }
  }

  @Test("G5: names the position that was changed behind PushLedger's back, and exits 1")
  func namesTheFlaw() async throws {
    try await CommandRig.run { rig in
      var history = RandomHistory(seed: 4)
      let events = try rig.write(
        "events.ndjson", history.events(50).map(\.text).joined(separator: "\n"))
      try await rig.succeed("import", "chat", events)
      try await rig.pool.withConnection { connection in
        try await connection.execute(
          """
          set session_replication_role = replica;
          update ledger.events set data = data || '{"forged": 1}' where position = 17;
          """)
      }
      let verified = try await rig.run("verify", "--json")
      #expect(verified.status == 1, "\(verified)")
      let report = verified.json?.array?.first
      #expect(report?["sound"]?.bool == false)
      #expect(report?["flaw"]?["position"]?.integer == 17, "\(verified)")
      let told = try await rig.run("verify", "chat")
      #expect(told.status == 1, "\(told)")
      #expect(told.text.contains("NOT SOUND"), "\(told)")
      #expect(told.text.contains("17"), "\(told)")
    }
  }
}

import Foundation
import NIOHTTP1
import PushCore
import TestSupport
import Testing

/// `credentials check`, against providers that are played.
@Suite("Check credentials", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(4)))
struct CheckCredentials {
  private static let check = ["credentials", "check", CommandRig.app]

  /// - Returns: Each credential's result and reason.
  private func results(_ done: FinishedCommand) -> [String: [String?]] {
    var results: [String: [String?]] = [:]
    for finding in done.json?.array ?? [] {
      results[finding["credential"]?.string ?? ""] = [
        finding["provider"]?.string, finding["result"]?.string, finding["reason"]?.string,
      ]
    }
    return results
  }

  private func expectNoSecret(_ done: FinishedCommand, _ secrets: [GivenSecret]) {
    for secret in secrets.flatMap(\.secrets) {
      #expect(!done.text.contains(secret) && !done.errors.contains(secret), "G13")
    }
  }

  @Test(
    "tells one that works from one that is refused and a provider that is not there; rings nobody",
    arguments: GivenSecret.Vendor.allCases)
  func tellsThemApart(vendor: GivenSecret.Vendor) async throws {
    try await CommandRig.run { rig in
      let good = try GivenSecret(vendor, "good")
      let wrong = try GivenSecret(vendor, "wrong")
      let played = try await PlayedProvider.start(rig, vendor.rawValue)
      try await GivenSecret.makeKnown([good], at: played)
      for given in [good, wrong] { try await rig.succeed(given.addition(rig, at: played)) }
      let name = vendor.rawValue

      let both = try await rig.run(Self.check + ["--json", "--log-level", "trace"])
      #expect(both.status == 1, "\(both)")
      #expect(
        results(both) == [
          "good": [name, "works", nil], "wrong": [name, "refused", vendor.refusal],
        ])
      let table = try await rig.run(Self.check + ["wrong"])
      #expect(table.status == 1)
      let line = table.lines.first { $0.contains("wrong") }
      #expect(line?.contains("refused") == true && line?.contains(vendor.refusal) == true)
      // Asked twice within a second, Xiaomi says that it is asked too often.
      let isGood = try await eventually(within: .seconds(20)) {
        let one = try await rig.run(Self.check + ["good", "--json"])
        return one.status == 0 && results(one) == ["good": [name, "works", nil]]
      }
      #expect(isGood)
      #expect(try await played.call(.GET, "/received/count")["received"] == 0, "no phone rings")

      let stopped = await played.process.stop()
      #expect(stopped.status == 0, "\(stopped)")
      let down = try await rig.run(Self.check + ["--json", "--log-level", "trace"])
      #expect(down.status == 1, "\(down)")
      #expect(Set(results(down).values.map { $0[1] }) == ["not reached"])
      for done in [both, table, down] { expectNoSecret(done, [good, wrong]) }
    }
  }

  @Test("says of APNs' refusals what they mean")
  func advises() async throws {
    try await CommandRig.run { rig in
      let apns = try await PlayedAPNs.start(rig, latency: 0)
      let works = try await rig.run(Self.check)
      #expect(works.status == 0 && works.text.contains("works"), "\(works)")
      let other = try rig.start([
        "simulate", "apns", "--port", "0", "--control-port", "0", "--certificate",
        rig.path("other.pem"),
      ])
      let line = try #require(await other.line(containing: "apns is played on"))
      let port = try #require(line.firstMatch(of: /https:\/\/[^ ]*:(\d+)/)?.output.1)
      // It knows no key.
      let pair = try SigningPair(in: rig)
      try await rig.succeed(
        pair.addition(named: "unknown") + [
          "--set", "host=localhost", "--set", "port=\(port)", "--set",
          "trust_root=@\(rig.path("other.pem"))",
        ])
      let refused = try await rig.run(Self.check + ["unknown"])
      #expect(refused.status == 1, "\(refused)")
      #expect(refused.text.contains("InvalidProviderToken: "), "\(refused)")
      for secret in pair.secret.split(separator: "\n") where !secret.hasPrefix("-----") {
        #expect(!refused.text.contains(secret) && !refused.errors.contains(secret), "G13")
      }
      let nobody = String(repeating: "0", count: 64)
      #expect(try await apns.arrivals().allSatisfy { $0.token == nobody }, "no phone rings")
    }
  }

  @Test("what nobody can be asked about is no failure")
  func cannotTell() async throws {
    try await CommandRig.run { rig in
      let secret = try rig.write("secret.txt", "s3cret-of-webhooks-0123456789")
      try await rig.succeed(
        "credentials", "add", "chat", "hooks", "--provider", "callback", "--secret", secret)
      let done = try await rig.run(Self.check + ["--json"])
      #expect(done.status == 0, "\(done)")
      #expect(results(done)["hooks"]?[1] == "cannot tell")
      #expect(!(done.text + done.errors).contains("s3cret"))
    }
  }

  @Test("a secret that the master key does not open is refused, and named")
  func opensUnderItsKeyOnly() async throws {
    try await CommandRig.run { rig in
      let given = try GivenSecret(.huawei, "main")
      let played = try await PlayedProvider.start(rig, "huawei")
      try await GivenSecret.makeKnown([given], at: played)
      try await rig.succeed(given.addition(rig, at: played))
      let key = try await CommandTree.run(["credentials", "new-key"])
      let other = String(try #require(key.lines.first))
      let done = try await rig.run(
        Self.check + ["--json"], environment: ["PUSHLEDGER_MASTER_KEY": other])
      #expect(done.status == 1, "\(done)")
      #expect(results(done)["main"]?[1] == "refused")
      expectNoSecret(done, [given])
      #expect(!(done.text + done.errors).contains(other))
    }
  }

  @Test(
    "of what is not there, it says so",
    arguments: [["nobody", ""], ["chat", ""], ["chat", "nothing"]])
  func namesWhatIsMissing(_ names: [String]) async throws {
    try await CommandRig.run { rig in
      let arguments = ["credentials", "check"] + names.filter { !$0.isEmpty }
      let done = try await rig.run(arguments)
      #expect(done.status == 1 && done.output.isEmpty, "\(done)")
      #expect(done.errors.contains(names[1].isEmpty ? names[0] : names[1]), "\(done)")
    }
  }
}

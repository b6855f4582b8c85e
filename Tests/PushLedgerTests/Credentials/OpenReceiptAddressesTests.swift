import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PushCore
import TestSupport
import Testing

/// `credentials receipts`, and what its addresses open.
@Suite("Open receipt addresses", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct OpenReceiptAddresses {
  private static let base = "https://push.example.org/api"
  private static let path = "/v1/provider-receipts/"

  private func add(_ rig: CommandRig, _ vendor: GivenSecret.Vendor) async throws {
    let given = try GivenSecret(vendor, "main")
    let file = try rig.write("secret.txt", given.secret)
    try await rig.succeed(
      [
        "credentials", "add", CommandRig.app, "main", "--provider", vendor.rawValue, "--secret",
        file, "--topic", given.topic,
      ] + (vendor == .huawei ? ["--set", "client_id=client"] : []))
  }

  private func open(
    _ rig: CommandRig, _ provider: String, base: String = base
  ) async throws -> String {
    let done = try await rig.succeed(
      "credentials", "receipts", CommandRig.app, "main", "--provider", provider, "--base", base)
    #expect(done.lines.count == 1, "the address alone, for scripts")
    return String(try #require(done.lines.first))
  }

  /// The last part of an address.
  private func secret(_ address: String) -> String {
    String(address.split(separator: "/").last ?? "")
  }

  private func settings(_ rig: CommandRig) async throws -> JSON? {
    try await rig.succeed("credentials", "list", CommandRig.app, "--json").json?.array?.first?[
      "settings"]
  }

  @Test("an address is made, opens, gives way to a new one, and closes with its credential")
  func opensAndCloses() async throws {
    try await CommandRig.run { rig in
      try await add(rig, .huawei)
      let first = try await open(rig, "huawei")
      #expect(first.hasPrefix(Self.base + Self.path + "plr_"))
      let serve = try rig.start(["serve", "--port", "0"])
      let line = try #require(await serve.line(containing: "listens on"))
      let port = try #require(line.firstMatch(of: /:(\d+)\/v1/)?.output.1)
      func status(_ address: String) async throws -> UInt {
        var request = HTTPClientRequest(
          url: "http://127.0.0.1:\(port)" + Self.path + secret(address))
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: #"{"statuses":[]}"#))
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        _ = try await answer.body.collect(upTo: 1 << 20)
        return answer.status.code
      }
      #expect(try await status(first) == 200)
      #expect(try await status(first + "x") == 404)
      let second = try await open(rig, "huawei", base: Self.base + "/")
      #expect(second != first && second.hasPrefix(Self.base + Self.path + "plr_"))
      #expect(try await status(first) == 404, "an older one is good no longer")
      #expect(try await status(second) == 200)
      try await rig.succeed("credentials", "remove", "chat", "main", "--provider", "huawei")
      #expect(try await status(second) == 404)
      let stopped = await serve.stop()
      #expect(stopped.status == 0, "\(stopped)")
      for address in [first, second] {
        #expect(!stopped.errors.contains(secret(address)), "G13")
        let texts = try await rig.number(
          "select count(*) from ledger.receipt_doors d where d::text like '%\(secret(address))%'")
        #expect(texts == 0)
      }
    }
  }

  @Test("who is told the address with each push is told from now on; a list hides its secret")
  func tellsWithEachPush() async throws {
    try await CommandRig.run { rig in
      try await add(rig, .xiaomi)
      #expect(try await settings(rig)?["receipt_url"] == nil)
      let address = try await open(rig, "xiaomi")
      let kept = """
        select count(*) from ledger.provider_credentials
        where settings->>'receipt_url' = '\(address)'
        """
      #expect(try await rig.number(kept) == 1)
      #expect(try await settings(rig)?["receipt_url"] == .string(Self.base + Self.path + "…"))
      for arguments in [["list", "chat"], ["list", "chat", "--json"]] {
        let list = try await rig.succeed(["credentials"] + arguments)
        #expect(!list.text.contains(secret(address)))
      }
      let other = try await open(rig, "xiaomi")
      #expect(other != address)
      #expect(try await rig.number(kept) == 0)
      let given = try GivenSecret(.xiaomi, "main")
      try await rig.succeed(
        "credentials", "add", CommandRig.app, "main", "--provider", "xiaomi", "--replace",
        "--secret",
        try rig.write("new.txt", given.secret + "\n"), "--topic", "org.example.other")
      let replaced = try await settings(rig)
      #expect(replaced?["receipt_url"] == .string(Self.base + Self.path + "…"))
    }
  }

  @Test("who has a console for it gets no setting")
  func leavesTheConsoleToPeople() async throws {
    try await CommandRig.run { rig in
      try await add(rig, .huawei)
      let before = try await settings(rig)
      _ = try await open(rig, "huawei")
      #expect(try await settings(rig) == before)
    }
  }

  @Test("refuses what leads nowhere, and opens nothing")
  func refuses() async throws {
    try await CommandRig.run { rig in
      try await add(rig, .huawei)
      for (name, provider, base, said) in [
        ("main", "huawei", "http://push.example.org", "--base"),
        ("main", "huawei", "https://", "--base"), ("main", "huawei", "https://h?x=1", "--base"),
        ("main", "nobody", Self.base, "--provider"), ("other", "huawei", Self.base, "other"),
        ("main", "xiaomi", Self.base, "main"), ("main", "fcm", Self.base, "reports nothing"),
        ("main", "xiaomi", "https://" + String(repeating: "a", count: 60), "takes 128"),
      ] {
        let done = try await rig.run(
          "credentials", "receipts", "chat", name, "--provider", provider, "--base", base)
        #expect(done.status != 0 && done.output.isEmpty, "\(done)")
        #expect(done.errors.contains(said), "\(done)")
      }
      #expect(try await rig.number("select count(*) from ledger.receipt_doors") == 0)
    }
  }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import PushCore
import TestSupport
import Testing

/// G13: nothing that opens a door, and nothing that a person wrote, is in what a process says.
@Suite("Keep secrets", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct KeepSecrets {
  private static let token = String(repeating: "5ec7e7", count: 10) + "ab12"
  private static let text = "Meet me at the old mill"

  @Test func showsNoneInAnyOutput() async throws {
    try await withRole { name, password in
      let address = { @Sendable url in
        TestDatabase.url(url, adding: ["user=\(name)", "password=\(password)"])
      }
      try await CommandRig.run(address: address) { rig in
        let pair = try SigningPair(in: rig)
        let created = try await rig.succeed(
          "keys", "create", "chat", "--scope", "send", "--scope", "device", "--quiet")
        let key = try #require(created.lines.first.map(String.init))
        #expect(created.lines.count == 1)
        #expect(!created.errors.contains(key))
        let secrets =
          [
            password, key, rig.masterKey,
            try #require(key.split(separator: "_").last.map(String.init)), Self.token, Self.text,
          ] + Self.lines(of: pair.secret)
        for said in try await talk(rig, pair, key) {
          #expect(!said.errors.contains("Starting service"), "that log line holds whole services")
          for secret in secrets {
            #expect(!said.text.contains(secret), "output of \(said.arguments)")
            #expect(!said.errors.contains(secret), "errors of \(said.arguments)")
          }
        }
      }
    }
  }

  @Test func quotesNoAddressThatIsWrong() async throws {
    for address in [
      "postgresql://u:S3cretWord@127.0.0.1:1/push", "postgresql://u:S3cretWord@127.0.0.1:x/push",
      "postgresql://u:S3cret Word@h/push?bad=1", "host=127.0.0.1 port=1 password=S3cretWord",
      "host=127.0.0.1 password='S3cretWord", "S3cretWord=1",
    ] {
      for arguments in [["status"], ["serve", "--port", "0"], ["config"], ["config", "--json"]] {
        let done = try await CommandTree.run(arguments + ["--database", address])
        #expect(!(done.text + done.errors).contains("S3cret"), "\(address)")
      }
    }
  }

  /// Every kind of command, as talkative as it can be, and each role while it works.
  private func talk(
    _ rig: CommandRig, _ pair: SigningPair, _ key: String
  ) async throws -> [FinishedCommand] {
    var said: [FinishedCommand] = []
    let nobody = ["--set", "host=localhost", "--set", "port=1"]
    let broken = try rig.write(
      "broken.p8", pair.secret.replacing("\n-----END", with: "A\n-----END"))
    let events = try rig.write("broken.ndjson", #"{"content": {"text": "\#(Self.text)"}, "#)
    for arguments in [
      ["migrate"], ["migrate", "--check"], ["config"], ["config", "--json"], ["apps", "list"],
      pair.addition(named: "main") + nobody, pair.addition(named: "main") + nobody,
      [
        "credentials", "add", "chat", "broken", "--secret", broken, "--set", "team_id=T", "--set",
        "key_id=K",
      ],
      ["credentials", "list", "chat"], ["credentials", "list", "chat", "--json"],
      ["keys", "list", "chat"], ["keys", "list", "chat", "--json"],
      ["import", "chat", events], ["decisions", events],
    ] {
      said.append(try await rig.run(arguments + ["--log-level", "trace"]))
    }
    var roles: [RunningCommand] = []
    for role in [["project"], ["dispatch"], ["serve", "--port", "0"]] {
      roles.append(try rig.start(role + ["--log-level", "trace"]))
    }
    let line = try #require(await roles[2].line(containing: "listens on"))
    let port = try #require(line.firstMatch(of: /:(\d+)\/v1/)?.output.1)
    try await send("PUT", "users/ann/devices/phone", port, key, Self.device, gets: 202)
    try await send("POST", "messages", port, key, Self.message, gets: 202)
    try await send("POST", "messages", port, key + "x", Self.message, gets: 401)
    #expect(
      try await eventually(within: .seconds(30)) {
        try await rig.number("select count(*) from notifications_v1.deliveries") > 0
      })
    for role in roles { said.append(await role.stop()) }
    for arguments in [
      ["status"], ["verify", "--json"], ["keys", "revoke", "chat", key], ["keys", "list", "chat"],
    ] {
      let done = try await rig.run(arguments)
      #expect(done.status == 0, "\(arguments.prefix(2))")
      said.append(done)
    }
    return said
  }

  private static let device: JSON = [
    "platform": "ios", "provider": "apns", "token": .string(token),
    "topic": .string(SigningPair.topic), "environment": "production",
  ]

  private static let message: JSON = [
    "id": "m1", "from": "bob", "to": ["user": "ann"], "text": .string(text),
  ]

  private func send(
    _ method: String, _ path: String, _ port: Substring, _ key: String, _ body: JSON,
    gets status: UInt
  ) async throws {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/\(path)")
    request.method = .RAW(value: method)
    request.headers.add(name: "authorization", value: "Bearer \(key)")
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: body.serialized()))
    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    _ = try await answer.body.collect(upTo: 1 << 20)
    #expect(answer.status.code == status, "\(path)")
  }

  /// The lines of a PEM text that are its content.
  private static func lines(of pem: String) -> [String] {
    pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.map(String.init)
  }

  /// A superuser whose password is known here and nowhere else.
  private func withRole(
    _ body: @Sendable (_ name: String, _ password: String) async throws -> Void
  ) async throws {
    let mark = UUID().uuidString.lowercased().replacing("-", with: "")
    let (name, password) = ("test_\(mark)", "Pw\(mark)")
    let admin = try await PostgresConnection.connect(
      PostgresConfiguration(try #require(TestDatabase.url)), logger: TestDatabase.logger)
    try await admin.execute("create role \(name) superuser login password '\(password)'")
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body(name, password))
    } catch {
      outcome = .failure(error)
    }
    try? await admin.execute("drop role \(name)")
    await admin.close()
    try outcome.get()
  }
}

import Crypto
import Foundation
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct CallWebhook {
  @Test("posts the notification, signed with the app's secret")
  func signs() async throws {
    try await CallbackRig.with { rig async throws in
      let result = await rig.send()
      let call = try #require(rig.server.requests.first)
      #expect(result.outcome == .accepted && result.status == 204 && result.reason == nil)
      #expect(result.payloadSHA256 == Array(SHA256.hash(data: call.body)))
      #expect(call.method == "POST" && call.path == "/hook")
      #expect(call.header("content-type") == "application/json")
      let signature = try #require(call.header("x-pushledger-signature"))
      let seconds = String(rig.clock.now.seconds)
      let code = HMAC<SHA256>.authenticationCode(
        for: Data((seconds + ".").utf8) + Data(call.body),
        using: SymmetricKey(data: Data(CallbackRig.secret.utf8)))
      #expect(signature == "t=\(seconds),v1=\(Hex.encode(code))")
      let body = try #require(call.json)
      for (name, value) in [
        ("message_id", "m1"), ("position", 7), ("title", "Team"), ("text", "Ann\u{FF1A} hello"),
        ("ext", "page=7"), ("sender", ["user": "ann", "nickname": "Ann"]),
        ("conversation", ["group": "g1", "name": "Team"]), ("sound", "default"), ("badge", 3),
      ] as [(String, JSON)] { #expect(body[name] == value, "\(name)") }
      #expect(body["delivery_id"]?.string.flatMap { UUID(uuidString: $0) } != nil)
      #expect(body["expires_at"] == JSON(rig.clock.now + .seconds(86_400)))
    }
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var status: Int
    var headers: [(String, String)] = []
    var outcome: AttemptOutcome
    var retryAfter: Duration?
    var testDescription: String { "\(status)" }
  }

  static let table = [
    Row(status: 200, outcome: .accepted), Row(status: 202, outcome: .accepted),
    Row(status: 299, outcome: .accepted),
    Row(status: 301, headers: [("location", "https://elsewhere.example/")], outcome: .rejected),
    Row(status: 307, headers: [("location", "/other")], outcome: .rejected),
    Row(status: 400, outcome: .rejected), Row(status: 401, outcome: .rejected),
    Row(status: 404, outcome: .rejected), Row(status: 408, outcome: .retry),
    Row(status: 410, outcome: .tokenInvalid), Row(status: 425, outcome: .retry),
    Row(status: 429, outcome: .retry),
    Row(
      status: 429, headers: [("retry-after", "120")], outcome: .retry, retryAfter: .seconds(120)),
    Row(status: 500, outcome: .retry),
    Row(
      status: 503, headers: [("retry-after", "7")], outcome: .retry, retryAfter: .seconds(7)),
  ]

  @Test("says of each status what it means, and blames nobody else for it", arguments: table)
  func readsStatus(row: Row) async throws {
    try await CallbackRig.with { rig async throws in
      rig.server.reply(SimulatedAnswer(status: row.status, headers: row.headers))
      let result = await rig.send()
      #expect(result.outcome == row.outcome && result.status == row.status)
      #expect(result.retryAfter == row.retryAfter)
      #expect(result.reason == (row.outcome == .accepted ? nil : "http_\(row.status)"))
      #expect(result.blame == .delivery)
      #expect(result.invalidSince == (row.outcome == .tokenInvalid ? rig.clock.now : nil))
      #expect(rig.server.requests.count == 1, "no redirection is followed")
    }
  }

  @Test("an answer counts by its status, however long it is")
  func readsNoFurther() async throws {
    try await CallbackRig.with { rig async throws in
      var answer = SimulatedAnswer(status: 200)
      answer.body = .init(repeating: 0, count: HTTPPool.answerBytes + 1)
      rig.server.reply(answer)
      #expect(await rig.send().outcome == .accepted)
    }
  }

  @Test("where no answer comes, nobody knows whether it arrived")
  func isUnknown() async throws {
    try await CallbackRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(.silence(accepted: true)))
      let silent = await rig.send(deadline: .milliseconds(300))
      #expect(silent.outcome == .unknown && silent.blame == .delivery)
      rig.simulator.inject(SimulatedFault(.close(accepted: true)))
      #expect(await rig.send().outcome == .unknown)
      // One more may be written to a connection that the server has closed already.
      var last = await rig.send()
      if last.outcome == .unknown { last = await rig.send() }
      #expect(last.outcome == .accepted, "\(last)")
    }
  }

  @Test("what cannot be reached is tried again")
  func retriesUnreached() async throws {
    try await CallbackRig.with { rig async throws in
      let unknown = await rig.send("https://nowhere.invalid/hook")
      #expect(unknown.outcome == .retry && unknown.reason == "connect_name_unknown")
      let port = rig.simulator.port
      await rig.simulator.stop()
      let refused = await rig.send("https://localhost:\(port)/hook")
      #expect(refused.outcome == .retry, "\(refused)")
      #expect(refused.reason?.hasPrefix("connect_") == true)
      #expect(refused.blame == .delivery)
    }
  }

  @Test("no address of this server's own network is called, unless the credential allows it")
  func keepsOut() async throws {
    for settings in [[], [("allow_private", JSON.bool(false))]] {
      try await CallbackRig.with(settings: settings) { rig async throws in
        for host in ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"] {
          let result = await rig.send("https://\(host):\(rig.simulator.port)/hook")
          #expect(result.outcome == .rejected && result.reason == "address_not_public", "\(host)")
        }
        #expect(rig.server.requests.isEmpty)
      }
    }
  }

  @Test("the connection goes to the address that was looked at, under the name of the URL")
  func pinsTheAddress() async throws {
    let here: [UInt8] = [127, 0, 0, 1]
    let hosts = HostBook(
      resolve: { $0 == "hook.example" ? (here, "127.0.0.1") : nil }, isPublic: { $0 == here },
      now: { Timestamp(microseconds: 0) })
    try await CallbackRig.with(settings: [], hosts: hosts) { rig async throws in
      let result = await rig.send("https://hook.example:\(rig.simulator.port)/hook")
      #expect(result.outcome == .accepted, "\(result)")
      #expect(rig.server.requests.first?.header("host")?.hasPrefix("hook.example") == true)
    }
  }

  @Test("takes only https URLs without a user, and sends nothing that expired")
  func refusesURLs() async throws {
    try await CallbackRig.with { rig async throws in
      for url in [
        "http://localhost/hook", "https:///hook", "https://user:word@localhost/", "stream", "",
      ] {
        let result = await rig.send(url)
        #expect(result.outcome == .rejected && result.reason == "url_malformed", "\(url)")
      }
      rig.clock.advance(.zero)
      var late = rig.request()
      late.expiresAt = rig.clock.now
      let result = await rig.provider.send(
        late, with: rig.credential, deadline: CallbackRig.deadline)
      #expect(result.outcome == .expired)
      #expect(rig.server.requests.isEmpty)
    }
  }

  @Test("keeps a connection for the next call, and closes when it is told to")
  func keepsConnections() async throws {
    try await CallbackRig.with { rig async throws in
      for _ in 0..<3 { #expect(await rig.send().outcome == .accepted) }
      #expect(Set(rig.server.requests.map(\.connection)).count == 1)
      #expect(await rig.provider.status().map(\.answered) == [3])
      await rig.provider.shutdown(within: .seconds(1))
      #expect(await rig.send().reason == "shutting_down")
    }
  }

  @Test("a credential has a secret that is long enough, and no setting that is not known")
  func readsCredentials() throws {
    #expect(throws: Never.self) { try CallbackRig.credential([], secret: "0123456789abcdef") }
    #expect(throws: FieldError.self) { try CallbackRig.credential([], secret: "0123456789abcde") }
    #expect(throws: FieldError.self) { try CallbackRig.credential([("allow", true)]) }
    #expect(throws: FieldError.self) { try CallbackRig.credential([("allow_private", "maybe")]) }
    let credential = try CallbackRig.credential([("allow_private", "true")])
    #expect((credential.material as? CallbackCredential)?.allowsPrivate == true)
    #expect(credential.misfit(topic: "webhook", environment: .production) == nil)
    #expect("\(credential)".contains(CallbackRig.secret) == false)
  }
}

import NIOHTTP1
import PushCore
import Simulators
import Testing

@Suite struct AnswerProviderRequests {
  @Test(arguments: BellBench.Version.allCases)
  func showsARequestAsItWasSent(_ version: BellBench.Version) async throws {
    try await BellBench.run(version) { bench in
      let answer = try await bench.call(
        .PUT, "/a%20b/c?x=1%2B1&y=two+words&x=%C3%A4&z", headers: [("X-Word", "w")],
        body: [1, 2, 3])
      #expect(answer.status == 201 && answer.headers["x-answer"] == ["yes"])
      #expect(answer.version == (version == .http1 ? .http1_1 : .http2))
      let seen = answer.json
      #expect(seen["method"] == "PUT" && seen["path"] == "/a%20b/c")
      #expect(
        seen["query"]
          == [["x", "1+1"], ["y", "two words"], ["x", "ä"], ["z", ""]])
      #expect(seen["host"]?.string == "localhost:\(bench.simulator.port)")
      #expect(seen["x-word"] == "w" && seen["body_bytes"] == 3)
      #expect(seen["http2"]?.bool == (version == .http2) && seen["connection"] == 1)
      #expect(try await bench.call(.GET, "/again").json["connection"] == 1)
      #expect(bench.simulator.openConnections == 1)
      #expect(try await bench.call(.GET, "/nothing").status == 204)
    }
  }

  @Test(arguments: BellBench.Version.allCases)
  func takesAndGivesLongBodies(_ version: BellBench.Version) async throws {
    try await BellBench.run(version) { bench in
      let most = Array(repeating: UInt8(ascii: "x"), count: 1_048_576)
      #expect(try await bench.call(.POST, "/x", body: most).json["body_bytes"] == 1_048_576)
      #expect(try await bench.call(.POST, "/x", body: most + [0]).status == 413)
      let long = try await bench.call(.GET, "/long")
      #expect(long.body.count == 200_000 && long.headers["x-long"].first?.utf8.count == 700)
      #expect(bench.simulator.acceptedConnections == 1)
    }
  }

  @Test func speaksHTTP1WithoutALPN() async throws {
    try await BellBench.run { bench in
      let connection = try await PlainTLSConnection.open(
        port: bench.simulator.port, trusting: bench.simulator.caCertificatePEM)
      let head = "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n"
      let text = try await connection.exchange([
        (head + "expect: 100-continue\r\n\r\n", "100 Continue\r\n\r\n"),
        ("ab", "\"body_bytes\":2"),
        (
          "GET /first HTTP/1.1\r\nhost: h\r\n\r\nGET /second HTTP/1.1\r\nhost: h\r\n\r\n",
          "\"path\":\"/second\""
        ),
      ])
      #expect(text.contains("\"path\":\"/first\"") && text.contains("\"http2\":false"))
    }
  }

  @Test func knowsItsSessionsAndForgetsThem() async throws {
    let clock = ManualTime()
    try await BellBench.run(.http2, { $0.clock = { clock.now } }) { bench in
      func push(_ token: String) async throws -> String {
        let headers = [("authorization", "Bearer \(token)")]
        return try await bench.call(.POST, "/push", headers: headers).text
      }
      func issue() async throws -> String {
        let form = Array("x=1&user+name=a%26b".utf8)
        let token = try await bench.call(.POST, "/token", body: form).json["token"]?.string
        return try #require(token)
      }
      let token = try await issue()
      #expect(token.hasPrefix("bell.") && token.utf8.count > 40)
      #expect(try await push(token) == "a&b")
      clock.move(by: .seconds(60))
      #expect(try await push(token) == "expired")
      let second = try await issue()
      #expect(second != token)
      #expect(try await push(second) == "a&b")
      bench.simulator.revokeSessions()
      #expect(try await push(second) == "unknown")
      #expect(bench.simulator.sessionsIssued == 2)
    }
  }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

/// What one client does keeps nothing from the others.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ShareTheServer {
  @Test("bodies that say no length take room as they come, not all that they might")
  func takesChunkedBodies() async throws {
    try await APIRig.run { rig in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<64 {
          group.addTask {
            let body = Array(PostMessages.message("m\(number)").serialized())
            let chunks = AsyncStream<ByteBuffer> { stream in
              stream.yield(ByteBuffer(bytes: body[..<10]))
              stream.yield(ByteBuffer(bytes: body[10...]))
              stream.finish()
            }
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(rig.port)/v1/messages")
            request.method = .POST
            request.headers.add(name: "Authorization", value: "Bearer \(rig.key)")
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .stream(chunks, length: .unknown)
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            return Int(answer.status.code)
          }
        }
        for try await status in group { #expect(status == 202) }
      }
      #expect(try await rig.head() == 64)
    }
  }

  @Test("a body that breaks its frame is the client's mistake")
  func refusesBrokenFrames() async throws {
    try await APIRig.run { rig in
      let request = """
        POST /v1/messages HTTP/1.1\r
        Host: x\r
        Authorization: Bearer \(rig.key)\r
        Content-Type: application/json\r
        Transfer-Encoding: chunked\r
        \r
        zz\r

        """
      let status = try await RawExchange.status(of: Array(request.utf8), port: rig.port)
      #expect(status == 400)
      #expect(try await rig.head() == 0)
    }
  }

  @Test(
    "a body that is refused before it came is read to its end where the client closes after it",
    arguments: [
      ("/v1/messages", "Content-Type: application/json", 413), ("/v1/messages", "X: -", 415),
      ("/v1/messages", "Authorization: Bearer none", 401), ("/v4/openim/sendmsg", "X: -", nil),
    ] as [(String, String, Int?)])
  func readsRefusedBodies(path: String, header: String, expected: Int?) async throws {
    try await APIRig.run { rig in
      let key = header.hasPrefix("Authorization") ? "" : "Authorization: Bearer \(rig.key)\r\n"
      // More than the buffers of both ends hold.
      let count = 40 * 1_024 * 1_024
      let head =
        "POST \(path) HTTP/1.1\r\nHost: x\r\n\(key)\(header)\r\nConnection: close\r\n"
        + "Content-Length: \(count)\r\n\r\n"
      let request = Array(head.utf8) + [UInt8](repeating: 32, count: count)
      let began = ContinuousClock.now
      let status = try await RawExchange.statusOnceSent(request, port: rig.port)
      #expect(status != nil && (expected == nil || status == expected))
      #expect(began.duration(to: .now) < APILimits.idleConnection / 2)
    }
  }

  @Test("an app has its share of the feeds that follow, and reads without end are no matter")
  func sharesFeeds() throws {
    let gate = FeedGate(limit: 5, limitOfApp: 3)
    let other = AppID(unchecked: "other")
    for _ in 0..<3 { #expect(gate.enter(APIRig.demo)) }
    #expect(!gate.enter(APIRig.demo))
    #expect(gate.enter(other) && gate.enter(other))
    #expect(!gate.enter(other), "all are taken")
    gate.leave(APIRig.demo)
    #expect(gate.open == 4 && gate.enter(other))
    gate.stop()
    gate.leave(other)
    #expect(!gate.enter(other))
  }

  @Test("numbers are compared by their value, to any precision")
  func comparesNumbers() throws {
    func same(_ left: String, _ right: String) throws -> Bool {
      StoredBody.same(
        try JSON.parse(Array(left.utf8)), try JSON.parse(Array(right.utf8)))
    }
    for (left, right) in [
      ("1", "1.0"), ("10", "1e1"), ("0.010", "1E-2"), ("0", "-0.0"), ("-5e0", "-5"),
      ("[120]", "[12e1]"), ("-9223372036854775808.0", "-9223372036854775808"),
    ] { #expect(try same(left, right), "\(left) \(right)") }
    for (left, right) in [
      ("9007199254740993", "9007199254740992"), ("1", "-1"), ("1", "10"), ("0.1", "0.01"),
      ("-9223372036854775808.0", "1"), ("1", "\"1\""),
    ] { #expect(try !same(left, right), "\(left) \(right)") }
  }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@Suite("Keep subscriptions", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct KeepSubscriptions {
  /// An API that can be killed and started again.
  private struct Server {
    let process: RunningCommand
    let port: String
    let key: String

    static func start(_ rig: CommandRig, _ key: String) async throws -> Server {
      let process = try rig.start(["serve", "--port", "0"])
      let line = try #require(await process.line(containing: "listens on"))
      let port = try #require(line.firstMatch(of: /:(\d+)\/v1/)?.output.1)
      return Server(process: process, port: String(port), key: key)
    }

    func ask(
      _ method: HTTPMethod, _ path: String, _ body: JSON? = nil
    ) async throws -> (status: Int, lease: Int64, lines: [JSON]) {
      var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1\(path)")
      request.method = method
      request.headers.add(name: "authorization", value: "Bearer \(key)")
      if let body {
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body.serialized()))
      }
      let answer = try await Feeder.client.execute(request, timeout: .seconds(20))
      let text = try await answer.body.collect(upTo: 1 << 22)
      let lines = try text.readableBytesView.split(separator: UInt8(ascii: "\n"))
        .map { try JSON.parse(Array($0)) }
      let lease = answer.headers.first(name: "PushLedger-Lease").flatMap { Int64($0) } ?? 0
      return (Int(answer.status.code), lease, lines)
    }
  }

  @Test("G19: a server that dies loses nobody's place: what was not acknowledged comes again")
  func survivesAServer() async throws {
    try await CommandRig.run { rig in
      let key = try await rig.succeed(
        "keys", "create", CommandRig.app, "--quiet", "--scope", "admin")
      var history = RandomHistory(seed: 5, app: AppID(unchecked: CommandRig.app))
      let lines = history.events(100).map { $0.text + "\n" }.joined()
      try await rig.succeed("import", CommandRig.app, try rig.write("events.ndjson", lines))
      let text = String(try #require(key.lines.first))
      var server = try await Server.start(rig, text)
      #expect(try await server.ask(.PUT, "/subscriptions/all", [:]).status == 200)
      var done: Int64 = 0
      while done < 100 {
        let page = try await server.ask(.GET, "/events?subscription=all&consumer=one&limit=30")
        let positions = page.lines.compactMap { $0["position"]?.integer }
        #expect(positions == Array(done + 1...min(100, done + 30)))
        await server.process.killAndWait()
        server = try await Server.start(rig, text)
        let refused = try await server.ask(.GET, "/events?subscription=all&consumer=two")
        #expect(refused.status == 409, "its lease is in the database, too")
        let last = try #require(positions.dropLast(5).last ?? positions.last)
        let answer = try await server.ask(
          .POST, "/subscriptions/all/acknowledgements",
          ["position": .integer(last), "lease": .integer(page.lease)])
        #expect(answer.status == 200)
        done = last
      }
      let list = try await server.ask(.GET, "/subscriptions")
      #expect(list.lines.first?["items"]?.array?.first?["position"] == 100)
      #expect(await server.process.stop().status == 0)
    }
  }
}

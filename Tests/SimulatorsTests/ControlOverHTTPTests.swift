import Foundation
import PushCore
import Simulators
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite("ControlOverHTTP") struct ControlOverHTTP {
  struct Reply {
    var status: Int
    var json: JSON
  }

  private func call(
    _ bench: TestBench, _ method: String, _ path: String, _ body: String? = nil
  ) async throws -> Reply {
    let port = try #require(bench.simulator.controlPort)
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
    request.httpMethod = method
    request.httpBody = body.map { Data($0.utf8) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    return Reply(status: status, json: (try? JSON.parse(Array(data))) ?? .null)
  }

  @Test func describesItself() async throws {
    try await TestBench.run { bench in
      let guide = try await call(bench, "GET", "/")
      let endpoints = guide.json["endpoints"]?.members?.map(\.key) ?? []
      #expect(endpoints.contains("POST /faults"))
      for endpoint in endpoints where endpoint.hasPrefix("GET") && !endpoint.contains("stream") {
        let path = endpoint.dropFirst(4).prefix { $0 != "?" }
        #expect(try await call(bench, "GET", String(path)).status == 200, "\(endpoint)")
      }
      #expect(guide.json["faults"]?.members?.count == 13)
    }
  }

  @Test func listsCountsAndFindsDuplicates() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let id = "0c635ef1-2e9c-55e1-8eac-92155eb4db11"
      for _ in 0..<2 { _ = try await client.push(bench.push.with("apns-id", id)) }
      _ = try await client.push(bench.push.with("apns-priority", "7"))
      let page = try await call(bench, "GET", "/received?after=1&limit=2")
      let push = try #require(page.json["pushes"]?.array?.first)
      #expect(push["sequence"]?.integer == 2 && push["apns_id"]?.string == id)
      #expect(push["badge"]?.integer == 3 && push["alert"]?.string == "B")
      #expect(push["token"]?.string == TestPush.token && push["status"]?.integer == 200)
      #expect(push["payload"]?["aps"]?["badge"]?.integer == 3)
      #expect(page.json["next"]?.integer == 3)
      let counts = try await call(bench, "GET", "/received/count").json
      #expect(counts["received"]?.integer == 4 && counts["accepted"]?.integer == 3)
      #expect(counts["refused"]?["BadPriority"]?.integer == 1)
      let repeats = try await call(bench, "GET", "/received/duplicates").json["duplicates"]
      #expect(repeats?.array?.count == 1)
      #expect(repeats?.array?.first?["sequences"]?.array?.compactMap(\.integer) == [2, 3])
      let open = try await call(bench, "GET", "/connections").json
      #expect(open["open"]?.integer == 1 && open["accepted"]?.integer == 1)
      #expect(try await call(bench, "POST", "/reset").json["received"]?.integer == 0)
    }
  }

  @Test func injectsAndClearsFaults() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let faults = #"""
        [{"kind": "answer", "reason": "Unregistered", "timestamp": 1700000000000, "times": 1},
         {"kind": "reset", "code": 7, "topic": "org.example.chat", "after": 1, "times": 1},
         {"kind": "latency", "milliseconds": 1, "jitter_milliseconds": 1},
         {"kind": "stream_limit", "limit": 7},
         {"kind": "goaway", "reason": "Shutdown", "last_stream": "this", "times": 1}]
        """#
      let after = try await call(bench, "POST", "/faults", faults)
      #expect(after.status == 200)
      #expect(after.json["faults"]?.array?.count == 3)
      #expect(after.json["conditions"]?["stream_limit"]?.integer == 7)
      try await client.until { $0.limits.last == 7 }
      let gone = try await client.push(bench.push)
      #expect(gone.bodyText == #"{"reason":"Unregistered","timestamp":1700000000000}"#)
      let stream = client.send(bench.push)
      #expect(try await client.answer(on: stream).status == 200)
      #expect(try await client.until { $0.isClosed }.goAways.first?.lastStream == stream)
      let cleared = try await call(bench, "DELETE", "/faults")
      #expect(cleared.json["faults"]?.array?.isEmpty == true)
      #expect(cleared.json["conditions"]?["stream_limit"]?.integer == 1_000)
    }
  }

  @Test(arguments: [
    #"{"kind": "goaway", "now": true, "reason": "Shutdown"}"#, #"{"kind": "close", "now": true}"#,
  ])
  func endsConnectionsAtOnce(_ fault: String) async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      #expect(try await call(bench, "POST", "/faults", fault).status == 200)
      try await client.until { $0.isClosed }
    }
  }

  @Test(arguments: [
    #"{"kind": "silence"}"#, #"{"kind": "half_dead", "now": true}"#, #"{"kind": "accept"}"#,
    #"{"kind": "stream_limit_after_refusal", "limit": 1}"#,
    #"{"kind": "reversed_answers", "count": 3}"#,
    #"{"kind": "refusals_before_goaway", "count": 3}"#,
    #"{"kind": "new_connections", "are": "sent_away", "reason": "Shutdown"}"#,
    #"{"kind": "new_connections", "are": "refused"}"#,
    #"{"kind": "answer", "status": 500, "body": "oops", "delay_milliseconds": 5}"#,
  ])
  func takesEveryKindOfFault(_ fault: String) async throws {
    try await TestBench.run { bench in
      let reply = try await call(bench, "POST", "/faults", fault)
      #expect(reply.status == 200)
    }
  }

  @Test(arguments: [
    ("/faults", "{", "no JSON"), ("/faults", #"{"kind": "magic"}"#, "kind"),
    ("/faults", #"{"kind": "reset"}"#, "code"),
    ("/faults", #"{"kind": "answer"}"#, "status"),
    ("/faults", #"{"kind": "answer", "status": 42}"#, "status"),
    ("/faults", #"{"kind": "latency", "limit": 1}"#, "limit"),
    ("/faults", #"[{"kind": "accept"}, 3]"#, "[1]"),
    ("/keys", #"{"team_id": "T"}"#, "key_id"),
    ("/keys", #"{"team_id": "T", "key_id": "K", "public_key": "x"}"#, "Key K"),
    ("/devices", #"{"token": 5}"#, "token"),
    ("/devices", #"{"token": "ab", "invalid_since": "yesterday"}"#, "invalid_since"),
  ])
  func saysWhatIsWrongWithAnOrder(path: String, body: String, names: String) async throws {
    try await TestBench.run { bench in
      let reply = try await call(bench, "POST", path, body)
      #expect(reply.status == 400)
      let problem = reply.json["error"]?.string ?? ""
      #expect(problem.contains(names), "\(problem)")
    }
  }

  @Test func answersWhatItDoesNotKnow() async throws {
    try await TestBench.run { bench in
      let unknown = try await call(bench, "GET", "/nowhere")
      #expect(unknown.status == 404)
      let long = String(repeating: " ", count: 1_048_577)
      let tooLong = try await call(bench, "POST", "/faults", long)
      #expect(tooLong.status == 413)
    }
  }

  @Test func takesKeysAndDevices() async throws {
    let key = TestKey(keyID: "KEY0000009")
    try await TestBench.run { bench in
      let order = JSON.object([
        JSON.Member("team_id", .string(key.teamID)), JSON.Member("key_id", .string(key.keyID)),
        JSON.Member("public_key", .string(key.registered.publicKeyPEM)),
        JSON.Member("topics", ["org.example.chat"]),
      ])
      #expect(try await call(bench, "POST", "/keys", order.text).status == 200)
      let device = #"{"token": "\#(TestPush.token)", "invalid_since": "2026-01-01T00:00:00Z"}"#
      #expect(try await call(bench, "POST", "/devices", device).status == 200)
      let answer = try await bench.connect().push(TestPush(key.token()))
      #expect(answer.bodyText == #"{"reason":"Unregistered","timestamp":1767225600000}"#)
      let query = "?team_id=\(key.teamID)&key_id=\(key.keyID)"
      #expect(try await call(bench, "DELETE", "/keys" + query).status == 200)
      #expect(try await bench.connect().push(TestPush(key.token())).status == 403)
    }
  }

  @Test func streamsLinesAsPushesArrive() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let port = try #require(bench.simulator.controlPort)
      let lines = try await ControlStream.open(port: port, path: "/received/stream")
      _ = try await client.push(bench.push)
      let found = try await lines.read(count: 2)
      #expect(found.compactMap { (try? JSON.parse($0))?["sequence"]?.integer } == [1, 2])
      await lines.close()
    }
  }
}

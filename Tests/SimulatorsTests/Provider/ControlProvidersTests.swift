import NIOHTTP1
import PushCore
import Simulators
import Testing

@Suite struct ControlProviders {
  @Test func describesItself() async throws {
    try await BellBench.run { bench in
      let guide = try await bench.control(.GET, "/").json
      let endpoints = guide["endpoints"]?.members?.map(\.key) ?? []
      #expect(endpoints.contains("POST /faults") && endpoints.contains("POST /keys"))
      for endpoint in endpoints where endpoint.hasPrefix("GET") {
        let path = endpoint.dropFirst(4).prefix { $0 != "?" }
        #expect(try await bench.control(.GET, String(path)).status == 200, "\(endpoint)")
      }
      #expect(guide["provider"] == "bell" && guide["fates"]?["gone"] == "404 gone")
      #expect(guide["faults"]?.members?.count == 6)
      let certificate = try await bench.control(.GET, "/certificate").text
      #expect(certificate == bench.simulator.caCertificatePEM)
    }
  }

  @Test func setsFatesAndShowsWhatArrived() async throws {
    try await BellBench.run { bench in
      let fates = #"[{"token": "a", "fate": "busy", "times": 1}, {"token": "*", "fate": "gone"}]"#
      #expect(try await bench.control(.POST, "/fates", fates).status == 200)
      #expect(try await bench.push("a", "a", delivery: "d") == ["busy", "gone"])
      #expect(try await bench.control(.DELETE, "/fates").status == 200)
      #expect(try await bench.push("a", "a", delivery: "d") == [nil, nil])
      let page = try await bench.control(.GET, "/received?after=2&limit=1").json
      let push = page["pushes"]?.array?.first
      #expect(push?["sequence"] == 3 && push?["token"] == "a" && push?["accepted"] == true)
      #expect(push?["payload"]?["delivery_id"] == "d" && page["next"] == 3)
      #expect(
        try await bench.control(.GET, "/received/count").json
          == ["received": 4, "accepted": 2, "deliveries": 1, "duplicates": 1])
      #expect(
        try await bench.control(.GET, "/received/duplicates").json["duplicates"]
          == [["token": "a", "delivery_id": "d", "sequences": [3, 4]]])
      #expect(
        try await bench.control(.GET, "/connections").json == ["open": 1, "accepted": 1])
      #expect(try await bench.control(.POST, "/reset").json["received"] == 0)
      #expect(bench.simulator.receivedCount == 0)
    }
  }

  @Test func injectsAndClearsFaults() async throws {
    try await BellBench.run { bench in
      let faults = #"""
        [{"kind": "answer", "status": 503, "headers": {"Retry-After": "7"}, "body": {"no": 1}},
         {"kind": "answer", "status": 500, "body": "oops", "times": 2, "path": "/push"},
         {"kind": "reset", "code": 7, "after": 1}, {"kind": "close", "times": null},
         {"kind": "silence"}, {"kind": "goaway"}, {"kind": "delay", "milliseconds": 5}]
        """#
      let reply = try await bench.control(.POST, "/faults", faults)
      let kinds = reply.json["faults"]?.array?.compactMap { $0["kind"]?.string }
      #expect(kinds == ["answer", "answer", "reset", "close", "silence", "goaway", "delay"])
      let times = reply.json["faults"]?.array?.map { $0["times"]?.integer }
      #expect(times == [1, 2, 1, nil, 1, 1, 1])
      let first = try await bench.call(.POST, "/push")
      #expect(first.status == 503 && first.headers["retry-after"] == ["7"])
      #expect(first.json == ["no": 1])
      #expect(try await bench.call(.POST, "/push").text == "oops")
      #expect(try await bench.control(.DELETE, "/faults").json == ["faults": []])
      #expect(try await bench.push("a") == [nil])
    }
  }

  @Test func revokesSessions() async throws {
    try await BellBench.run { bench in
      let token = try await bench.call(.POST, "/token").json["token"]?.string ?? ""
      #expect(try await bench.control(.POST, "/sessions/revoke").json == ["issued": 1])
      let headers = [("authorization", "bearer \(token)")]
      #expect(try await bench.call(.POST, "/push", headers: headers).status == 401)
    }
  }

  @Test func leavesTheRestToTheSimulation() async throws {
    try await BellBench.run { bench in
      let reply = try await bench.control(.POST, "/keys", "k")
      #expect(reply.json == ["keys": 1])
      #expect(bench.simulator.simulation.keysGiven == ["k"])
      #expect(try await bench.control(.GET, "/nowhere").status == 404)
    }
  }

  @Test(arguments: [
    ("/fates", "{", "no JSON"), ("/fates", #"{"token": "a"}"#, "fate"),
    ("/fates", #"[{"token": "a", "fate": "x"}, {"fate": "x"}]"#, "[1].token"),
    ("/fates", #"{"token": "a", "fate": "x", "times": 0}"#, "times"),
    ("/fates", #"{"token": "a", "fate": "x", "often": 1}"#, "often"),
    ("/faults", #"{"kind": "magic"}"#, "kind"), ("/faults", #"{"kind": "reset"}"#, "code"),
    ("/faults", #"{"kind": "answer"}"#, "status"),
    ("/faults", #"{"kind": "answer", "status": 42}"#, "status"),
    ("/faults", #"{"kind": "answer", "status": 200, "headers": {"a": 1}}"#, "headers.a"),
    ("/faults", #"{"kind": "delay"}"#, "milliseconds"),
    ("/faults", #"{"kind": "goaway", "code": 1}"#, "code"),
  ])
  func saysWhatIsWrongWithAnOrder(path: String, body: String, names: String) async throws {
    try await BellBench.run { bench in
      let reply = try await bench.control(.POST, path, body)
      #expect(reply.status == 400)
      let problem = reply.json["error"]?.string ?? ""
      #expect(problem.contains(names), "\(problem)")
    }
  }
}

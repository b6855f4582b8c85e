import Logging
import NIOHTTP1
import PushCore
import Testing

@testable import Simulators

/// The control requests that only the simulators of Xiaomi and OPPO know.
@Suite(.timeLimit(.minutes(1))) struct RegisterApps {
  private func control<Simulation: ProviderSimulation>(
    _ simulation: Simulation,
    _ body: (
      _ post: (String, String) -> ControlAnswer?, ProviderSimulator<Simulation>
    ) async -> Void
  ) async throws {
    var configuration = ProviderSimulatorConfiguration()
    configuration.controlPort = nil
    let simulator = try await ProviderSimulator.start(
      simulation, configuration,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    await body(
      { path, json in
        simulation.control(
          ControlRequest(
            HTTPRequestHead(version: .http1_1, method: .POST, uri: path), body: Array(json.utf8)),
          in: simulator.engine.world)
      }, simulator)
    await simulator.stop()
  }

  private func request(
    _ path: String, _ body: String, headers: [(name: String, value: String)] = []
  ) -> SimulatedRequest {
    SimulatedRequest(
      method: "POST", target: path,
      headers: [("content-type", "application/x-www-form-urlencoded")] + headers,
      body: Array(body.utf8), isHTTP2: false, connection: 1)
  }

  private func isTaken(_ answer: ControlAnswer?) -> Bool {
    if case .json(_, status: .ok)? = answer { true } else { false }
  }

  private func code(_ answer: SimulatedAnswer) -> Int64? {
    (try? JSON.parse(answer.body))?["code"]?.integer
  }

  @Test func anAppOfXiaomisIsKnownOnceItIsRegistered() async throws {
    let simulation = XiaomiSimulation()
    try await control(simulation) { post, simulator in
      let push = request(
        "/v2/message/regid",
        "registration_id=a&restricted_package_name=org.example.chat&title=Mia&description=hello",
        headers: [("authorization", "key=s")])
      let world = simulator.engine.world
      #expect(code(simulation.answer(push, in: world)) == 21301)
      let app = #"{"app_secret":"s","packages":["org.example.chat"],"pushes_per_day":1}"#
      #expect(isTaken(post("/apps", app)))
      #expect(code(simulation.answer(push, in: world)) == 0)
      #expect(code(simulation.answer(push, in: world)) == 200_001)
      #expect(!isTaken(post("/apps", #"{"app_secret":"s"}"#)))
      #expect(isTaken(post("/reports", #"[{"twice":true}]"#)))
      #expect(isTaken(post("/reports/flush", "")))
      #expect(post("/elsewhere", "{}") == nil)
    }
  }

  @Test func anAppOfOPPOsIsKnownOnceItIsRegistered() async throws {
    let simulation = OPPOSimulation()
    try await control(simulation) { post, simulator in
      let auth = request("/server/v1/auth", "app_key=k&timestamp=1&sign=x")
      let world = simulator.engine.world
      #expect(code(simulation.answer(auth, in: world)) == 14)
      #expect(isTaken(post("/apps", #"[{"app_key":"k","master_secret":"m","app_id":"1"}]"#)))
      #expect(code(simulation.answer(auth, in: world)) == 19)
      #expect(!isTaken(post("/apps", #"{"app_key":"k"}"#)))
      #expect(isTaken(post("/reports", #"{"reports_per_call":2}"#)))
      #expect(post("/elsewhere", "{}") == nil)
    }
  }

  @Test func whatIsGatheredIsSentWhenAskedFor() async throws {
    var habits = ReportingHabits()
    habits.reportsPerCall = 10
    let simulation = XiaomiSimulation(
      apps: [XiaomiApp(appSecret: "s", packages: ["p"])], reporting: habits)
    try await control(simulation) { post, simulator in
      let push = request(
        "/v2/message/regid",
        "registration_id=a&restricted_package_name=p&title=Mia&description=hello"
          + "&extra.callback=http%3A%2F%2F127.0.0.1%3A1%2F&extra.callback.type=1",
        headers: [("authorization", "key=s")])
      #expect(code(simulation.answer(push, in: simulator.engine.world)) == 0)
      #expect(code(simulation.answer(push, in: simulator.engine.world)) == 0)
      #expect(simulator.receipts.isEmpty)
      #expect(isTaken(post("/reports/flush", "")))
      await simulator.waitForReceipts(1)
      let sent = simulator.receipts.map {
        FormText.pairs(String(decoding: $0.body, as: UTF8.self)[...])
      }
      #expect(sent.count == 1)
      let events = sent.first?.first.flatMap { try? JSON.parse($0.value) }
      #expect(events?.members?.count == 2)
    }
  }
}

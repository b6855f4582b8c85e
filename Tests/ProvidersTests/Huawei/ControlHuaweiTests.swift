import Logging
import NIOCore
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ControlHuawei {
  private struct Bench {
    let control: String
    let world: ProviderWorld

    func post(_ path: String, _ body: String) async throws -> HTTPAnswer {
      try await world.pool.execute(
        HTTPCall(control + path, body: Array(body.utf8)), trust: .system,
        deadline: .now() + .seconds(60)
      ).get()
    }
  }

  @Test func appsAndAccountsAreRegisteredWhileItRuns() async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let simulator = try await ProviderSimulator.start(HuaweiSimulation(), logger: logger)
    let world = ProviderWorld(logger: logger)
    let provider = ChannelKind<HuaweiChannel>().makeProvider(world)
    let bench = Bench(
      control: "http://127.0.0.1:\(simulator.controlPort ?? 0)", world: world)
    let ended: Result<Void, any Error>
    do {
      ended = .success(try await register(bench, simulator, provider))
    } catch {
      ended = .failure(error)
    }
    await provider.shutdown(within: .zero)
    await world.shutdown()
    await simulator.stop()
    try ended.get()
  }

  private func register(
    _ bench: Bench, _ simulator: ProviderSimulator<HuaweiSimulation>, _ provider: any PushProvider
  ) async throws {
    let credential = try ProviderCredential(
      StoredCredential(
        app: AppID(unchecked: "shop"), provider: .huawei, id: "main", topics: [],
        environment: nil,
        settings: [
          "url": .string(simulator.url), "trust_root": .string(simulator.caCertificatePEM),
        ], secret: SecretText(HuaweiRig.accountFile())))
    let request = try HuaweiRig.request("t1", expiresAt: .systemClock + .seconds(3_600))
    func send() async -> AttemptResult {
      await provider.send(request, with: credential, deadline: .seconds(60))
    }
    #expect(await send().reason == "80200001")
    let file = HuaweiRig.accountFile()
    #expect(try await bench.post("/accounts", file).status == 200)
    #expect(await send().reason == "80300002")
    let app =
      #"{"client_id":"1","client_secret":"s","project_id":"\#(HuaweiRig.projectID)"}"#
    #expect(try await bench.post("/apps", app).status == 200)
    #expect(await send().outcome == .accepted)
    for (path, body) in [
      ("/apps", "{}"), ("/apps", #"{"client_id":"1","client_secret":"s","more":1}"#),
      ("/accounts", "{}"), ("/accounts", HuaweiRig.accountFile(key: "no PEM")), ("/nowhere", "{}"),
    ] {
      let answer = try await bench.post(path, body)
      #expect(answer.status == (path == "/nowhere" ? 404 : 400))
    }
  }
}

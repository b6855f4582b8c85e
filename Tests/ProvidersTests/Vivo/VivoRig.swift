import PushCore
import Simulators

@testable import Providers

typealias VivoRig = VendorRig<VivoChannel, VivoSimulation>

extension VendorRig where Channel == VivoChannel, Simulation == VivoSimulation {
  static func with(
    settings: [(String, JSON)] = [], secret: String = "secret-of-app",
    clock: ManualClock = ManualClock(), ahead: Duration = .zero,
    app change: (inout VivoApp) -> Void = { _ in }, _ body: (VivoRig) async throws -> Void
  ) async throws {
    var app = VivoApp(appID: 10_004, appKey: "key-of-app", appSecret: "secret-of-app")
    change(&app)
    try await with(
      VivoSimulation(apps: [app]), secret: secret,
      settings: [("app_id", .integer(app.appID)), ("app_key", .string(app.appKey))] + settings,
      clock: clock, ahead: ahead, body)
  }
}

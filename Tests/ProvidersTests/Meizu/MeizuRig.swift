import PushCore
import Simulators

@testable import Providers

typealias MeizuRig = VendorRig<MeizuChannel, MeizuSimulation>

extension VendorRig where Channel == MeizuChannel, Simulation == MeizuSimulation {
  static var app: MeizuApp { MeizuApp(appID: 110_370, appSecret: "secret-of-app") }

  static func with(
    settings: [(String, JSON)] = [], secret: String = app.appSecret,
    app change: (inout MeizuApp) -> Void = { _ in }, _ body: (MeizuRig) async throws -> Void
  ) async throws {
    var app = app
    change(&app)
    try await with(
      MeizuSimulation(apps: [app]), secret: secret,
      settings: [("app_id", .integer(Self.app.appID))] + settings, body)
  }
}

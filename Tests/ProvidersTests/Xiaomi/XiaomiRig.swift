import PushCore
import Simulators

@testable import Providers

typealias XiaomiRig = VendorRig<XiaomiChannel, XiaomiSimulation>

extension VendorRig where Channel == XiaomiChannel, Simulation == XiaomiSimulation {
  static var package: String { "org.example.chat" }
  static var secret: String { "AppSecret000000000000w==" }
  static var formType: String { "application/x-www-form-urlencoded" }

  static func with(
    reporting: ReportingHabits = ReportingHabits(), settings: [(String, JSON)] = [],
    app change: (inout XiaomiApp) -> Void = { _ in }, _ body: (XiaomiRig) async throws -> Void
  ) async throws {
    var app = XiaomiApp(appSecret: secret, packages: [package])
    change(&app)
    try await with(
      XiaomiSimulation(apps: [app], reporting: reporting), secret: secret, topics: [package],
      settings: settings, body)
  }
}

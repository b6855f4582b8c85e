import PushCore
import Simulators

@testable import Providers

typealias OPPORig = VendorRig<OPPOChannel, OPPOSimulation>

extension VendorRig where Channel == OPPOChannel, Simulation == OPPOSimulation {
  static var appKey: String { "appkey00000000000000000000000001" }
  static var masterSecret: String { "master00000000000000000000000002" }

  static func with(
    reporting: ReportingHabits = ReportingHabits(), settings: [(String, JSON)] = [],
    ahead: Duration = .zero, app change: (inout OPPOApp) -> Void = { _ in },
    _ body: (OPPORig) async throws -> Void
  ) async throws {
    var app = OPPOApp(appKey: appKey, masterSecret: masterSecret)
    change(&app)
    try await with(
      OPPOSimulation(apps: [app], reporting: reporting), secret: masterSecret,
      settings: [("app_key", .string(appKey))] + settings, ahead: ahead, body)
  }
}

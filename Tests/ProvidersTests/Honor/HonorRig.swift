import PushCore
import Simulators

@testable import Providers

typealias HonorRig = VendorRig<HonorChannel, HonorSimulation>

extension VendorRig where Channel == HonorChannel, Simulation == HonorSimulation {
  static var appID: String { "104412345" }
  static var clientID: String { "f0e1d2c3" }
  static var secret: String { "honor-secret" }

  static func with(
    reporting: ReportingHabits = ReportingHabits(), settings: [(String, JSON)] = [],
    ahead: Duration = .zero, app change: (inout HonorApp) -> Void = { _ in },
    _ body: (HonorRig) async throws -> Void
  ) async throws {
    var app = HonorApp(appID: appID, clientID: clientID, clientSecret: secret)
    change(&app)
    try await with(
      HonorSimulation(apps: [app], reporting: reporting), secret: secret,
      settings: [("app_id", .string(appID)), ("client_id", .string(clientID))] + settings,
      ahead: ahead, body)
  }
}

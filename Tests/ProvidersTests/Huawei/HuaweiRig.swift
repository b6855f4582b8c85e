import PushCore
import Simulators

@testable import Providers

typealias HuaweiRig = VendorRig<HuaweiChannel, HuaweiSimulation>

extension VendorRig where Channel == HuaweiChannel, Simulation == HuaweiSimulation {
  static var clientID: String { "104512345" }
  static var secret: String { "5b3f0c7a9e" }
  static var projectID: String { "736430079244" }

  static func with(
    reporting: ReportingHabits = ReportingHabits(), settings: [(String, JSON)] = [],
    secret: String = secret, ahead: Duration = .zero,
    app change: (inout HuaweiApp) -> Void = { _ in }, _ body: (HuaweiRig) async throws -> Void
  ) async throws {
    var app = HuaweiApp(clientID: clientID, clientSecret: Self.secret, projectID: projectID)
    change(&app)
    let simulation = HuaweiSimulation(apps: [app], reporting: reporting)
    await simulation.register(try HuaweiSimulatedAccount(file: JSON.parse(accountFile())))
    try await with(
      simulation, secret: secret, settings: [("client_id", .string(clientID))] + settings,
      ahead: ahead, body)
  }

  /// What Huawei gives out for a service account's key.
  static func accountFile(
    key: String = RSATestKeys.first, changing changes: [(String, JSON)] = []
  ) -> String {
    var file: JSON = [
      "project_id": .string(projectID), "key_id": "key7", "private_key": .string(key),
      "sub_account": "101783233",
      "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
      "token_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
    ]
    for (name, value) in changes { file = file.setting(name, to: value) }
    return file.text
  }

  /// What the simulator got, without the tokens.
  func sentMessage() throws -> JSON? {
    try simulator.received().last.map { try JSON.parse($0.payload) }?["message"]
  }
}

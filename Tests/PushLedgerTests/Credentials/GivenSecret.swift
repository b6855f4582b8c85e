import NIOHTTP1
import PushCore

/// A provider's secret as it is given out, known there, taken back and given out anew.
struct GivenSecret: Sendable {
  enum Vendor: String, CaseIterable, Sendable {
    case fcm, huawei, xiaomi

    /// What the provider says of a secret that it does not take.
    var refusal: String {
      switch self {
      case .fcm: "invalid_grant"
      case .huawei: "1101"
      case .xiaomi: "21301"
      }
    }
  }

  let vendor: Vendor
  /// The credential's name.
  let name: String
  private let account: SimulatedAccount?
  private let text: String

  init(_ vendor: Vendor, _ name: String) throws {
    self.vendor = vendor
    self.name = name
    account = vendor == .fcm ? try SimulatedAccount(name) : nil
    text = "s3cret-\(name)-" + String(UInt64.random(in: .min ... .max), radix: 36)
  }

  /// The content of the secret's file.
  var secret: String { account?.file ?? text }

  /// What must be seen nowhere.
  var secrets: [String] { account?.secretLines ?? [text] }

  var topic: String { "org.example.\(name)" }

  /// `credentials add`.
  func addition(_ rig: CommandRig, at played: PlayedProvider) throws -> [String] {
    let file = try rig.write("secret-\(name).txt", secret)
    let settings =
      switch vendor {
      case .fcm: ["--set", "ramp_seconds=0"]
      case .huawei: ["--set", "client_id=client-\(name)"]
      case .xiaomi: [String]()
      }
    return [
      "credentials", "add", CommandRig.app, name, "--provider", vendor.rawValue, "--secret", file,
      "--topic", topic,
    ] + settings + played.place
  }

  /// Makes these secrets the only ones that the provider takes.
  static func makeKnown(_ secrets: [GivenSecret], at played: PlayedProvider) async throws {
    for given in secrets {
      let order: JSON =
        switch given.vendor {
        case .fcm: given.account?.known ?? [:]
        case .huawei:
          [
            "client_id": .string("client-\(given.name)"), "client_secret": .string(given.text),
          ]
        case .xiaomi:
          ["app_secret": .string(given.text), "packages": [.string(given.topic)]]
        }
      try await played.call(.POST, given.vendor == .fcm ? "/accounts" : "/apps", order)
    }
    try await played.call(.POST, "/sessions/revoke")
  }
}

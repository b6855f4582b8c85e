import Crypto
import PushCore
import Simulators

/// An APNs key made for one run, and its public half for the simulator.
struct DemoIdentity: Sendable {
  static let teamID = "DEMOTEAM01"
  static let keyID = "DEMOKEY001"

  private let key = P256.Signing.PrivateKey()

  /// The text of a `.p8` file.
  var privateKeyPEM: String { key.pemRepresentation }

  var simulatorKey: APNsSimulatorKey {
    APNsSimulatorKey(
      teamID: Self.teamID, keyID: Self.keyID, publicKeyPEM: key.publicKey.pemRepresentation)
  }

  /// Settings of a credential that sends to a simulator.
  static func settings(port: Int, trustRoot: String) -> JSON {
    [
      "team_id": .string(teamID), "key_id": .string(keyID), "host": "localhost",
      "port": .integer(port), "trust_root": .string(trustRoot),
    ]
  }
}

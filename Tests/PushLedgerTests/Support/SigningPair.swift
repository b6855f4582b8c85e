import Crypto
import Foundation

/// An APNs key made for one test, and its public half for the simulator, as files.
struct SigningPair: Sendable {
  static let teamID = "TESTTEAM01"
  static let keyID = "TESTKEY001"
  static let topic = "org.example.chat"

  let secretPath: String
  let publicPath: String
  /// The text of the `.p8` file.
  let secret: String

  init(in rig: CommandRig) throws {
    let key = P256.Signing.PrivateKey()
    secret = key.pemRepresentation
    secretPath = try rig.write("AuthKey.p8", secret)
    publicPath = try rig.write("public.pem", key.publicKey.pemRepresentation)
  }

  /// `credentials add` without what says where to send.
  func addition(named name: String, to app: String = CommandRig.app) -> [String] {
    [
      "credentials", "add", app, name, "--secret", secretPath, "--set", "team_id=\(Self.teamID)",
      "--set", "key_id=\(Self.keyID)", "--topic", Self.topic,
    ]
  }
}

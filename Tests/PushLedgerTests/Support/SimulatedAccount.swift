import CryptoExtras
import PushCore

/// A service account of Firebase, made for one test.
struct SimulatedAccount: Sendable {
  let name: String
  private let key: _RSA.Signing.PrivateKey

  init(_ name: String) throws {
    self.name = name
    key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
  }

  private var facts: JSON {
    [
      "type": "service_account", "project_id": .string("project-\(name)"), "private_key_id": "k",
      "client_email": .string("\(name)@project-\(name).iam.gserviceaccount.com"),
      "token_uri": "https://oauth2.googleapis.com/token",
    ]
  }

  /// What Google gives out.
  var file: String {
    facts.setting("private_key", to: .string(key.pkcs8PEMRepresentation)).text
  }

  /// What Google keeps.
  var known: JSON {
    facts.setting("public_key", to: .string(key.publicKey.pemRepresentation))
  }

  /// The lines of the key that must be seen nowhere.
  var secretLines: [String] {
    key.pkcs8PEMRepresentation.split(separator: "\n").filter { !$0.hasPrefix("-----") }
      .map(String.init)
  }
}

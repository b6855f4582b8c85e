internal import Crypto
internal import NIOSSL
public import PushCore

/// What APNs asks of a sender: a signing key with its team, or a TLS client certificate.
///
/// `settings` of the stored credential:
///
/// | key | | |
/// |---|---|---|
/// | `team_id`, `key_id` | 10 characters each | with a `.p8` key |
/// | `host` | a name or an address | instead of Apple's: a simulator, a test, a relay |
/// | `port` | 1 to 65535 | 443 without it |
/// | `trust_root` | PEM certificates | instead of the system's: for that `host` |
///
/// `secret` is the text of the `.p8` file, or, for certificate authentication, the PEM blocks of
/// the certificate (its chain after it) and of its private key.
public struct APNsCredential: CredentialMaterial {
  enum Authentication: Sendable {
    case token(SigningKey)
    case certificate(ClientCertificate)
  }

  let authentication: Authentication
  /// Instead of Apple's host.
  let hostOverride: String?
  let port: Int
  /// Nil: the system's trust store.
  let trustedAuthorities: [NIOSSLCertificate]?

  /// - Throws: ``FieldError`` that names `secret` or the setting at fault.
  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try APNsSettings(settings)
    hostOverride = reader.host
    port = reader.port
    trustedAuthorities = reader.trustRoots
    if PEMBlocks(secret).hold(label: "CERTIFICATE") {
      if reader.teamID != nil || reader.keyID != nil {
        throw FieldError(
          .unknownField, reader.teamID != nil ? "settings.team_id" : "settings.key_id",
          "goes with a .p8 key, but the secret holds a certificate; leave it out.")
      }
      authentication = .certificate(try ClientCertificate(pem: secret))
    } else {
      authentication = .token(
        try SigningKey(pem: secret, teamID: reader.teamID, keyID: reader.keyID))
    }
  }

  /// Shows, without any server, that the key fits its purpose: a `.p8` key signs and the
  /// signature verifies; a certificate and its key belong together.
  ///
  /// What it can't show is that Apple knows the key, and for which team, topics and environment:
  /// the first push does, and ``APNsReason/advice(for:)`` says what its refusal means.
  public func check() throws(FieldError) {
    switch authentication {
    case .token(let key): try key.check()
    case .certificate(let certificate): try certificate.check()
    }
  }

  public func topics(
    stored: [String], environment: PushEnvironment?
  ) throws(FieldError) -> [String] {
    try scope.check(topics: stored, environment: environment)
    return stored.isEmpty ? scope.topics : stored
  }

  /// What the certificate itself says it is for; a key says nothing.
  var scope: CertificateScope {
    guard case .certificate(let certificate) = authentication else { return CertificateScope() }
    return certificate.scope
  }

  /// `token` or `certificate`.
  public var kind: String {
    switch authentication {
    case .token: "token"
    case .certificate: "certificate"
    }
  }

  /// When the certificate ends; nil for a key, which does not.
  public var expiresAt: Timestamp? {
    guard case .certificate(let certificate) = authentication else { return nil }
    return certificate.expiresAt
  }

  func host(for environment: PushEnvironment) -> String {
    if let hostOverride { return hostOverride }
    return switch environment {
    case .production: "api.push.apple.com"
    case .sandbox: "api.sandbox.push.apple.com"
    }
  }
}

internal import NIOSSL
internal import PushCore

/// What browsers' push services ask of a sender: a VAPID key, and whom to complain to.
public struct WebPushCredential: CredentialMaterial {
  static let payloadBytes: ClosedRange<Int64> = 1_000...Int64(WebPushEncryption.plaintextBytes)

  public let trustRoots: TrustRoots
  /// What browsers subscribe with: `applicationServerKey`, 65 bytes in base64url.
  public let publicKey: String
  let tokens: VAPIDTokens
  /// Whether endpoints may lead into this server's own network.
  let allowsPrivate: Bool
  /// Nil: any public host.
  let hosts: PushServiceHosts?
  /// What a message has at most before it is encrypted.
  let payloadLimit: Int

  static let guide = CredentialGuide(
    secret: "the VAPID private key: PEM, or the 32 bytes in base64url",
    settings: [
      (
        "subject", "whom push services may complain to: mailto:push@example.com or https://…",
        isRequired: true
      ),
      (
        "public_key", "what browsers subscribe with, to be held against the secret: base64url",
        isRequired: false
      ),
      (
        "hosts",
        "the only hosts that endpoints may have, such as fcm.googleapis.com, *.push.apple.com",
        isRequired: false
      ),
      (
        "payload_bytes",
        "a message's size where a browser's service takes less than \(payloadBytes.upperBound)",
        isRequired: false
      ),
      (
        "allow_private", "true: endpoints in this server's own network, for tests",
        isRequired: false
      ),
      ("trust_root", "PEM certificates that vouch for the push services", isRequired: false),
    ])

  /// - Throws: ``FieldError`` that names `secret` or the setting at fault.
  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    let subject = try reader.required("subject")
    guard Self.isSubject(subject) else {
      throw FieldError(
        .badFormat, "settings.subject",
        "is \(FieldError.quoted(subject)), no mailto: address nor https: URL of somebody "
          + "outside of this machine.")
    }
    trustRoots = try reader.trustRoots()
    allowsPrivate = try reader.flag("allow_private")
    hosts =
      try reader.text("hosts").map { list throws(FieldError) in
        try PushServiceHosts(reading: list)
      }
    payloadLimit = Int(
      try reader.number("payload_bytes", in: Self.payloadBytes) ?? Self.payloadBytes.upperBound)
    let key = try VAPIDKey(secret)
    publicKey = key.publicKey
    tokens = VAPIDTokens(key: key, subject: subject)
    if let expected = try reader.text("public_key"),
      Base64URL.decode(expected) != Base64URL.decode(publicKey)
    {
      throw FieldError(
        .unknownValue, "settings.public_key",
        "is not the secret's other half; that is \(publicKey).")
    }
  }

  /// Who answers from a host speaks for the credential where the operator, or everybody, knows it.
  func suspect(at host: String) -> MassGuard.Suspect {
    (hosts ?? .known).hold(host) ? .credential : .server
  }

  /// Apple takes none that is not reached from outside.
  private static func isSubject(_ text: String) -> Bool {
    let host: String
    if text.hasPrefix("mailto:") {
      let parts = text.dropFirst("mailto:".count)
        .split(separator: "@", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty,
        let address = WebAddress("https://" + parts[1]), address.host == parts[1].lowercased()
      else { return false }
      host = address.host
    } else {
      guard let address = WebAddress(text) else { return false }
      host = address.host
    }
    return host != "localhost" && !host.hasSuffix(".localhost")
  }
}

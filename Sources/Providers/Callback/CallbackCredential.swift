internal import Crypto
internal import PushCore

/// What an app's webhooks are called with.
struct CallbackCredential: CredentialMaterial {
  static let leastSecretBytes = 16

  /// What calls are signed with.
  var secret: SecretText
  /// Whether an address of this server's own network may be called.
  var allowsPrivate: Bool
  var trustRoots: TrustRoots

  static let guide = CredentialGuide(
    secret: "what calls of webhooks are signed with, at least 16 bytes",
    settings: [
      (
        "allow_private", "true: webhooks may lead into this server's own network",
        isRequired: false
      ),
      ("trust_root", "PEM certificates that vouch for the webhooks", isRequired: false),
    ])

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    allowsPrivate = try reader.flag("allow_private")
    trustRoots = try reader.trustRoots()
    let bytes = secret.reveal().utf8.count
    guard bytes >= Self.leastSecretBytes else {
      throw FieldError(
        .tooShort, "secret", "has \(bytes) bytes; give at least \(Self.leastSecretBytes).")
    }
    self.secret = secret
  }

  /// The header `x-pushledger-signature`: when, and an HMAC-SHA256 over that, a full stop and the
  /// body.
  func signature(of body: [UInt8], at now: Timestamp) -> String {
    let seconds = String(now.seconds)
    let key = SymmetricKey(data: Array(secret.reveal().utf8))
    var code = HMAC<SHA256>(key: key)
    code.update(data: Array((seconds + ".").utf8))
    code.update(data: body)
    return "t=\(seconds),v1=\(Hex.encode(code.finalize()))"
  }
}

struct CallbackKind: ProviderKind {
  var name: ProviderName { .callback }
  var needsTopic: Bool { false }
  var guide: CredentialGuide { CallbackCredential.guide }

  func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> any CredentialMaterial {
    try CallbackCredential(settings: settings, secret: secret)
  }

  func checkToken(_ token: JSON, field: String) throws(FieldError) {
    let text = try token.textToken(field)
    switch CallbackWay(token: token) {
    case .webhook:
      guard WebAddress(text) == nil else { return }
      throw FieldError(
        .badFormat, field,
        "is no URL that can be called: after https:// a host is expected, and perhaps a port and "
          + "a path, in visible ASCII, without a user, a password and a fragment.")
    case .stream:
      guard Self.looksLikeURL(text) else { return }
      throw FieldError(
        .badFormat, field,
        "looks like a URL, and only one that begins with https:// is called. Write it so, or give "
          + "a name such as stream for a device that holds a connection.")
    }
  }

  private static func looksLikeURL(_ text: String) -> Bool {
    let start = text.prefix(6).lowercased()
    return text.contains("://") || start.hasPrefix("http:") || start == "https:"
  }

  func makeProvider(_ world: ProviderWorld) -> any PushProvider {
    CallbackProvider(pool: world.pool, now: world.now)
  }
}

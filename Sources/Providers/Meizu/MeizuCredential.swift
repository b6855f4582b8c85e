internal import Crypto
internal import PushCore

/// What Meizu knows an app by, and where it is.
struct MeizuCredential: CredentialMaterial {
  static let ownOrigin = "https://server-api-push.meizu.com"
  /// Characters of a receipt's address that Meizu takes.
  static let receiptURLBytes = 128

  var appID: Int64
  var appSecret: SecretText
  /// `https://…`, without `/` at its end.
  var origin: String
  var trustRoots: TrustRoots
  var receiptURL: String?
  var requestsPerSecond: Double?

  static let guide = CredentialGuide(
    secret: "the appSecret",
    settings: [
      ("app_id", "the app's number in Meizu's console", isRequired: true),
      (
        "url",
        "a server in place of Meizu's own: https://host:port; for phones sold abroad "
          + "https://server-api-push.in.meizu.com",
        isRequired: false
      ),
    ] + CredentialGuide.Setting.elsewhere.filter { $0.0 != "url" }
      + CredentialGuide.Setting.receipts + CredentialGuide.Setting.requestsPerSecond,
    receipts: .toldWithEachPush(maxBytes: receiptURLBytes))

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    guard let appID = try reader.number("app_id", in: 1...Int64.max) else {
      throw FieldError(.missing, "settings.app_id", "is missing; it is required.")
    }
    self.appID = appID
    origin = try reader.origin() ?? Self.ownOrigin
    trustRoots = try reader.trustRoots()
    receiptURL = try reader.receiptURL(maxBytes: Self.receiptURLBytes)
    requestsPerSecond = try reader.number("requests_per_second", in: 1...1_000_000).map(Double.init)
    let text = secret.reveal()
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw FieldError(
        .badFormat, "secret",
        "is no appSecret: it is empty, or holds a line break or what is no visible ASCII.")
    }
    appSecret = secret
  }

  /// As circuits are named: without the scheme.
  var host: String { String(origin.dropFirst("https://".count)) }

  /// Signs a form: its fields by their names, `name=value` one behind the other and not encoded,
  /// the secret behind them; of that the MD5 in lower-case hexadecimal.
  func sign(_ fields: [(String, String)]) -> String {
    let text = fields.sorted { $0.0 < $1.0 }.map { $0.0 + "=" + $0.1 }.joined()
    return Hex.encode(Insecure.MD5.hash(data: Array((text + appSecret.reveal()).utf8)))
  }
}

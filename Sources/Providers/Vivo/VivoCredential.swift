internal import PushCore

/// What vivo knows an app by, and what was learned today about its volumes.
struct VivoCredential: CredentialMaterial {
  static let ownOrigin = "https://api-push.vivo.com.cn"
  /// Characters of a receipt's address that vivo takes.
  static let receiptURLBytes = 128

  var appID: Int64
  var appKey: String
  var appSecret: SecretText
  /// `https://…`, without `/` at its end.
  var origin: String
  var trustRoots: TrustRoots
  var receiptURL: String?
  var requestsPerSecond: Double?
  /// Pushes reach only the phones on the console's test list.
  var isTest: Bool
  let volumes = VivoVolumes()

  static let guide = CredentialGuide(
    secret: "the appSecret",
    settings: [
      ("app_id", "the app's number in vivo's console", isRequired: true),
      ("app_key", "the app's appKey", isRequired: true),
      ("test", "true: only phones on the console's test list are reached", isRequired: false),
    ] + CredentialGuide.Setting.elsewhere + CredentialGuide.Setting.receipts
      + CredentialGuide.Setting.requestsPerSecond,
    receipts: .toldWithEachPush(maxBytes: receiptURLBytes))

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    guard let appID = try reader.number("app_id", in: 1...Int64.max) else {
      throw FieldError(.missing, "settings.app_id", "is missing; it is required.")
    }
    self.appID = appID
    appKey = try reader.required("app_key")
    origin = try reader.origin() ?? Self.ownOrigin
    trustRoots = try reader.trustRoots()
    receiptURL = try reader.receiptURL(maxBytes: Self.receiptURLBytes)
    requestsPerSecond = try reader.number("requests_per_second", in: 1...1_000_000).map(Double.init)
    isTest = try reader.flag("test")
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
}

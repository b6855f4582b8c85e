internal import PushCore

/// What Honor's service is shown, and where it is.
struct HonorCredential: CredentialMaterial {
  static let pushOrigin = "https://push-api.cloud.honor.com"
  static let loginOrigin = "https://iam.developer.honor.com"

  var session: ClientCredentialsSession
  /// `https://…`, without a path.
  var origin: String
  /// `/api/v1/{app_id}/sendMessage`
  var path: String
  var trustRoots: TrustRoots
  var tap: TapAction
  var badgeClass: String?
  var requestsPerSecond: Int64?
  /// Pushes count as tests, which Honor takes few of.
  var isTest: Bool

  var host: String { String(origin.dropFirst("https://".count)) }

  static let guide = CredentialGuide(
    secret: "the client secret",
    settings: [
      ("app_id", "the app's id in Honor's console", isRequired: true),
      ("client_id", "the app's client id", isRequired: true),
      (
        "badge_class",
        "the app's entry activity, such as org.example.MainActivity: without it no "
          + "badge is shown", isRequired: false
      ),
      ("test", "true: pushes are tests, which Honor takes few of a day", isRequired: false),
    ] + TapAction.settings + CredentialGuide.Setting.requestsPerSecond
      + CredentialGuide.Setting.elsewhere,
    receipts: .enteredInItsConsole)

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    let url = try reader.origin()
    trustRoots = try reader.trustRoots()
    origin = url ?? Self.pushOrigin
    guard let appID = try reader.pathName("app_id") else {
      throw FieldError(.missing, "settings.app_id", "is missing; it is required.")
    }
    path = "/api/v1/\(appID)/sendMessage"
    session = ClientCredentialsSession(
      url: (url ?? Self.loginOrigin) + "/auth/token", clientID: try reader.required("client_id"),
      clientSecret: try secret.visible("client secret"))
    tap = try TapAction(reader)
    badgeClass = try reader.text("badge_class")
    isTest = try reader.flag("test")
    requestsPerSecond = try reader.number("requests_per_second", in: 1...1_000_000)
  }
}

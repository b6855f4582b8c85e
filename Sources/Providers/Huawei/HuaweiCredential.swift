internal import PushCore

/// What Huawei's service is shown, and where it is.
struct HuaweiCredential: CredentialMaterial {
  static let pushOrigin = "https://push-api.cloud.huawei.com"
  static let loginOrigin = "https://oauth-login.cloud.huawei.com"

  enum Login: Sendable {
    /// An id and a secret, for which Huawei gives session tokens.
    case client(ClientCredentialsSession)
    /// A key that session tokens are signed with here.
    case account(HuaweiServiceAccount)
  }

  var login: Login
  /// `https://…`, without a path.
  var origin: String
  /// `/v1/{client_id}/messages:send` or `/v2/{project_id}/messages:send`.
  var path: String
  var trustRoots: TrustRoots
  var tap: TapAction
  var badgeClass: String?
  var receiptID: String?
  var requestsPerSecond: Int64?
  /// Pushes count as tests: Huawei takes 500 of them a day.
  var isTest: Bool

  var host: String { String(origin.dropFirst("https://".count)) }

  static let guide = CredentialGuide(
    secret: "the client secret, or the JSON file of a service account's key",
    settings: [
      ("client_id", "with a client secret: the app's client id", isRequired: false),
      (
        "project_id", "the project, for the app ids of a project; else that of the account's file",
        isRequired: false
      ),
      (
        "badge_class",
        "the app's entry activity, such as org.example.MainActivity: without it no "
          + "badge is shown", isRequired: false
      ),
      (
        "receipt_id", "the receipt settings in Huawei's console, where they are not the app's own",
        isRequired: false
      ),
      ("test", "true: pushes are tests, which Huawei takes 500 of a day", isRequired: false),
    ] + TapAction.settings + CredentialGuide.Setting.requestsPerSecond
      + CredentialGuide.Setting.elsewhere,
    receipts: .enteredInItsConsole)

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    let url = try reader.origin()
    trustRoots = try reader.trustRoots()
    origin = url ?? Self.pushOrigin
    let clientID = try reader.pathName("client_id")
    var projectID = try reader.pathName("project_id")
    if let file = try HuaweiServiceAccount.file(secret) {
      let account = try HuaweiServiceAccount(file)
      login = .account(account)
      projectID = projectID ?? account.projectID
    } else {
      guard let clientID else {
        throw FieldError(
          .missing, "settings.client_id", "is missing; it is required with a client secret.")
      }
      login = .client(
        ClientCredentialsSession(
          url: (url ?? Self.loginOrigin) + "/oauth2/v3/token", clientID: clientID,
          clientSecret: try secret.visible("client secret")))
    }
    // One of them is there: an account's file has a project.
    path = projectID.map { "/v2/\($0)/messages:send" } ?? "/v1/\(clientID ?? "")/messages:send"
    tap = try TapAction(reader)
    badgeClass = try reader.text("badge_class")
    receiptID = try reader.text("receipt_id")
    isTest = try reader.flag("test")
    requestsPerSecond = try reader.number("requests_per_second", in: 1...1_000_000)
  }
}

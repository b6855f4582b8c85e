internal import PushCore

/// What FCM asks of a sender: a service account of the Firebase project.
///
/// | setting | | |
/// |---|---|---|
/// | `project_id` | a project's id or number | the account's own project without it |
/// | `url`, `trust_root` | | a server in place of Google's two |
/// | `messages_per_minute` | 60 to 100,000,000 | 600,000 without it: Google's own default |
/// | `ramp_seconds` | 0 to 3,600 | 60 without it: the least that Google asks for |
/// | `apns_block`, `webpush_block` | true or false | what iPhones and browsers need, in each push |
struct FCMCredential: CredentialMaterial {
  let account: FCMServiceAccount
  let projectID: String
  /// Such as `https://fcm.googleapis.com`.
  let origin: String
  /// Where session tokens are asked for.
  let tokenURL: String
  let trustRoots: TrustRoots
  let pace: Pace.Limits
  let hasAPNsBlock: Bool
  let hasWebPushBlock: Bool

  static let googleOrigin = "https://fcm.googleapis.com"

  static let guide = CredentialGuide(
    secret: "the service account's JSON file, as the Firebase console gives it out",
    settings: CredentialGuide.Setting.elsewhere + [
      ("project_id", "a project other than the account's own", isRequired: false),
      (
        "messages_per_minute", "the project's quota, where it is not \(defaultPerMinute)",
        isRequired: false
      ),
      (
        "ramp_seconds", "from a quiet start to full speed, where it is not \(defaultRamp)",
        isRequired: false
      ),
      (
        "apns_block", "true: pushes carry what iPhones behind FCM are to show, too",
        isRequired: false
      ),
      (
        "webpush_block", "true: pushes carry what browsers behind FCM are to show, too",
        isRequired: false
      ),
    ])

  private static let defaultPerMinute: Int64 = 600_000
  private static let defaultRamp: Int64 = 60

  /// - Throws: ``FieldError`` that names `secret` or the setting at fault.
  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    let other = try reader.text("project_id")
    if let other, !FCMServiceAccount.isProject(other) {
      throw FieldError(
        .badFormat, "settings.project_id",
        "is \(FieldError.quoted(other)), neither a project's id nor its number.")
    }
    let url = try reader.origin()
    trustRoots = try reader.trustRoots()
    let perMinute = try reader.number("messages_per_minute", in: 60...100_000_000)
    let ramp = try reader.number("ramp_seconds", in: 0...3_600)
    pace = Pace.Limits(
      perSecond: Double(perMinute ?? Self.defaultPerMinute) / 60,
      ramp: .seconds(ramp ?? Self.defaultRamp))
    hasAPNsBlock = try reader.flag("apns_block")
    hasWebPushBlock = try reader.flag("webpush_block")
    let account = try FCMServiceAccount(secret)
    self.account = account
    projectID = other ?? account.projectID
    origin = url ?? Self.googleOrigin
    tokenURL = url.map { $0 + account.tokenPath } ?? account.tokenURI
  }

  /// `fcm.googleapis.com`
  var host: String { String(origin.dropFirst("https://".count)) }

  var sendURL: String { "\(origin)/v1/projects/\(projectID)/messages:send" }
}

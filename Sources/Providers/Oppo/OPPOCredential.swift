internal import Crypto
internal import PushCore

/// What OPPO's service is shown, and where it is.
struct OPPOCredential: CredentialMaterial {
  /// OPPO runs one service for mainland China and one for all other phones.
  enum Region: String, CaseIterable {
    case china, global

    var host: String {
      switch self {
      case .china: "api.push.oppomobile.com"
      case .global: "api-intl.push.oppomobile.com"
      }
    }

    /// Where a phone belongs: its token says so in what stands between its first low lines.
    init(ofToken token: String) {
      let parts = token.split(separator: "_", omittingEmptySubsequences: false)
      switch parts.count {
      case 1: self = .china
      case 2: self = parts[0] == "CN" ? .china : .global
      case 3: self = parts[1] == "CN" ? .china : .global
      default: self = .global
      }
    }
  }

  static let receiptURLBytes = 200

  /// A server in place of OPPO's own: `https://…`, without a path.
  var elsewhere: String?
  var trustRoots: TrustRoots
  /// Where the session's token is asked for.
  var home: Region
  var appKey: String
  var masterSecret: SecretText
  /// Of pushes whose sender names none.
  var channel: String?
  var receiptURL: String?
  var requestsPerSecond: Double?

  func origin(_ region: Region) -> String { elsewhere ?? "https://" + region.host }

  func host(_ region: Region) -> String {
    String(origin(region).dropFirst("https://".count))
  }

  static let guide = CredentialGuide(
    secret: "the app's MasterSecret, which is not its AppSecret",
    settings: [
      ("app_key", "the app's AppKey", isRequired: true),
      (
        "region",
        "where the app is registered: china or global; china unless set. Each push goes where its "
          + "phone's token says",
        isRequired: false
      ),
      ("channel_id", "the channel of pushes whose sender names none", isRequired: false),
    ] + CredentialGuide.Setting.requestsPerSecond + CredentialGuide.Setting.receipts
      + CredentialGuide.Setting.elsewhere,
    receipts: .toldWithEachPush(maxBytes: receiptURLBytes))

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    let name = try reader.text("region") ?? Region.china.rawValue
    guard let region = Region(rawValue: name) else {
      throw FieldError(
        .unknownValue, "settings.region",
        "is \(FieldError.shown(name)); china or global is expected.")
    }
    let key = secret.reveal()
    guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw FieldError(
        .badFormat, "secret",
        "is empty or holds what no MasterSecret does, such as a line break; copy it from the "
          + "console.")
    }
    elsewhere = try reader.origin()
    trustRoots = try reader.trustRoots()
    home = region
    appKey = try reader.required("app_key")
    masterSecret = secret
    channel = try reader.text("channel_id")
    receiptURL = try reader.receiptURL(maxBytes: Self.receiptURLBytes)
    requestsPerSecond = try reader.number("requests_per_second", in: 1...1_000_000).map(Double.init)
  }

  /// What proves that a call for a session's token comes from the app: SHA-256 of key, time and
  /// secret, in hexadecimal.
  func signature(milliseconds: String) -> String {
    Hex.encode(
      SHA256.hash(data: Array((appKey + milliseconds + masterSecret.reveal()).utf8)))
  }
}

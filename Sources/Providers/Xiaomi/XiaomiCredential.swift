internal import PushCore

/// What Xiaomi's service is shown, and where it is.
struct XiaomiCredential: CredentialMaterial {
  /// Where the phones were sold; a token works in its region only.
  enum Region: String, CaseIterable {
    case china, global, singapore, europe, india, russia

    var host: String {
      switch self {
      case .china: "api.xmpush.xiaomi.com"
      case .global: "api.xmpush.global.xiaomi.com"
      case .singapore: "sgp-api.xmpush.global.xiaomi.com"
      case .europe: "fr-api.xmpush.global.xiaomi.com"
      case .india: "idmb-api.xmpush.global.xiaomi.com"
      case .russia: "ru-api.xmpush.global.xiaomi.com"
      }
    }
  }

  static let receiptURLBytes = 128

  /// `https://…`, without a path.
  var origin: String
  var trustRoots: TrustRoots
  var appSecret: SecretText
  /// Of pushes whose sender names none.
  var channel: String?
  /// The channels that Xiaomi granted as private ones, whose messages live longer.
  var privateChannels: Set<String>
  var receiptURL: String?
  var requestsPerSecond: Double?

  var host: String { String(origin.dropFirst("https://".count)) }

  static let guide = CredentialGuide(
    secret: "the app's AppSecret",
    settings: [
      (
        "region",
        "where the phones were sold: china, global, singapore, europe, india, russia; "
          + "china unless set",
        isRequired: false
      ),
      ("channel_id", "the channel of pushes whose sender names none", isRequired: false),
      (
        "private_channels",
        "the ids of channels granted as private, with commas between: their messages live up to "
          + "10 days, all others 1 day",
        isRequired: false
      ),
    ] + CredentialGuide.Setting.requestsPerSecond + CredentialGuide.Setting.receipts
      + CredentialGuide.Setting.elsewhere,
    receipts: .toldWithEachPush(maxBytes: receiptURLBytes))

  init(settings: JSON, secret: SecretText) throws(FieldError) {
    let reader = try SettingsReader(settings, known: Self.guide.settings)
    let name = try reader.text("region") ?? Region.china.rawValue
    guard let region = Region(rawValue: name) else {
      let known = Region.allCases.map(\.rawValue).joined(separator: ", ")
      throw FieldError(
        .unknownValue, "settings.region",
        "is \(FieldError.shown(name)); one of \(known) is expected.")
    }
    let key = secret.reveal()
    guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw FieldError(
        .badFormat, "secret",
        "is empty or holds what no AppSecret does, such as a line break; copy it from the console.")
    }
    origin = try reader.origin() ?? "https://" + region.host
    trustRoots = try reader.trustRoots()
    appSecret = secret
    channel = try reader.text("channel_id")
    privateChannels = Set(
      try reader.text("private_channels")?.split(separator: ",").map {
        String($0.drop { $0 == " " })
      } ?? [])
    receiptURL = try reader.receiptURL(maxBytes: Self.receiptURLBytes)
    requestsPerSecond = try reader.number("requests_per_second", in: 1...1_000_000).map(Double.init)
  }
}

/// What the fold knows of one user.
public struct UserState: Sendable, Equatable {
  public var nickname: String?
  public var quietHours: QuietHours?
  public var mutedUntil: Timestamp?
  public var badge: BadgeSource?
  public var labels: Labels?
  /// Whether the account was deleted, and nothing was said of the user since.
  public var deleted = false
  /// In the order of their ids' bytes: the order of decisions.
  public var devices: [DeviceState] = []

  public init() {}

  func device(_ id: DeviceID) -> Int? { devices.firstIndex { $0.id == id } }

  /// Rule 2.7: whether nothing may ring at `instant`.
  func isQuiet(at instant: Timestamp) -> Bool {
    if let mutedUntil, mutedUntil > instant { return true }
    guard let quietHours else { return false }
    let second = TimeZones.secondOfDay(instant, in: quietHours.timeZone)
    let (from, to) = (quietHours.from, quietHours.to)
    return from <= to ? from <= second && second < to : second >= from || second < to
  }
}

/// What the fold knows of one device.
public struct DeviceState: Sendable, Equatable {
  /// What the app is doing; nil until it was reported.
  public enum Activity: String, Sendable, CaseIterable {
    case foreground, background, killed
  }

  public var id: DeviceID
  public var platform: DevicePlatform
  /// The token that is registered; nil where the client logged in and registered none yet.
  public var registered: TokenKey?
  /// The token itself, for the dispatcher; nil once erased.
  public var token: String?
  public var topic: String?
  /// The id of the credential that the token belongs to; nil: any that fits.
  public var credential: String?
  public var environment: PushEnvironment
  public var appVersion: String?
  public var locale: String?
  public var settings: DeviceSettings
  public var activity: Activity?
  public var badge: Int64
  public var tokenValid: Bool
  public var loggedOut: Bool
  /// The login of another device that logged this one out.
  public var kickedAt: Position?
  /// Whether it was given up as out of reach.
  public var offline: Bool
  /// When anything was last heard of it, by the ledger's clock.
  public var activeAt: Timestamp
  /// When the caller's clock registered the token that is held now.
  public var registeredAt: Timestamp
  /// Other ways to the device, in the order in which they are tried.
  public var fallbacks: [FallbackWay]

  public init(
    id: DeviceID, platform: DevicePlatform, registered: TokenKey?, token: String?, topic: String?,
    credential: String?, environment: PushEnvironment, appVersion: String?, locale: String?,
    settings: DeviceSettings, activity: Activity?, badge: Int64, tokenValid: Bool,
    loggedOut: Bool, kickedAt: Position?, offline: Bool, activeAt: Timestamp,
    registeredAt: Timestamp, fallbacks: [FallbackWay] = []
  ) {
    self.id = id
    self.platform = platform
    self.registered = registered
    self.token = token
    self.topic = topic
    self.credential = credential
    self.environment = environment
    self.appVersion = appVersion
    self.locale = locale
    self.settings = settings
    self.activity = activity
    self.badge = badge
    self.tokenValid = tokenValid
    self.loggedOut = loggedOut
    self.kickedAt = kickedAt
    self.offline = offline
    self.activeAt = activeAt
    self.registeredAt = registeredAt
    self.fallbacks = fallbacks
  }

  /// The tokens by which it is reached.
  var tokens: [TokenKey] {
    (registered.map { [$0] } ?? []) + fallbacks.map(\.registered)
  }

  /// Its first way that was not refused for good; nil where there is none.
  var way: ProviderName? {
    guard let registered else { return nil }
    if tokenValid { return registered.provider }
    return fallbacks.first(where: \.tokenValid)?.registered.provider
  }

  /// The way to try after `provider` refused a push for good; nil where none is left. A device that
  /// goes by `provider` no more was registered anew: its first way is the next.
  func way(after provider: ProviderName) -> ProviderName? {
    if registered?.provider == provider {
      return fallbacks.first(where: \.tokenValid)?.registered.provider
    }
    guard let index = fallbacks.firstIndex(where: { $0.registered.provider == provider })
    else { return way }
    return fallbacks[(index + 1)...].first(where: \.tokenValid)?.registered.provider
  }

  /// Which of two devices goes first where there are too many.
  func isLessNeeded(than other: DeviceState) -> Bool {
    if loggedOut != other.loggedOut { return loggedOut }
    return activeAt == other.activeAt ? id < other.id : activeAt < other.activeAt
  }

  /// Rules 2.9 to 2.12: why this device gets no push, or nil.
  var suppression: SuppressionReason? {
    if loggedOut { return .loggedOut }
    if offline { return .offline }
    if registered == nil { return .noToken }
    if way == nil { return .tokenInvalid }
    if settings.push == false { return .pushOffOnDevice }
    if activity == .foreground { return .foreground }
    return nil
  }
}

/// A token within its provider: who holds it gets the pushes.
public struct TokenKey: Hashable, Sendable {
  public var provider: ProviderName
  public var sha256: String

  public init(provider: ProviderName, sha256: String) {
    self.provider = provider
    self.sha256 = sha256
  }

  /// Whether a token is one phone's. What a callback device gives in its place, any may give.
  public var namesOneDevice: Bool { provider != .callback }
}

public struct DeviceKey: Hashable, Sendable {
  public var user: UserID
  public var device: DeviceID

  public init(user: UserID, device: DeviceID) {
    self.user = user
    self.device = device
  }
}

public import Logging
public import NIOCore
public import NIOPosix
public import PushCore

/// Everything that pushes can be sent through.
public enum ProviderRegistry {
  /// One line for each provider: how its credentials are read, and how it is made.
  public static let kinds: [any ProviderKind] = [
    APNsKind(),
    ChannelKind<FCMChannel>(),
    ChannelKind<HuaweiChannel>(),
    ChannelKind<HonorChannel>(),
    ChannelKind<XiaomiChannel>(),
    ChannelKind<OPPOChannel>(),
    ChannelKind<VivoChannel>(),
    ChannelKind<MeizuChannel>(),
    ChannelKind<WebPushChannel>(),
    CallbackKind(),
  ]

  public static func kind(of name: ProviderName) -> (any ProviderKind)? {
    kinds.first { $0.name == name }
  }
}

/// One provider before any credential or connection: what the dispatcher, the credentials' commands
/// and `check` need of it.
public protocol ProviderKind: Sendable {
  var name: ProviderName { get }

  /// Whether a push can't go without a topic: the app's bundle id or package.
  var needsTopic: Bool { get }

  /// What a credential is made of, for `pushledger credentials providers`.
  var guide: CredentialGuide { get }

  /// Reads a credential and checks what can be checked without the provider's server.
  ///
  /// - Throws: ``FieldError`` that names `secret` or the setting at fault.
  func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> any CredentialMaterial

  /// Checks the form of a token that a device is to be registered with.
  ///
  /// - Throws: ``FieldError`` that names `field` and what would be right; it never holds the token.
  func checkToken(_ token: JSON, field: String) throws(FieldError)

  func makeProvider(_ world: ProviderWorld) -> any PushProvider

  /// Reads a call in which the provider reports what became of pushes.
  ///
  /// - Throws: ``FieldError`` for a body that is none of this provider's.
  func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading
}

extension ProviderKind {
  public func checkToken(_ token: JSON, field: String) throws(FieldError) {
    _ = try token.textToken(field)
  }

  public func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    throw FieldError(.unknownValue, "provider", "is \(name.rawValue), which sends no receipts.")
  }
}

/// What a provider's credential is made of, in words for whoever sets one up.
public struct CredentialGuide: Sendable {
  public struct Setting: Sendable {
    public var name: String
    public var meaning: String
    public var isRequired: Bool
  }

  /// How a provider comes to know where it reports to what became of pushes.
  public enum Receipts: Sendable, Equatable {
    /// It reports nothing.
    case none
    case enteredInItsConsole
    /// The setting `receipt_url`, of so many bytes at most.
    case toldWithEachPush(maxBytes: Int)
  }

  /// What the secret is, such as `the service account's JSON file`.
  public var secret: String
  public var settings: [Setting]
  public var receipts: Receipts

  init(
    secret: String, settings: [(String, String, isRequired: Bool)], receipts: Receipts = .none
  ) {
    self.secret = secret
    self.receipts = receipts
    self.settings = settings.map { Setting(name: $0.0, meaning: $0.1, isRequired: $0.2) }
  }
}

/// A provider that is reached by plain HTTP requests.
struct ChannelKind<Channel: ProviderChannel>: ProviderKind {
  var name: ProviderName { Channel.name }
  var needsTopic: Bool { Channel.needsTopic }
  var guide: CredentialGuide { Channel.guide }

  func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> any CredentialMaterial {
    try Channel.readCredential(settings: settings, secret: secret)
  }

  func checkToken(_ token: JSON, field: String) throws(FieldError) {
    try Channel.checkToken(token, field: field)
  }

  func makeProvider(_ world: ProviderWorld) -> any PushProvider {
    ChannelProvider<Channel>(pool: world.pool, now: world.now)
  }

  func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try Channel.readReceipts(call)
  }
}

struct APNsKind: ProviderKind {
  var name: ProviderName { .apns }
  var needsTopic: Bool { true }

  var guide: CredentialGuide {
    CredentialGuide(
      secret: "the .p8 key, or a PEM file with the certificate and its private key",
      settings: [
        ("team_id", "with a .p8 key: the team's id, 10 characters", isRequired: false),
        ("key_id", "with a .p8 key: the key's id, 10 characters", isRequired: false),
        ("host", "a host in place of Apple's", isRequired: false),
        ("port", "that host's port", isRequired: false),
        ("trust_root", "PEM certificates that vouch for that host", isRequired: false),
      ])
  }

  func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> any CredentialMaterial {
    let credential = try APNsCredential(settings: settings, secret: secret)
    try credential.check()
    return credential
  }

  func checkToken(_ token: JSON, field: String) throws(FieldError) {
    guard APNsRequest.isHexadecimal(try token.textToken(field)) else {
      throw FieldError(
        .badFormat, field,
        "is no token of APNs: hexadecimal digits alone are expected, two for each byte that the "
          + "phone got.")
    }
  }

  func makeProvider(_ world: ProviderWorld) -> any PushProvider {
    APNsProvider(
      configuration: world.apns, eventLoopGroup: world.eventLoopGroup, logger: world.logger)
  }
}

/// What providers are made in: shared connections, clocks and limits.
public final class ProviderWorld: Sendable {
  public static let connectTimeout = Duration.seconds(10)

  let apns: APNsConfiguration
  let eventLoopGroup: any EventLoopGroup
  let logger: Logger
  let now: @Sendable () -> Timestamp
  let pool: HTTPPool

  /// - Parameters:
  ///   - httpConnections: HTTP/2 connections to each host at most, for all providers but APNs.
  ///   - now: Wall time, for tokens and expiry; nil: this machine's clock.
  public init(
    apns: APNsConfiguration = APNsConfiguration(), httpConnections: Int = 16,
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger,
    now: (@Sendable () -> Timestamp)? = nil
  ) {
    self.apns = apns
    self.eventLoopGroup = eventLoopGroup
    self.logger = logger
    let now = now ?? { .systemClock }
    self.now = now
    pool = HTTPPool(
      connections: httpConnections, connectTimeout: Self.connectTimeout,
      eventLoopGroup: eventLoopGroup, hosts: HostBook(now: now))
  }

  /// One of each of ``ProviderRegistry/kinds``.
  public func makeAll() -> [any PushProvider] {
    ProviderRegistry.kinds.map { $0.makeProvider(self) }
  }

  /// Closes the shared connections; after the providers.
  public func shutdown() async { await pool.shutdown() }
}

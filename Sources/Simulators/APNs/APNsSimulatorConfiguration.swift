public import PushCore

extension APNsSimulator {
  /// What a simulator starts with. Every default is what Apple's sandbox does.
  public struct Configuration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port for pushes; 0 takes any free one.
    public var port = 0
    /// The port of the control endpoint; 0 takes any free one, nil starts none.
    public var controlPort: Int? = 0
    public var certificate: ServerCertificate = .selfSigned(names: [])
    /// Which of Apple's two services to play: the sandbox adds `apns-unique-id` to its answers.
    public var environment: PushEnvironment = .sandbox
    /// The keys whose provider tokens are taken; every signature is really verified.
    public var keys: [APNsSimulatorKey] = []
    /// The client certificates that are taken in place of a provider token. Where there are any,
    /// each connection is asked for one.
    public var clientCertificates: [ClientCertificate] = []
    /// Devices whose topic or state is known. Any other well-formed token is taken for a good one.
    public var devices: [Device] = []
    /// Streams that a connection may have open before its first valid provider token.
    public var streamLimitBeforeToken = 1
    /// Streams that a connection may have open after it.
    public var streamLimit = 1_000
    /// How long each answer takes.
    public var latency: Duration = .zero
    /// At most so much is added to each answer's latency, by chance.
    public var jitter: Duration = .zero
    /// Event loops that serve connections.
    public var threads = 1
    /// How many pushes are remembered: about 170 bytes each.
    public var rememberedPushes = 1_000_000
    /// Of how many of them the payload is remembered too.
    public var rememberedPayloads = 10_000
    /// The wall clock that provider tokens are judged by.
    public var clock: @Sendable () -> Timestamp = { .wallClock }

    public init() {}
  }
}

/// A key that provider tokens may be signed with, as Apple's developer site hands them out.
public struct APNsSimulatorKey: Sendable, Hashable {
  public var teamID: String
  public var keyID: String
  /// P-256, PEM (`BEGIN PUBLIC KEY`).
  public var publicKeyPEM: String
  /// The bundle ids that the key may push to; nil: all.
  public var topics: Set<String>?
  /// The one environment that the key is for; nil: both, as older keys are.
  public var environment: PushEnvironment?
  /// A second key of the team that may be used on the same connection.
  public var relatedKeyID: String?

  public init(
    teamID: String, keyID: String, publicKeyPEM: String, topics: Set<String>? = nil,
    environment: PushEnvironment? = nil, relatedKeyID: String? = nil
  ) {
    self.teamID = teamID
    self.keyID = keyID
    self.publicKeyPEM = publicKeyPEM
    self.topics = topics
    self.environment = environment
    self.relatedKeyID = relatedKeyID
  }
}

extension APNsSimulator {
  /// A certificate that a client may connect with in place of provider tokens.
  public struct ClientCertificate: Sendable, Hashable {
    /// Compared byte by byte with what a client shows; who issued it and until when it is valid
    /// is not looked at.
    public var certificatePEM: String
    /// The topics that Apple reads from the certificate's extensions. With a single one
    /// `apns-topic` may be left out.
    public var topics: [String]
    public var environment: PushEnvironment?

    public init(certificatePEM: String, topics: [String], environment: PushEnvironment? = nil) {
      self.certificatePEM = certificatePEM
      self.topics = topics
      self.environment = environment
    }
  }

  /// What the simulator knows about one device token.
  public struct Device: Sendable, Hashable {
    /// Hexadecimal digits, in either case.
    public var token: String
    /// The bundle id of the app on the device: another one gets `DeviceTokenNotForTopic`.
    public var topic: String?
    /// A push in the other environment gets `BadDeviceToken`.
    public var environment: PushEnvironment?
    /// Since when the token is no longer valid: pushes get 410 with this instant.
    public var invalidSince: Timestamp?
    /// The 410's reason: ``Reason/unregistered`` or ``Reason/expiredToken``.
    public var invalidReason: Reason

    public init(
      token: String, topic: String? = nil, environment: PushEnvironment? = nil,
      invalidSince: Timestamp? = nil, invalidReason: Reason = .unregistered
    ) {
      self.token = token
      self.topic = topic
      self.environment = environment
      self.invalidSince = invalidSince
      self.invalidReason = invalidReason
    }
  }
}

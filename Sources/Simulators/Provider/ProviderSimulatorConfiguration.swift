public import PushCore

/// What a provider's simulator starts with.
public struct ProviderSimulatorConfiguration: Sendable {
  /// The address to listen on.
  public var host = "127.0.0.1"
  /// The port for pushes; 0 takes any free one.
  public var port = 0
  /// The port of the control endpoint; 0 takes any free one, nil starts none.
  public var controlPort: Int? = 0
  public var certificate: ServerCertificate = .selfSigned(names: [])
  /// How long each answer takes.
  public var latency: Duration = .zero
  /// Whether HTTP/2 is offered; HTTP/1.1 always is.
  public var offersHTTP2 = true
  /// Streams that an HTTP/2 connection may have open.
  public var streamLimit = 100
  /// Event loops that serve connections.
  public var threads = 1
  /// How many pushes are remembered: about 250 bytes each.
  public var rememberedPushes = 1_000_000
  /// Of how many of them the payload and the note are remembered too.
  public var rememberedPayloads = 10_000
  /// PEM: whom to believe where receipts go to an `https:` URL; nil: whom the system believes.
  public var receiptTrustPEM: String?
  /// What the simulator takes for the time.
  public var clock: @Sendable () -> Timestamp = { .wallClock }

  public init() {}
}

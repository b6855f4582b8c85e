import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The port that takes pushes; it can be given up and taken again.
final class APNsListener: Sendable {
  let port: Int
  let caCertificatePEM: String
  private let bind: Bind
  private let channel: Mutex<(any Channel)?>

  private static let backlog: Int32 = 256
  /// How long a closed connection waits for the client to say goodbye too.
  private static var tlsGoodbye: TimeAmount { .seconds(1) }

  private typealias Bind = @Sendable (Int) async throws(SimulatorError) -> any Channel

  private init(caCertificatePEM: String, bind: @escaping Bind, channel: any Channel) {
    self.caCertificatePEM = caCertificatePEM
    self.bind = bind
    self.channel = Mutex(channel)
    port = channel.localAddress?.port ?? 0
  }

  static func start(core: SimulatorCore, group: any EventLoopGroup) async throws -> APNsListener {
    let configuration = core.configuration
    let identity = try ServerIdentity.make(configuration.certificate, host: configuration.host)
    let tls = try tlsContext(
      identity, asksForCertificate: !configuration.clientCertificates.isEmpty)
    let bind: Bind = { port throws(SimulatorError) in
      do {
        return try await ServerBootstrap(group: group)
          .serverChannelOption(.backlog, value: backlog)
          .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
          .childChannelInitializer { serve($0, core: core, tls: tls) }
          .bind(host: configuration.host, port: port).get()
      } catch {
        throw .cannotListen(host: configuration.host, port: port, for: error)
      }
    }
    return APNsListener(
      caCertificatePEM: identity.authorityPEM, bind: bind,
      channel: try await bind(configuration.port))
  }

  private static func tlsContext(
    _ identity: ServerIdentity, asksForCertificate: Bool
  ) throws(SimulatorError) -> NIOSSLContext {
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: identity.chain.map { .certificate($0) },
      privateKey: .privateKey(identity.privateKey))
    tls.minimumTLSVersion = .tlsv12
    tls.applicationProtocols = ["h2"]
    tls.shutdownTimeout = tlsGoodbye
    if asksForCertificate {
      tls.certificateVerification = .optionalVerification
      tls.trustRoots = .certificates([])
    }
    do {
      return try NIOSSLContext(configuration: tls)
    } catch {
      throw .badCertificate(String(describing: error))
    }
  }

  private static func serve(
    _ channel: any Channel, core: SimulatorCore, tls: NIOSSLContext
  ) -> EventLoopFuture<Void> {
    switch core.conditions.newConnections {
    case .closed, .refused: return channel.close()
    case .stalled: return channel.eventLoop.makeSucceededVoidFuture()
    case .served, .sentAway:
      return channel.eventLoop.makeCompletedFuture {
        let takesAnyCertificate: NIOSSLCustomVerificationCallback = { _, verdict in
          verdict.succeed(.certificateVerified)
        }
        let tlsHandler =
          core.configuration.clientCertificates.isEmpty
          ? NIOSSLServerHandler(context: tls)
          : NIOSSLServerHandler(
            context: tls, customVerificationCallback: takesAnyCertificate)
        try channel.pipeline.syncOperations.addHandlers(
          tlsHandler, HTTP2ServerConnection(service: APNsConnection(core: core)))
      }
    }
  }

  /// Gives the port up: the system refuses who connects. Open connections stay.
  func pause() async {
    let open = channel.withLock { channel in
      defer { channel = nil }
      return channel
    }
    try? await open?.close()
  }

  /// Takes the port again, where it was given up.
  func resume() async throws(SimulatorError) {
    guard channel.withLock({ $0 == nil }) else { return }
    let opened = try await bind(port)
    let isNeeded = channel.withLock { channel in
      guard channel == nil else { return false }
      channel = opened
      return true
    }
    if !isNeeded { try? await opened.close() }
  }

  func stop() async { await pause() }
}

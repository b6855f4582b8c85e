import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// The port that takes requests: TLS, then HTTP/2 or HTTP/1.1 as the client prefers.
final class ProviderListener: Sendable {
  let port: Int
  let caCertificatePEM: String
  private let channel: any Channel

  private static let backlog: Int32 = 256
  /// How long a closed connection waits for the client to say goodbye too.
  private static var tlsGoodbye: TimeAmount { .seconds(1) }

  private init(caCertificatePEM: String, channel: any Channel) {
    self.caCertificatePEM = caCertificatePEM
    self.channel = channel
    port = channel.localAddress?.port ?? 0
  }

  static func start(
    engine: ProviderEngine, group: any EventLoopGroup
  ) async throws(SimulatorError) -> ProviderListener {
    let configuration = engine.configuration
    let identity = try ServerIdentity.make(configuration.certificate, host: configuration.host)
    let tls = try tlsContext(identity, configuration)
    do {
      let channel = try await ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: backlog)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { serve($0, engine: engine, tls: tls) }
        .bind(host: configuration.host, port: configuration.port).get()
      return ProviderListener(caCertificatePEM: identity.authorityPEM, channel: channel)
    } catch {
      throw .cannotListen(host: configuration.host, port: configuration.port, for: error)
    }
  }

  private static func tlsContext(
    _ identity: ServerIdentity, _ configuration: ProviderSimulatorConfiguration
  ) throws(SimulatorError) -> NIOSSLContext {
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: identity.chain.map { .certificate($0) },
      privateKey: .privateKey(identity.privateKey))
    tls.minimumTLSVersion = .tlsv12
    tls.applicationProtocols = configuration.offersHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
    tls.shutdownTimeout = tlsGoodbye
    do {
      return try NIOSSLContext(configuration: tls)
    } catch {
      throw .badCertificate(String(describing: error))
    }
  }

  private static func serve(
    _ channel: any Channel, engine: ProviderEngine, tls: NIOSSLContext
  ) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      let negotiation = ApplicationProtocolNegotiationHandler { result, channel in
        channel.eventLoop.makeCompletedFuture {
          try serve(channel, over: result, engine: engine)
        }
      }
      try channel.pipeline.syncOperations.addHandlers(
        NIOSSLServerHandler(context: tls), negotiation)
    }
  }

  private static func serve(
    _ channel: any Channel, over result: ALPNResult, engine: ProviderEngine
  ) throws {
    let number = engine.connections.add(channel)
    let pipeline = channel.pipeline.syncOperations
    if result == .negotiated("h2") {
      let connection = HTTP2ServerConnection(
        service: ProviderHTTP2Service(engine: engine, number: number))
      try pipeline.addHandler(connection)
      connection.open()
    } else {
      try pipeline.configureHTTPServerPipeline()
      try pipeline.addHandler(ProviderHTTP1Handler(engine: engine, number: number))
    }
  }

  func stop() async { try? await channel.close() }
}

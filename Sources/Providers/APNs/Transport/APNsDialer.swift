internal import NIOCore
internal import NIOHTTP2
internal import NIOPosix
internal import NIOSSL
private import Synchronization

/// Opens connections: a fresh DNS lookup, TLS, HTTP/2, each within one deadline together.
final class APNsDialer: Sendable {
  private let host: String
  private let port: Int
  private let credential: APNsCredential
  private let timeout: TimeAmount
  private let context = Mutex<NIOSSLContext?>(nil)

  init(credential: APNsCredential, host: String, timeout: Duration) {
    self.credential = credential
    self.host = host
    self.port = credential.port
    self.timeout = TimeAmount(timeout)
  }

  /// Connects; `connection` learns of it as the handler of the channel, and of a failure by
  /// ``APNsConnection/fail(_:)``.
  func dial(_ connection: APNsConnection, on eventLoop: any EventLoop) {
    let handler = NIOLoopBound(connection, eventLoop: eventLoop)
    let isolated = eventLoop.assumeIsolated()
    let giveUp = isolated.scheduleTask(in: timeout) {
      if connection.phase == .dialing { connection.fail(ConnectFailure.timeout) }
    }
    secureContext(on: eventLoop).flatMap { context in
      ClientBootstrap(group: eventLoop)
        .connectTimeout(self.timeout)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
              try NIOSSLClientHandler(context: context, serverHostname: self.serverName),
              GreetingReader(),
              NIOHTTP2Handler(
                mode: .client, connectionConfiguration: Self.connectionConfiguration,
                streamConfiguration: Self.streamConfiguration),
              handler.value,
            ])
          }
        }
        .connect(host: self.host, port: self.port)
    }.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel):
        channel.closeFuture.whenComplete { _ in giveUp.cancel() }
        if connection.phase == .closed { channel.close(promise: nil) }
      case .failure(let error):
        giveUp.cancel()
        connection.fail(ConnectFailure.reason(of: error))
      }
    }
  }

  /// The trust store is read once, away from the event loop.
  private func secureContext(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
    if let context = context.withLock({ $0 }) { return eventLoop.makeSucceededFuture(context) }
    return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
      let made = try NIOSSLContext(configuration: self.tlsConfiguration)
      self.context.withLock { $0 = made }
      return made
    }
  }

  private var tlsConfiguration: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2"]
    if let roots = credential.trustedAuthorities { configuration.trustRoots = .certificates(roots) }
    if case .certificate(let certificate) = credential.authentication {
      certificate.apply(to: &configuration)
    }
    return configuration
  }

  /// Nil for an address, which TLS does not name; it is then looked for in the certificate.
  private var serverName: String? {
    (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
  }

  /// APNs changes its stream limit with every refused push at bad times, and resets the streams
  /// above it: the library's limits against floods are raised to what one connection can bring.
  private static let controlFramesPerWindow = 100_000
  /// Streams given up at their deadline whose answers may still come.
  private static let recentlyResetStreams = 4_096

  private static var connectionConfiguration: NIOHTTP2Handler.ConnectionConfiguration {
    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
    configuration.initialSettings = [
      HTTP2Setting(parameter: .enablePush, value: 0),
      HTTP2Setting(parameter: .maxHeaderListSize, value: 16_384),
    ]
    configuration.controlFrameRateLimit.maximumCount = controlFramesPerWindow
    configuration.maximumSequentialEmptyDataFrames = 16
    configuration.maximumRecentlyResetStreams = recentlyResetStreams
    return configuration
  }

  private static var streamConfiguration: NIOHTTP2Handler.StreamConfiguration {
    var configuration = NIOHTTP2Handler.StreamConfiguration()
    configuration.streamResetFrameRateLimit.maximumCount = controlFramesPerWindow
    return configuration
  }
}

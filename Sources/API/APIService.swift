import HTTPTypes
import Hummingbird
import HummingbirdCore
import Ledger
public import Logging
import NIOCore
import Postgres
import Projections
import PushCore
public import ServiceLifecycle

/// The HTTP API, from its first request to its last.
///
/// On a graceful shutdown it takes no more connections, ends its feeds, and lets requests that are
/// being answered finish.
public struct APIService: Service {
  /// What the listener of ``APIDependencies`` has to listen to.
  public static let channels = [
    LedgerChannels.events, Channels.projected, Channels.due, Channels.mended,
    StreamsDatabase.channel,
  ]

  private let configuration: APIConfiguration
  private let parts: APIDependencies
  let routes: APIRoutes
  private let onListening: @Sendable (_ port: Int?) async -> Void
  private let logger: Logger

  /// - Parameter onListening: Called once requests are taken; with the port, where there is one.
  public init(
    _ configuration: APIConfiguration, _ parts: APIDependencies, logger: Logger,
    onListening: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
  ) throws {
    self.configuration = configuration
    self.parts = parts
    self.logger = logger
    self.onListening = onListening
    let watch = CheckpointWatch(
      reader: NotificationsReader(pool: parts.pool), logger: logger)
    routes = try APIRoutes(parts, configuration, watch: watch, logger: logger)
  }

  public func run() async throws {
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await routes.watch.run(listener: parts.listener) }
        group.addTask { await passOnSignals() }
        group.addTask {
          await routes.hub.run(listener: parts.listener, recorder: routes.recorder)
        }
        do {
          try await application().run()
        } catch {
          await stop()
          group.cancelAll()
          throw ListenError(error, at: configuration.address) ?? error
        }
        await stop()
        await routes.hub.finish()
        group.cancelAll()
      }
    } onGracefulShutdown: {
      Task { await stop() }
    }
  }

  /// Ends what would go on for ever.
  private func stop() async {
    routes.gate.stop()
    routes.hub.stop()
    routes.signals.raiseAll()
    await routes.watch.stop()
  }

  private func passOnSignals() async {
    for await event in parts.listener.events() {
      switch event {
      case .reconnected: routes.signals.raiseAll()
      case .notification(let notification) where notification.channel == LedgerChannels.events:
        routes.signals.raise(AppID(unchecked: notification.payload))
      case .notification: break
      }
    }
  }

  private func application() -> Application<APIResponder> {
    let address: BindAddress =
      switch configuration.address {
      case .tcp(let host, let port): .hostname(host, port: port)
      case .unixSocket(let path): .unixDomainSocket(path: path)
      }
    let responder = APIResponder(
      table: routes.table, access: KeyAccess(keys: parts.keys),
      signatures: SigAccess(apps: parts.tencent), metrics: routes.metrics,
      bodies: BodyBudget(), pages: parts.pages, clock: parts.clock, logger: logger)
    return Application(
      responder: responder,
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [ContinueHandler(), DrainHandler()],
          idleTimeout: .init(configuration.idleConnection),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: APILimits.headerBytes, maxHeaderListSize: APILimits.headerBytes,
            maxHeaderFieldCount: APILimits.headerFields))),
      configuration: ApplicationConfiguration(
        address: address,
        availableConnectionsDelegate: .maximum(
          min(configuration.connections, OpenFiles.raise() - OpenFiles.reserve), logger: logger)),
      onServerRunning: { channel in await onListening(channel.localAddress?.port) },
      logger: logger.forLifecycle)
  }
}

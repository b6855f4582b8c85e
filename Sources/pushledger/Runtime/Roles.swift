import API
import Console
import Ledger
import Logging
import Postgres
import Projections
import Providers
import PushCore
import PushDispatch
import Reactions
import ServiceLifecycle
import UnixSignals

/// The services of one process and the connections under them.
///
/// Services stop in the opposite order of their list, so who feeds others stands after them: the
/// API stops taking requests before the appender stops committing.
struct Roles {
  static let acquireTimeout = Duration.seconds(3)
  /// Connections to the database that pages have among them.
  static let consoleConnections = 6
  /// Connections of what is ordered in the console and takes long.
  static let workConnections = 4

  let settings: Settings
  let postgres: PostgresConfiguration
  let logger: Logger
  private(set) var services: [any Service] = []
  private(set) var appender: Appender?
  private(set) var dispatcher: Dispatcher?
  private var pools: [PostgresPool] = []
  private var listeners: [PostgresListener] = []
  private var worlds: [ProviderWorld] = []

  init(settings: Settings, postgres: PostgresConfiguration, logger: Logger) {
    self.settings = settings
    self.postgres = postgres
    self.logger = logger
  }

  mutating func pool(limit: Int, statementTimeout: Duration? = nil) -> PostgresPool {
    var postgres = postgres
    if let statementTimeout { postgres.statementTimeout = statementTimeout }
    let pool = PostgresPool(
      postgres, limit: limit, acquireTimeout: Self.acquireTimeout, logger: logger)
    pools.append(pool)
    return pool
  }

  private mutating func listener(_ channels: [String]) -> PostgresListener {
    let listener = PostgresListener(postgres, channels: channels, logger: logger)
    listeners.append(listener)
    return listener
  }

  // MARK: Roles

  /// - Parameters:
  ///   - apps: Those to fold; empty: all.
  ///   - only: The one projection to fold; nil: all, also those that are added while it runs.
  mutating func addProjector(apps: Set<AppID> = [], only: ProjectionName? = nil) throws {
    let workers = try settings.number(.projectionWorkers)
    let listener = listener([Channels.events])
    if only == nil || only == .notifications {
      var configuration = Projector.Configuration()
      configuration.apps = apps
      services.append(
        Projector(
          pool: pool(limit: workers), listener: listener, configuration: configuration,
          logger: logger))
    }
    if only != .notifications {
      var configuration = AddedProjector.Configuration()
      configuration.apps = apps
      configuration.folds = workers
      configuration.projections = Set([only].compactMap(\.self))
      services.append(
        AddedProjector(
          pool: pool(limit: workers), listener: listener, configuration: configuration,
          logger: logger))
    }
  }

  /// - Parameter masterKeys: What secrets of credentials are opened with.
  mutating func addDispatcher(_ masterKeys: MasterKeys?) throws {
    var configuration = DispatcherConfiguration()
    configuration.openDeliveries = try settings.number(.dispatchInFlight) * 2
    var apns = APNsConfiguration()
    apns.connections = try settings.number(.apnsConnections)
    let world = ProviderWorld(
      apns: apns, httpConnections: try settings.number(.providerConnections),
      logger: logger)
    worlds.append(world)
    let dispatcher = Dispatcher(
      pool: pool(limit: try settings.number(.databaseConnections)),
      listener: listener(DispatchChannels.all), masterKeys: masterKeys,
      providers: world.makeAll(),
      configuration: configuration, logger: logger)
    self.dispatcher = dispatcher
    services.append(dispatcher)
  }

  mutating func addReactor() throws {
    let appender = Appender(postgres, logger: logger)
    services += [
      appender,
      Reactor(
        pool: pool(limit: try settings.number(.reactConnections)), appender: appender,
        logger: logger),
    ]
  }

  /// - Parameter onListening: Gets the port.
  mutating func addAPI(
    _ limits: AppendLimits? = nil, onListening: @escaping @Sendable (Int?) async -> Void
  ) throws {
    var appendLimits = limits ?? AppendLimits()
    if limits == nil {
      appendLimits.waitingEvents = try settings.number(.appendQueueEvents)
    }
    let appender = Appender(postgres, limits: appendLimits, logger: logger)
    let pool = pool(limit: try settings.number(.databaseConnections))
    let metrics = DatabaseMetrics(pool: pool)
    let keys = APIKeys(pool)
    let work = ConsoleWork(
      self.pool(limit: Self.workConnections, statementTimeout: Session.statementTimeout),
      logger: logger)
    let console = try Console(
      ConsoleDependencies(
        pool: self.pool(limit: Self.consoleConnections), keys: keys, work: work,
        version: PushLedgerCommand.release, advice: ProviderRegistry.advice(for:_:)),
      logger: logger)
    let dependencies = APIDependencies(
      appender: appender, pool: pool, keys: keys,
      listener: listener(APIService.channels),
      status: { app in
        [
          .init("dispatch", try await DispatchReport.read(pool, of: app).json),
          .init("reactions", try await ReactionReport.read(pool, of: app).json),
        ]
      },
      metrics: { await metrics.families() },
      pages: Pages(
        serves: { Console.serves($0) },
        respond: { request, channel in await console.respond(to: request, on: channel) }))
    let address = APIConfiguration.Address.tcp(
      host: settings.text(.httpHost), port: try settings.number(.httpPort))
    let service = try APIService(
      APIConfiguration(address), dependencies, logger: logger, onListening: onListening)
    self.appender = appender
    services += [appender, work, service]
  }

  // MARK: Running

  /// Runs the services, and whatever is given, until a signal or until one of them ends.
  func run(_ more: [any Service] = []) async throws {
    var configuration = ServiceGroupConfiguration(
      services: (services + more).map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.forLifecycle)
    configuration.maximumGracefulShutdownDuration = .seconds(60)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch {
      await close()
      throw error
    }
    await close()
  }

  private func close() async {
    for listener in listeners { await listener.close() }
    for pool in pools { await pool.close() }
    for world in worlds { await world.shutdown() }
  }
}

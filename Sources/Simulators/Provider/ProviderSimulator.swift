public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A server that behaves as a push provider does, with faults on demand.
///
/// HTTPS with HTTP/2 and HTTP/1.1 on one port, and a control endpoint over plain HTTP/1.1 that
/// shows what arrived. What it holds is bounded: see ``ProviderSimulatorConfiguration``.
public final class ProviderSimulator<Simulation: ProviderSimulation>: Sendable {
  public let simulation: Simulation
  /// Where pushes are taken.
  public let port: Int
  /// Where the control endpoint listens; nil where none was asked for.
  public let controlPort: Int?
  /// What a client must trust: PEM.
  public let caCertificatePEM: String

  let engine: ProviderEngine
  private let listener: ProviderListener
  private let control: ControlServer?
  private let group: MultiThreadedEventLoopGroup
  private let isStopped = Atomic(false)

  private init(
    _ simulation: Simulation, engine: ProviderEngine, listener: ProviderListener,
    control: ControlServer?, group: MultiThreadedEventLoopGroup
  ) {
    self.simulation = simulation
    self.engine = engine
    self.listener = listener
    self.control = control
    self.group = group
    port = listener.port
    controlPort = control?.port
    caCertificatePEM = listener.caCertificatePEM
  }

  /// Starts to listen.
  /// - Throws: ``SimulatorError``; nothing is left running.
  public static func start(
    _ simulation: Simulation,
    _ configuration: ProviderSimulatorConfiguration = ProviderSimulatorConfiguration(),
    logger: Logger
  ) async throws -> ProviderSimulator {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threads))
    do {
      let world = try SimulatedWorld(configuration, group: group, logger: logger)
      do {
        let engine = ProviderEngine(simulation, configuration, world: world, logger: logger)
        let listener = try await ProviderListener.start(engine: engine, group: group)
        do {
          let control = try await startControl(engine, listener, group)
          return ProviderSimulator(
            simulation, engine: engine, listener: listener, control: control, group: group)
        } catch {
          await listener.stop()
          throw error
        }
      } catch {
        await world.receipts.stop()
        throw error
      }
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private static func startControl(
    _ engine: ProviderEngine, _ listener: ProviderListener, _ group: MultiThreadedEventLoopGroup
  ) async throws -> ControlServer? {
    guard let port = engine.configuration.controlPort else { return nil }
    return try await ControlServer.start(
      host: engine.configuration.host, port: port, group: group, logger: engine.logger,
      routes: ProviderControlRoutes(engine: engine, caCertificatePEM: listener.caCertificatePEM))
  }

  /// Stops listening and closes every connection; receipts not sent yet are given up. What was
  /// received can still be asked for. A second call does nothing.
  public func stop() async {
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    await control?.stop()
    await listener.stop()
    await engine.world.receipts.stop()
    engine.world.log.finish()
    try? await group.shutdownGracefully()
  }

  /// Where a client finds the simulator, by a name that its certificate holds.
  public var url: String { "https://localhost:\(port)" }
}

// MARK: - What arrived

extension ProviderSimulator {
  /// Pushes with a sequence above `after`, at most `limit` and at most 10,000 of them.
  public func received(after: Int = 0, limit: Int = 1_000) -> [SimulatedPush] {
    engine.world.log.page(after: after, limit: limit)
  }

  public var counts: SimulatedCounts { engine.world.log.counts }

  /// Pushes recorded, accepted or not.
  public var receivedCount: Int { counts.received }

  public var acceptedCount: Int { counts.accepted }

  /// The deliveries that were accepted more than once for the same token, at most `limit`, the
  /// earliest first. Pushes whose note holds no `delivery_id` are none.
  public func duplicates(limit: Int = 1_000) -> [SimulatedDuplicate] {
    engine.world.log.duplicates(limit: limit)
  }

  /// Returns once so many pushes were recorded since the start or the last reset, when the
  /// simulator stops, or when the task is cancelled.
  public func waitForReceived(_ count: Int) async { await engine.world.log.wait(for: count) }

  /// Forgets what was received and sent, and clears fates and faults. Sessions live on.
  public func reset() { engine.reset() }
}

// MARK: - Fates and faults

extension ProviderSimulator {
  /// What is to become of a token's pushes. Several fates of a token follow each other, except
  /// that one without `times` gives way to the next.
  /// - Parameters:
  ///   - fate: a name that the simulation knows.
  ///   - token: `*` is every token that has no fate of its own.
  ///   - times: so many pushes meet it; nil: all.
  /// - Returns: false where 1,000,000 tokens have fates already; nothing is changed then.
  @discardableResult
  public func setFate(_ fate: String, of token: String, times: Int? = nil) -> Bool {
    engine.world.fates.set(fate, of: token, times: times)
  }

  public func clearFates() { engine.world.fates.clear() }

  public func inject(_ fault: SimulatedFault) { engine.faults.add(fault) }

  public func clearFaults() { engine.faults.clear() }

  /// Those still to come.
  public var faults: [SimulatedFault] { engine.faults.all }
}

// MARK: - Sessions, receipts, connections

extension ProviderSimulator {
  /// Every session token issued so far is unknown from now on.
  public func revokeSessions() { engine.world.sessions.revoke() }

  /// How many session tokens were issued since the start.
  public var sessionsIssued: Int { engine.world.sessionsIssued }

  /// The newest 10,000 receipts that were sent, or could not be.
  public var receipts: [SentReceipt] { engine.world.receipts.sent }

  /// Returns once so many receipts were sent, or could not be, when the simulator stops, or when
  /// the task is cancelled.
  public func waitForReceipts(_ count: Int) async { await engine.world.receipts.wait(for: count) }

  public var openConnections: Int { engine.connections.count }

  /// How many connections there were since the start.
  public var acceptedConnections: Int { engine.connections.accepted }

  /// Closes every connection without a GOAWAY.
  public func closeConnections() { engine.connections.close() }
}

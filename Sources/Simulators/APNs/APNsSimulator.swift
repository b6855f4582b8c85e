public import Logging
import NIOCore
import NIOPosix

/// A server that behaves as Apple's push service does, with faults on demand.
///
/// TLS and HTTP/2 for `POST /3/device/<token>`, every provider token really verified, Apple's
/// reasons and limits, and a control endpoint over plain HTTP/1.1 that shows what arrived.
/// What it holds is bounded: see ``Configuration/rememberedPushes``.
public final class APNsSimulator: Sendable {
  /// Where pushes are taken.
  public let port: Int
  /// Where the control endpoint listens; nil where none was asked for.
  public let controlPort: Int?
  /// What a client must trust: PEM.
  public let caCertificatePEM: String

  let core: SimulatorCore
  private let listener: APNsListener
  private let control: ControlServer?
  private let group: MultiThreadedEventLoopGroup

  private init(
    core: SimulatorCore, listener: APNsListener, control: ControlServer?,
    group: MultiThreadedEventLoopGroup
  ) {
    self.core = core
    self.listener = listener
    self.control = control
    self.group = group
    port = listener.port
    controlPort = control?.port
    caCertificatePEM = listener.caCertificatePEM
  }

  /// Starts to listen.
  /// - Throws: ``APNsSimulatorError`` or ``SimulatorError``; nothing is left running.
  public static func start(
    _ configuration: Configuration = Configuration(), logger: Logger
  ) async throws -> APNsSimulator {
    let core = try SimulatorCore(configuration, logger: logger)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threads))
    do {
      let listener = try await APNsListener.start(core: core, group: group)
      core.serving(listener)
      var control: ControlServer?
      do {
        if let port = configuration.controlPort {
          control = try await ControlServer.start(
            host: configuration.host, port: port, group: group, logger: logger,
            routes: APNsControlRoutes(core: core, caCertificatePEM: listener.caCertificatePEM))
        }
      } catch {
        await listener.stop()
        throw error
      }
      return APNsSimulator(core: core, listener: listener, control: control, group: group)
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Stops listening and closes every connection. What was received can still be asked for.
  public func stop() async {
    await control?.stop()
    await listener.stop()
    core.log.finish()
    try? await group.shutdownGracefully()
  }
}

// MARK: - What arrived

extension APNsSimulator {
  /// Pushes with a sequence above `after`, at most `limit` and at most 10,000 of them.
  public func received(after: Int = 0, limit: Int = 1_000) -> ReceivedPage {
    core.log.page(after: after, limit: limit)
  }

  public var receivedCounts: ReceivedCounts { core.log.counts }

  /// Every push with a sequence above `after`, then those to come. Ends when the simulator stops.
  /// A reader that falls behind by more than is remembered misses what was dropped.
  public func receivedStream(after: Int = 0) -> ReceivedStream {
    ReceivedStream(log: core.log, after: after)
  }

  /// The `apns-id`s that were accepted more than once, at most `limit`, the earliest first.
  public func duplicates(limit: Int = 1_000) -> [Duplicate] {
    core.log.duplicates(limit: limit)
  }
}

// MARK: - Faults

extension APNsSimulator {
  public func inject(_ fault: Fault) { core.faults.add(fault) }

  /// Removes every fault and restores the configured conditions.
  /// - Throws: ``SimulatorError`` where the port was given up and another program took it.
  public func clearFaults() async throws { try await core.clearFaults() }

  public var conditions: Conditions { core.conditions }

  /// Changes how the server does as a whole; connections follow at once.
  /// - Throws: ``SimulatorError`` where the port was given up and another program took it.
  public func change(_ change: @Sendable (inout Conditions) -> Void) async throws {
    try await core.change(change)
  }

  /// Sends a GOAWAY on every connection; ``Fault/GoAway/lastStream`` then counts from the last
  /// stream processed.
  public func goAway(_ goAway: Fault.GoAway) { core.registry.goAway(goAway) }

  /// Closes every connection without a GOAWAY.
  public func closeConnections() { core.registry.close() }

  /// Every connection is read on, but never written to again.
  public func freezeConnections() { core.registry.freeze() }

  public var openConnections: Int { core.registry.count }

  /// How many connections there were since the start.
  public var acceptedConnections: Int { core.registry.accepted }

  /// Forgets what was received and clears the faults. Keys and devices stay.
  public func reset() async throws { try await core.reset() }
}

// MARK: - Keys and devices

extension APNsSimulator {
  /// Adds a key, or replaces the one of the same team and id.
  /// - Throws: ``APNsSimulatorError/badKey(keyID:)``
  public func register(_ key: APNsSimulatorKey) throws { try core.keys.register(key) }

  /// Provider tokens of the key are no longer taken, on open connections too.
  public func removeKey(teamID: String, keyID: String) {
    core.keys.remove(teamID: teamID, keyID: keyID)
  }

  /// Adds a device, or replaces the one with the same token.
  public func register(_ device: Device) { core.faults.register(device) }
}

/// What an APNs simulator was told and cannot take.
public enum APNsSimulatorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The key's PEM is no P-256 public key.
  case badKey(keyID: String)

  public var description: String {
    switch self {
    case .badKey(let keyID):
      "Key \(keyID) is no P-256 public key in PEM form (BEGIN PUBLIC KEY). Derive it from the "
        + "private key with: openssl ec -in key.p8 -pubout"
    }
  }
}

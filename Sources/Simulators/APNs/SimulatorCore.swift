import Logging
import NIOCore
import PushCore
import Synchronization

/// What the connections, the control endpoint and the simulator's own calls share.
final class SimulatorCore: Sendable {
  let configuration: APNsSimulator.Configuration
  let logger: Logger
  let keys: ProviderKeys
  let faults: FaultPlan
  let log: ReceivedLog
  let registry = ConnectionRegistry()
  private let current: Mutex<APNsSimulator.Conditions>
  private let listener = Mutex<APNsListener?>(nil)

  init(
    _ configuration: APNsSimulator.Configuration, logger: Logger
  ) throws(APNsSimulatorError) {
    self.configuration = configuration
    self.logger = logger
    keys = try ProviderKeys(configuration.keys, environment: configuration.environment)
    faults = FaultPlan(devices: configuration.devices, environment: configuration.environment)
    log = ReceivedLog(
      rememberedPushes: configuration.rememberedPushes,
      rememberedPayloads: configuration.rememberedPayloads)
    current = Mutex(configuration.conditions)
  }

  func serving(_ listener: APNsListener) { self.listener.withLock { $0 = listener } }

  var conditions: APNsSimulator.Conditions { current.withLock { $0 } }

  func change(_ change: (inout APNsSimulator.Conditions) -> Void) async throws {
    let changed = current.withLock { conditions in
      change(&conditions)
      return conditions
    }
    await registry.follow(changed)
    guard let listener = listener.withLock({ $0 }) else { return }
    if changed.newConnections == .refused {
      await listener.pause()
    } else {
      try await listener.resume()
    }
  }

  func clearFaults() async throws {
    faults.clearFaults()
    let conditions = configuration.conditions
    try await change { $0 = conditions }
  }

  func reset() async throws {
    log.clear()
    try await clearFaults()
  }
}

extension APNsSimulator.Configuration {
  /// The conditions to start with and to return to.
  var conditions: APNsSimulator.Conditions {
    APNsSimulator.Conditions(latency: latency, jitter: jitter, streamLimit: streamLimit)
  }
}

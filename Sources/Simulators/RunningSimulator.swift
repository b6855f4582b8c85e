public import Logging

/// A simulator that listens, whatever it plays.
public protocol RunningSimulator: Sendable {
  /// As the command line names it, such as `fcm`.
  var name: String { get }
  /// Where pushes are taken.
  var port: Int { get }
  /// Where the control endpoint listens; nil where there is none.
  var controlPort: Int? { get }
  /// What a client must trust: PEM.
  var caCertificatePEM: String { get }
  /// Pushes that arrived, and those of them that were taken.
  var tally: (received: Int, accepted: Int) { get }

  func stop() async
}

extension ProviderSimulator: RunningSimulator {
  public var name: String { Simulation.name }
  public var tally: (received: Int, accepted: Int) { (counts.received, counts.accepted) }
}

extension APNsSimulator: RunningSimulator {
  public var name: String { "apns" }

  public var tally: (received: Int, accepted: Int) {
    let counts = receivedCounts
    return (counts.received, counts.accepted)
  }
}

/// The simulators of all providers but APNs, whose has ways of its own.
public enum ProviderSimulators {
  public struct Kind: Sendable {
    /// As the command line names it, such as `fcm`.
    public let name: String
    public let start:
      @Sendable (ProviderSimulatorConfiguration, Logger) async throws -> any RunningSimulator

    init<Simulation: ProviderSimulation>(_ make: @escaping @Sendable () -> Simulation) {
      name = Simulation.name
      start = { configuration, logger in
        try await ProviderSimulator.start(make(), configuration, logger: logger)
      }
    }
  }

  /// One line for each.
  public static let all: [Kind] = [
    Kind { FCMSimulation() },
    Kind { HuaweiSimulation() },
    Kind { HonorSimulation() },
    Kind { XiaomiSimulation() },
    Kind { OPPOSimulation() },
    Kind { VivoSimulation() },
    Kind { MeizuSimulation() },
    Kind { WebPushSimulation() },
  ]
}

import ArgumentParser
import Foundation
import Ledger
import Logging
import PushCore
import ServiceLifecycle
import Simulators
import UnixSignals

/// What is the same for every simulator but APNs'.
struct SimulatorOptions: ParsableArguments {
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "Milliseconds that each answer takes.") var latency = 0
  @Option(help: "A PEM file with the certificates to trust where receipts are sent.")
  var receiptTrust: String?

  func validate() throws {
    guard (0...60_000).contains(latency) else {
      throw ValidationError("--latency is \(latency); 0 to 60000 milliseconds are expected.")
    }
  }

  func configuration(port: Int, controlPort: Int) throws -> ProviderSimulatorConfiguration {
    var configuration = ProviderSimulatorConfiguration()
    configuration.host = host
    configuration.port = port
    configuration.controlPort = controlPort
    configuration.latency = .milliseconds(latency)
    configuration.receiptTrustPEM = try receiptTrust.map { file in
      guard let pem = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw ValidationError("The file \(file) of --receipt-trust cannot be read.")
      }
      return pem
    }
    return configuration
  }
}

struct SimulateProvider: AsyncParsableCommand {
  static let names = ProviderSimulators.all.map(\.name).joined(separator: ", ")

  static let configuration = CommandConfiguration(
    commandName: "provider",
    abstract: "Plays one push provider on this machine: all but APNs.",
    discussion: """
      Names: \(names).

      What an app's credential is, the simulator has to be told; so are the fates of tokens, and \
      faults: GET / on the control port explains it.

      EXAMPLES
        pushledger simulate provider fcm --port 8453 --certificate ca.pem
        curl -d @service-account.json localhost:8454/accounts
      """)

  @Argument(help: "Which, such as fcm.") var provider: String
  @Option(help: "Where pushes are taken.") var port = 8453
  @Option(help: "Where the control endpoint listens.") var controlPort = 8454
  @Option(help: "Where to write the certificate that clients must trust, as PEM.")
  var certificate: String?
  @OptionGroup var simulator: SimulatorOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    for (name, port) in [("--port", port), ("--control-port", controlPort)]
    where !(0...65_535).contains(port) {
      throw ValidationError("\(name) is \(port); 0 (any free one) to 65535 is expected.")
    }
  }

  func run() async throws {
    guard let kind = ProviderSimulators.all.first(where: { $0.name == provider }) else {
      throw ValidationError(
        "There is no simulator of \(provider); there are \(Self.names), and `simulate apns`.")
    }
    let (_, logger) = try await common.start()
    let configuration = try simulator.configuration(port: port, controlPort: controlPort)
    let running = try await kind.start(configuration, logger)
    if let certificate {
      try Output.file(certificate, "--certificate", Array(running.caCertificatePEM.utf8))
    }
    try await SimulatorService.serve([running], host: simulator.host, logger)
  }
}

struct SimulateAll: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Plays every push provider, each on ports of its own.",
    discussion: """
      Ports count up from --port, two for each: pushes, then control. One certificate authority for \
      each: GET /certificate on a control port shows it, --certificates writes all into one file.

      EXAMPLE
        pushledger simulate all --port 8443 --certificates simulators.pem
      """)

  @Option(help: "The first port; 0 takes free ones.") var port = 8443
  @Option(help: "Where to write all certificates that clients must trust, as PEM.")
  var certificates: String?
  @OptionGroup var simulator: SimulatorOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    let last = 65_535 - 2 * (ProviderSimulators.all.count + 1)
    guard (0...last).contains(port) else {
      throw ValidationError("--port is \(port); 0 to \(last) is expected.")
    }
  }

  func run() async throws {
    let (_, logger) = try await common.start()
    var running: [any RunningSimulator] = []
    do {
      var apns = APNsSimulator.Configuration()
      apns.host = simulator.host
      apns.port = place(0)
      apns.controlPort = place(1)
      apns.latency = .milliseconds(simulator.latency)
      running.append(try await APNsSimulator.start(apns, logger: logger))
      for (index, kind) in ProviderSimulators.all.enumerated() {
        let configuration = try simulator.configuration(
          port: place(2 * index + 2), controlPort: place(2 * index + 3))
        running.append(try await kind.start(configuration, logger))
      }
    } catch {
      for simulator in running { await simulator.stop() }
      throw error
    }
    if let certificates {
      let pem = running.map(\.caCertificatePEM).joined(separator: "\n")
      try Output.file(certificates, "--certificates", Array(pem.utf8))
    }
    try await SimulatorService.serve(running, host: simulator.host, logger)
  }

  private func place(_ offset: Int) -> Int { port == 0 ? 0 : port + offset }
}

/// Keeps simulators until the process is told to stop.
struct SimulatorService: Service {
  let simulators: [any RunningSimulator]

  func run() async throws {
    try? await gracefulShutdown()
    for simulator in simulators { await simulator.stop() }
  }

  /// Says where they are, and at the end what they got.
  static func serve(
    _ simulators: [any RunningSimulator], host: String, _ logger: Logger
  ) async throws {
    let lines = simulators.map { simulator in
      let control = simulator.controlPort.map { ", control: http://\(host.asURLHost):\($0)/" } ?? ""
      return "\(simulator.name) is played on https://\(host.asURLHost):\(simulator.port)\(control)"
    }
    let group = ServiceGroup(
      services: [SimulatorService(simulators: simulators), Announcement(lines)],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.forLifecycle)
    try await group.run()
    for simulator in simulators {
      let tally = simulator.tally
      Output.line(
        "\(simulator.name): received \(tally.received.grouped), accepted \(tally.accepted.grouped)."
      )
    }
  }
}

import ArgumentParser
import Foundation
import PushCore
import Simulators

struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a server that behaves as a push provider does, with faults on demand.",
    discussion: """
      EXAMPLES
        pushledger simulate all
        pushledger simulate apns --port 8443 --control-port 8444
        pushledger simulate provider fcm --port 8453
      """,
    subcommands: [SimulateAll.self, SimulateAPNs.self, SimulateProvider.self])
}

struct SimulateAPNs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apns",
    abstract: "Plays Apple's push service on this machine.",
    discussion: """
      Provider tokens are really verified, so it has to know the public keys. The control endpoint \
      lists what arrived and takes faults; GET / on its port explains it.

      EXAMPLES
        pushledger simulate apns --port 8443 --key TEAM123456:KEY1234567:public.pem
        curl localhost:8444/received/count
      """)

  @Option(help: "Where pushes are taken.") var port = 8443
  @Option(help: "Where the control endpoint listens.") var controlPort = 8444
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "TEAM:KEY:FILE, the PEM file of a public key; may be given again.")
  var key: [String] = []
  @Option(help: "Milliseconds that each answer takes.") var latency = 0
  @Option(help: "Where to write the certificate that clients must trust, as PEM.")
  var certificate: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    for (name, port) in [("--port", port), ("--control-port", controlPort)]
    where !(0...65_535).contains(port) {
      throw ValidationError("\(name) is \(port); 0 (any free one) to 65535 is expected.")
    }
    guard (0...60_000).contains(latency) else {
      throw ValidationError("--latency is \(latency); 0 to 60000 milliseconds are expected.")
    }
  }

  func run() async throws {
    let (_, logger) = try await common.start()
    var configuration = APNsSimulator.Configuration()
    configuration.host = host
    configuration.port = port
    configuration.controlPort = controlPort
    configuration.latency = .milliseconds(latency)
    configuration.keys = try key.map(Self.key)
    let simulator = try await APNsSimulator.start(configuration, logger: logger)
    if let certificate {
      try Output.file(certificate, "--certificate", Array(simulator.caCertificatePEM.utf8))
    }
    try await SimulatorService.serve([simulator], host: host, logger)
  }

  private static func key(_ text: String) throws -> APNsSimulatorKey {
    let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
    guard parts.count == 3 else {
      throw ValidationError("--key is \(text.given); TEAM:KEY:FILE is expected.")
    }
    guard let pem = try? String(contentsOfFile: parts[2], encoding: .utf8) else {
      throw ValidationError("The file \(parts[2]) of --key cannot be read.")
    }
    return APNsSimulatorKey(teamID: parts[0], keyID: parts[1], publicKeyPEM: pem)
  }
}

import ArgumentParser
import Ledger

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the HTTP API.",
    discussion: "EXAMPLE\n  pushledger serve --host 0.0.0.0 --port 8080")

  @Option(help: "The address to listen on.") var host: String?
  @Option(help: "The port to listen on; 0 takes any free one.") var port: String?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (settings, logger) = try await common.start([.httpHost: host, .httpPort: port])
    let postgres = settings.postgres("serve")
    try await Migrator(postgres, logger: logger).requireCurrent()
    try await Rights.serve.require(postgres, logger: logger)
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    let host = settings.text(.httpHost)
    try roles.addAPI { port in
      Output.line("The API listens on http://\(host):\(port ?? 0)/v1")
    }
    try await roles.run()
  }
}

import ArgumentParser
import Ledger

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the HTTP API, and the console for people with a browser.",
    discussion: """
      Who opens the console signs in with an API key of scope read; see docs/console.md.

      EXAMPLES
        pushledger serve --host 0.0.0.0 --port 8080
        pushledger keys create chat --scope read     # for the console
      """)

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
      Output.line("The API listens on http://\(host.asURLHost):\(port ?? 0)/v1")
      Output.line("The console is at http://\(host.asURLHost):\(port ?? 0)/console")
    }
    try await roles.run()
  }
}

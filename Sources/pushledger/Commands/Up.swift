import ArgumentParser
import Foundation
import Ledger
import Logging
import Postgres
import PushCore
import ServiceLifecycle
import Simulators

struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs everything in one process: API, console, projector, dispatcher, reactor.",
    discussion: """
      Without PUSHLEDGER_DATABASE_URL a private PostgreSQL is started in the data folder, and \
      stopped at the end; it gets a master key of its own there, unless one is set. With --demo there is also a simulated APNs, an app, a key, and people \
      who chat; what happens is shown live.

      EXAMPLES
        pushledger up --demo
        pushledger up --demo --for 30s --rate 200 --quiet
        PUSHLEDGER_DATABASE_URL=postgresql://db/push pushledger up
      """)

  @Flag(help: "Add a simulated APNs, an app, a key and traffic, and show what happens.")
  var demo = false
  @Option(name: .customLong("for"), help: "End by itself after so long: 30s, 5m or 1h.")
  var duration: String?
  @Option(help: "Requests a second that the demo makes.") var rate = 5
  @Flag(help: "Show only the summary of the demo.") var quiet = false
  @Option(help: "Where a private PostgreSQL is kept.") var data: String?
  @Option(help: "The address that the API listens on.") var host: String?
  @Option(help: "The port that the API listens on; 0 takes any free one.") var port: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...2_000).contains(rate) else {
      throw ValidationError("--rate is \(rate); 1 to 2000 requests a second are expected.")
    }
    if let duration, Self.parse(duration) == nil {
      throw ValidationError("--for is \(duration.given); write it like 30s, 5m or 1h.")
    }
  }

  static func parse(_ text: String) -> Duration? {
    guard let number = Int64(text.dropLast()), (1...86_400).contains(number) else { return nil }
    switch text.last {
    case "s": return .seconds(number)
    case "m": return .seconds(number * 60)
    case "h": return .seconds(number * 3_600)
    default: return nil
    }
  }

  func run() async throws {
    let (settings, logger) = try await common.start([
      .httpHost: host, .httpPort: port, .dataFolder: data,
    ])
    let given = try settings.masterKeys()
    try await PrivatePostgres.lend(settings, for: "up") { postgres in
      try await run(postgres, try given ?? ownKeys(settings), settings, logger)
    }
  }

  /// Where none are set: those of the private server. Elsewhere the demo gets a fresh one, for it
  /// adds its credential at every start.
  private func ownKeys(_ settings: Settings) throws -> MasterKeys? {
    guard settings.text(.databaseURL).isEmpty else { return demo ? .random() : nil }
    let own = try MasterKeyFile.own(in: settings.text(.dataFolder))
    Output.note("Its master key, for `credentials`: PUSHLEDGER_MASTER_KEY_FILE=\(own.path)")
    return own.keys
  }

  private func run(
    _ postgres: PostgresConfiguration, _ masterKeys: MasterKeys?, _ settings: Settings,
    _ logger: Logger
  ) async throws {
    var roles = Roles(settings: settings, postgres: postgres, logger: logger)
    let listening = Listening()
    let host = settings.text(.httpHost)
    try roles.addProjector()
    try roles.addDispatcher(masterKeys)
    try roles.addReactor()
    try roles.addAPI { port in
      Output.note("The API listens on http://\(host.asURLHost):\(port ?? 0)/v1")
      Output.note("The console is at http://\(host.asURLHost):\(port ?? 0)/console")
      listening.set(port)
    }
    // The settings are good, so the database may be brought up to date.
    _ = try await Migrator(postgres, logger: logger).migrate()
    var more: [any Service] = []
    if let duration = duration.flatMap(Self.parse) { more.append(EndAfter(duration: duration)) }
    guard demo else {
      try await roles.run(more)
      return
    }
    let scene = try await DemoScene.prepare(
      pool: roles.pool(limit: 2), masterKeys: masterKeys, listening: listening, host: host,
      rate: rate, isQuiet: quiet, logger: logger)
    try await roles.run(scene.services + more)
    try await scene.finish(postgres, logger: logger)
  }
}

/// Ends the process's services after a time.
struct EndAfter: Service {
  let duration: Duration

  func run() async throws {
    try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
  }
}

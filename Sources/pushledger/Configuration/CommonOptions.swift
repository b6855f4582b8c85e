import ArgumentParser
import Foundation
import Logging
import Postgres

/// What every command takes that reads settings.
struct CommonOptions: ParsableArguments {
  @Option(help: "A JSON file with settings; see `pushledger config`.")
  var config: String?

  @Option(help: "libpq URL of the database; better kept in PUSHLEDGER_DATABASE_URL.")
  var database: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: String?

  func settings(_ more: [Setting: String?] = [:]) async throws -> Settings {
    var flags = more.compactMapValues { $0 }
    flags[.databaseURL] = database
    flags[.logLevel] = logLevel
    return try await Settings(flags: flags, file: config)
  }

  /// Reads the settings and sets logging up.
  func start(_ more: [Setting: String?] = [:]) async throws -> (Settings, Logger) {
    let settings = try await settings(more)
    let level = try settings.logLevel()
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    return (settings, Logger(label: "pushledger"))
  }
}

extension Settings {
  func postgres(_ name: String) -> PostgresConfiguration {
    PostgresConfiguration(text(.databaseURL), applicationName: "pushledger \(name)")
  }
}

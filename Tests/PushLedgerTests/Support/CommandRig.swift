import Foundation
import Ledger
import Logging
import Postgres
import PushCore
import Synchronization
import TestSupport

/// A database and a folder of its own, and the executable to be run on them. What was started is
/// killed at the end.
final class CommandRig: Sendable {
  static let app = "chat"

  let url: String
  let folder: URL
  let pool: PostgresPool
  /// What the commands seal and open credentials with.
  let masterKey = MasterKeys.newKeyText()
  private let started = Mutex<[RunningCommand]>([])

  private init(url: String, folder: URL, pool: PostgresPool) {
    self.url = url
    self.folder = folder
    self.pool = pool
  }

  /// - Parameters:
  ///   - app: Created where the database is migrated; nil: none.
  ///   - address: Makes the commands' database address of the usual one.
  static func run(
    migrated: Bool = true, app: String? = CommandRig.app, appOptions: [String] = [],
    address: @Sendable (String) -> String = { $0 },
    _ body: @Sendable (CommandRig) async throws -> Void
  ) async throws {
    try await withTestDatabase { url in
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("pushledger-tests-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let pool = PostgresPool(
        PostgresConfiguration(url, statementTimeout: .seconds(60)), limit: 2,
        logger: TestDatabase.logger)
      let rig = CommandRig(url: address(url), folder: folder, pool: pool)
      let outcome: Result<Void, any Error>
      do {
        if migrated {
          try await rig.succeed("migrate")
          if let app { try await rig.succeed(["apps", "create", app] + appOptions) }
        }
        try await body(rig)
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      for command in rig.started.withLock({ $0 }) { await command.killAndWait() }
      await pool.close()
      try outcome.get()
    }
  }

  // MARK: Running

  /// This process's environment without settings of ours, but for the database and the master key.
  func environment(_ more: [String: String] = [:]) -> [String: String] {
    Self.bareEnvironment.merging([
      "PUSHLEDGER_DATABASE_URL": url, "PUSHLEDGER_MASTER_KEY": masterKey,
    ]) { $1 }.merging(more) { $1 }
  }

  static let bareEnvironment = ProcessInfo.processInfo.environment
    .filter { !$0.key.hasPrefix("PUSHLEDGER_") }

  func start(
    _ arguments: [String], environment more: [String: String] = [:]
  ) throws -> RunningCommand {
    let command = try RunningCommand(arguments, environment: environment(more))
    started.withLock { $0.append(command) }
    return command
  }

  func run(
    _ arguments: [String], environment more: [String: String] = [:], input: [UInt8]? = nil,
    outputFile: URL? = nil
  ) async throws -> FinishedCommand {
    try await RunningCommand(
      arguments, environment: environment(more), input: input, outputFile: outputFile
    ).finished()
  }

  func run(_ arguments: String...) async throws -> FinishedCommand { try await run(arguments) }

  /// Runs a command that must go well.
  @discardableResult
  func succeed(_ arguments: [String]) async throws -> FinishedCommand {
    let done = try await run(arguments)
    guard done.status == 0 else { throw CommandFailure(command: done) }
    return done
  }

  @discardableResult
  func succeed(_ arguments: String...) async throws -> FinishedCommand {
    try await succeed(arguments)
  }

  // MARK: Files

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: folder.appendingPathComponent(name))
    return path(name)
  }

  func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }
}

/// A command that a test needs did not go well.
struct CommandFailure: Error, CustomStringConvertible {
  var command: FinishedCommand

  var description: String { "\(command)" }
}

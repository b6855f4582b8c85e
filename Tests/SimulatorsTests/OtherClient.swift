import Foundation
import PushCore
import Synchronization
import Testing

/// A push client that others wrote, run as a process of its own: one of the scripts in
/// `OtherClients`, which say what they need.
struct OtherClient {
  /// Set by `scripts/test` where the clients are installed.
  static let python = ProcessInfo.processInfo.environment["PUSHLEDGER_TEST_PYTHON"]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("OtherClients")
  /// A client that takes longer hangs.
  private static let patience = Duration.seconds(60)

  var script: String
  var environment: [String: String]

  struct Said {
    var isOK: Bool
    var id: String?
    var error: String?
    var invalidTokens: [String]
    var all: JSON
  }

  /// Runs the script and reads the line that it prints.
  func run(_ more: [String: String] = [:]) async throws -> Said {
    let python = try #require(Self.python)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [Self.folder.appendingPathComponent(script + ".py").path]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      .merging(more) { $1 }.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    // Files, for a pipe's end would block a thread that the simulator may need.
    let (text, problem) = try await withFolder { folder in
      let files = try ["out", "errors"].map { name in
        let file = folder.appendingPathComponent(name)
        try Data().write(to: file)
        return file
      }
      process.standardOutput = try FileHandle(forWritingTo: files[0])
      process.standardError = try FileHandle(forWritingTo: files[1])
      process.standardInput = FileHandle.nullDevice
      let ended = AsyncStream<Void>.makeStream()
      process.terminationHandler = { _ in ended.continuation.finish() }
      try process.run()
      let watch = Task {
        try await Task.sleep(for: Self.patience)
        process.terminate()
      }
      for await _ in ended.stream {}
      watch.cancel()
      return (
        try String(contentsOf: files[0], encoding: .utf8),
        try String(contentsOf: files[1], encoding: .utf8)
      )
    }
    let line = text.split(separator: "\n").last.map { Array($0.utf8) } ?? []
    let json = try #require(try? JSON.parse(line), "\(script): \(problem.suffix(2_000))")
    return Said(
      isOK: json["ok"]?.bool ?? false, id: json["id"]?.string, error: json["error"]?.string,
      invalidTokens: json["invalid_tokens"]?.array?.compactMap(\.string) ?? [], all: json)
  }
}

/// A folder for a test's files.
func withFolder<Answer>(_ body: (URL) async throws -> Answer) async throws -> Answer {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("pushledger-clients-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

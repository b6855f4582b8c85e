import Foundation
import TestSupport
import Testing

/// A script of `examples/debugging`, run as somebody runs it who has the built program in PATH.
struct DebuggingCase: Sendable, CustomTestStringConvertible {
  static let all = [
    "reinstalled-app", "foreground-elsewhere", "quiet-hours", "late-answer", "provider-outage",
    "late-recall",
  ].map(DebuggingCase.init)

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let folder = root.appending(path: "examples/debugging")

  /// The script's name.
  let name: String

  var testDescription: String { name }

  /// - Parameter temporary: Where it puts its scratch folder; nil: where everybody does.
  func start(_ arguments: String..., temporary: URL? = nil) throws -> RunningCommand {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    var environment = CommandRig.bareEnvironment
    environment["PATH"] = BuiltExecutable.url.deletingLastPathComponent().path + ":" + path
    environment["PUSHLEDGER_DATABASE_URL"] = TestDatabase.url
    environment["TMPDIR"] = temporary?.path
    return try RunningCommand(
      arguments, program: Self.folder.appending(path: name), environment: environment)
  }
}

import Foundation
import Testing

/// Results that nobody gets are no success.
@Suite("Fail to write", .timeLimit(.minutes(2)))
struct FailToWrite {
  @Test(
    "says that the results could not be written, and exits 1", arguments: ["--help", "sql --list"])
  func fullDisk(_ line: String) async throws {
    let running = try RunningCommand(
      ["-c", "\"$0\" \(line) > /dev/full", BuiltExecutable.url.path],
      program: URL(fileURLWithPath: "/bin/sh"), environment: ProcessInfo.processInfo.environment)
    let done = await running.finished()
    #expect(done.status == 1, "\(done)")
    #expect(done.errors.contains("could not be written to standard output"), "\(done)")
  }
}

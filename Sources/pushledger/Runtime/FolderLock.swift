import ArgumentParser
import Foundation

/// Tells processes that use one data folder from each other. The system lets go of what one held
/// however it ends.
final class FolderLock: Sendable {
  /// Held alone while something is started or stopped: for moments.
  private let change: Int32
  /// Shared by all that use what was started, as long as they do.
  private let use: Int32
  private let folder: String

  /// - Throws: ``ValidationError`` where the folder can't be written to.
  init(_ folder: String) throws {
    self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path
    change = open(self.folder + "/lock.change", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    use = open(self.folder + "/lock.use", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard change >= 0, use >= 0 else { throw failure }
  }

  deinit {
    close(change)
    close(use)
  }

  /// Starts something, alone, and counts as one that uses it from then on.
  func starting(_ start: () async throws -> Void) async throws {
    try lock(change, LOCK_EX)
    defer { flock(change, LOCK_UN) }
    try await start()
    try lock(use, LOCK_SH)
  }

  /// Stops using it; the last that does stops it.
  func leaving(_ stop: () async throws -> Void) async throws {
    try lock(change, LOCK_EX)
    defer { flock(change, LOCK_UN) }
    flock(use, LOCK_UN)
    if flock(use, LOCK_EX | LOCK_NB) == 0 { try await stop() }
  }

  private func lock(_ descriptor: Int32, _ operation: Int32) throws {
    while flock(descriptor, operation) != 0 {
      guard errno == EINTR else { throw failure }
    }
  }

  private var failure: ValidationError {
    ValidationError(
      "The folder \(folder) cannot be locked: \(String(cString: strerror(errno))). Name another "
        + "with --data.")
  }
}

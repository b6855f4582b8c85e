import ArgumentParser
import Foundation
import PushCore
import Synchronization

/// What a command says: results on stdout, progress on stderr.
enum Output {
  static func line(_ text: String = "") { write(text.forTerminal + "\n", to: .standardOutput) }

  static func json(_ value: JSON) { line(value.text) }

  static func bytes(_ bytes: [UInt8]) { write(Data(bytes), to: .standardOutput) }

  /// Whether some of the results could not be written. A reader that has left, as `head` does, is
  /// no failure.
  static var hasFailed: Bool { failed.load(ordering: .relaxed) }

  private static let failed = Atomic(false)

  /// Writes a file that an option named.
  ///
  /// - Throws: ``ValidationError`` naming both.
  static func file(_ path: String, _ option: String, _ bytes: [UInt8]) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ValidationError(
        "The file \(path) of \(option) cannot be written. Name one in a folder that is there.")
    }
  }

  static func note(_ text: String) { write(text.forTerminal + "\n", to: .standardError) }

  /// Rewrites one line on a terminal; says nothing elsewhere.
  static func progress(_ text: String, done: Bool = false) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    write("\r\u{1B}[K" + text.forTerminal + (done ? "\n" : ""), to: .standardError)
  }

  private static func write(_ text: String, to handle: FileHandle) {
    write(Data(text.utf8), to: handle)
  }

  private static func write(_ data: Data, to handle: FileHandle) {
    do {
      try handle.write(contentsOf: data)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let hasLeft = (cause ?? error as NSError).code == EPIPE
      if handle == .standardOutput, !hasLeft { failed.store(true, ordering: .relaxed) }
    }
  }
}

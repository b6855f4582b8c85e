import Foundation
import PushCore
import Synchronization
import TestSupport

/// A process of the built executable, what it has said so far, and how it ended.
final class RunningCommand: Sendable {
  /// No test waits longer for a process: then it is killed, and whoever waits gets nil.
  static let lifetime = DispatchTimeInterval.seconds(240)

  private struct State {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    var openStreams = 2
    var status: Int32?
    /// Counts what was heard, so that nothing is missed between a look and a wait.
    var changes = 0
    var waiters: [CheckedContinuation<Void, Never>] = []

    var isOver: Bool { status != nil && openStreams == 0 }
  }

  private static let starting = NSLock()

  let arguments: [String]
  private let process: Process
  private let state = Mutex(State())

  /// - Parameters:
  ///   - program: Another one than the built executable.
  ///   - environment: Replaces this process's own.
  ///   - input: What it reads from standard input; nil: nothing.
  ///   - outputFile: Where standard output goes instead of memory.
  init(
    _ arguments: [String], program: URL = BuiltExecutable.url, environment: [String: String],
    input: [UInt8]? = nil, outputFile: URL? = nil
  ) throws {
    self.arguments = arguments
    // One at a time, so that no process is born while another's pipe can be inherited.
    Self.starting.lock()
    defer { Self.starting.unlock() }
    process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = environment
    let given = try input.map { _ in try OwnPipe() }
    process.standardInput = given?.reading ?? FileHandle.nullDevice
    let (output, errors) = (try OwnPipe(), try OwnPipe())
    if let outputFile {
      _ = FileManager.default.createFile(atPath: outputFile.path, contents: nil)
      process.standardOutput = try FileHandle(forWritingTo: outputFile)
    } else {
      process.standardOutput = output.writing
    }
    process.standardError = errors.writing
    process.terminationHandler = { [weak self] ended in
      let status = ended.terminationStatus
      let isSignal = ended.terminationReason == .uncaughtSignal
      self?.change { $0.status = isSignal ? -status : status }
    }
    try process.run()
    for pipe in [output, errors] { try pipe.writing.close() }
    if let given, let input { try given.feed(input) }
    listen(to: output.reading) { $0.output += $1 }
    listen(to: errors.reading) { $0.errors += $1 }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.lifetime) { [weak self] in
      self?.signal(SIGKILL)
    }
  }

  private func listen(
    to handle: FileHandle, _ add: @escaping @Sendable (inout State, [UInt8]) -> Void
  ) {
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(handle.fileDescriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        let bytes = Array(buffer[..<count])
        change { add(&$0, bytes) }
      }
      try? handle.close()
      change { $0.openStreams -= 1 }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let waiters = state.withLock { state in
      body(&state)
      state.changes += 1
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  // MARK: What is done to it

  func signal(_ number: Int32) {
    if state.withLock({ $0.status }) == nil { kill(process.processIdentifier, number) }
  }

  /// Ends it as a power cut would, and waits until it is gone.
  func killAndWait() async {
    signal(SIGKILL)
    _ = await finished()
  }

  /// Asks it to stop and waits until it did.
  func stop() async -> FinishedCommand {
    signal(SIGTERM)
    return await finished()
  }

  // MARK: What it says

  var processIdentifier: Int32 { process.processIdentifier }

  var isRunning: Bool { state.withLock { $0.status == nil } }

  var errors: String { state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

  /// The first line of standard output or error that holds the text; nil where it ends before.
  func line(containing text: String) async -> String? {
    await wait { state in
      for bytes in [state.output, state.errors] {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
          let line = String(decoding: line, as: UTF8.self)
          if line.contains(text) { return line }
        }
      }
      return nil
    }
  }

  func finished() async -> FinishedCommand {
    _ = await wait { _ in Optional<Bool>.none }
    return state.withLock { state in
      FinishedCommand(
        arguments: arguments, status: state.status ?? .min, output: state.output,
        errors: String(decoding: state.errors, as: UTF8.self))
    }
  }

  /// Looks at every change until there is something; nil when nothing more can come.
  private func wait<Found: Sendable>(for look: (State) -> Found?) async -> Found? {
    while true {
      let (found, isOver, seen) = state.withLock { (look($0), $0.isOver, $0.changes) }
      if found != nil || isOver { return found }
      await withCheckedContinuation { continuation in
        let changed = state.withLock { state in
          if state.changes != seen { return true }
          state.waiters.append(continuation)
          return false
        }
        if changed { continuation.resume() }
      }
    }
  }
}

import Foundation
import PushCore
import TestSupport

/// The process of a browser, its pipes, and the folder of all that it writes.
final class BrowserProcess: Sendable {
  /// The first Chromium in PATH.
  static let program: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for name in ["chromium", "chromium-browser", "google-chrome"] {
      for folder in folders {
        let path = "\(folder)/\(name)"
        if FileManager.default.isExecutableFile(atPath: path) { return path }
      }
    }
    return nil
  }()

  /// Its pages are these tests' own, and a container or root has no sandbox to give. What it would
  /// ask the network for, it is told not to.
  private static let flags = [
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
    "--force-color-profile=srgb", "--no-first-run", "--no-default-browser-check",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--mute-audio", "--password-store=basic", "--lang=en-US",
  ]

  /// The browser reads from descriptor 3 and writes to 4. When the tests are gone it ends, and so does
  /// its folder.
  private static let script = """
    folder=$1
    shift
    "$@" 3<&0 4>&1 </dev/null >/dev/null 2>"$folder/errors"
    kill -0 "$PPID" 2>/dev/null || rm -rf "$folder"
    """

  private static let starting = NSLock()

  /// Ends with the process.
  let messages: AsyncStream<JSON>
  private let process: Process
  private let input: FileHandle
  private let folder: URL
  private let hasEnded: AsyncStream<Void>

  init(_ program: String) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pushledger-browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    signal(SIGPIPE, SIG_IGN)
    // One at a time, so that no process is born while another's pipe can be inherited.
    Self.starting.lock()
    defer { Self.starting.unlock() }
    let (commands, answers) = (try OwnPipe(), try OwnPipe())
    input = commands.writing
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", Self.script, "sh", folder.path, program]
      + Self.flags + ["--user-data-dir=\(folder.path)/profile", "about:blank"]
    process.standardInput = commands.reading
    process.standardOutput = answers.writing
    process.standardError = FileHandle.nullDevice
    let ended = AsyncStream<Void>.makeStream()
    hasEnded = ended.stream
    process.terminationHandler = { _ in ended.continuation.finish() }
    let (messages, continuation) = AsyncStream<JSON>.makeStream()
    self.messages = messages
    do {
      try process.run()
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
    try commands.reading.close()
    try answers.writing.close()
    Self.listen(to: answers.reading, continuation)
  }

  private static func listen(
    to handle: FileHandle, _ messages: AsyncStream<JSON>.Continuation
  ) {
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      var message: [UInt8] = []
      while true {
        let count = read(handle.fileDescriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        var rest = buffer[..<count]
        while let end = rest.firstIndex(of: 0) {
          message += rest[..<end]
          // What holds half a character is no message that a test waits for.
          if let json = try? JSON.parse(message) { messages.yield(json) }
          message.removeAll(keepingCapacity: true)
          rest = rest[(end + 1)...]
        }
        message += rest
      }
      try? handle.close()
      messages.finish()
    }
  }

  /// A browser that is gone takes nothing; who waits for its answer is told.
  func write(_ bytes: [UInt8]) { try? input.write(contentsOf: Data(bytes)) }

  /// The end of what it wrote to its standard error.
  var errors: String {
    let text = try? String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
    return String((text ?? "").suffix(1_000))
  }

  /// Waits until it is gone, kills it where that takes too long, and removes its folder.
  func ended(within patience: Duration) async {
    let killer = Task {
      try await Task.sleep(for: patience)
      // The whole group. A child inherits that a thread here takes no other signals.
      kill(-process.processIdentifier, SIGKILL)
    }
    for await _ in hasEnded {}
    killer.cancel()
    try? input.close()
    try? FileManager.default.removeItem(at: folder)
  }
}

import Foundation
import Synchronization

/// docs/debugging-a-delivery.md: a section a case, which names its script and shows in its blocks
/// what that prints, command by command.
struct DebuggingPage {
  static let file = DebuggingCase.root.appending(path: "docs/debugging-a-delivery.md")

  private static let opening = "```console"
  private static let closing = "```"
  private static let writing = Mutex(())

  private var lines: [String]

  init() throws {
    lines = try String(contentsOf: Self.file, encoding: .utf8).components(separatedBy: "\n")
  }

  /// Which lines of the page each block of a case holds.
  private func blocks(of script: DebuggingCase) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var isSection = false
    var start: Int?
    for (number, line) in lines.enumerated() {
      if let first = start {
        guard line == Self.closing else { continue }
        if isSection { blocks.append(first..<number) }
        start = nil
      } else if line.hasPrefix("## ") {
        isSection = false
      } else if line.contains("`examples/debugging/\(script.name)`") {
        isSection = true
      } else if line == Self.opening {
        start = number + 1
      }
    }
    return blocks
  }

  /// What the page shows of a case, a block a command.
  func shown(of script: DebuggingCase) -> [String] {
    blocks(of: script).map { lines[$0].joined(separator: "\n") }
  }

  /// Writes into the page what a case prints, where there is a block for each command.
  static func renew(_ script: DebuggingCase, _ printed: [String]) throws {
    try writing.withLock { _ in
      var page = try DebuggingPage()
      let blocks = page.blocks(of: script)
      guard blocks.count == printed.count else { return }
      for (block, text) in zip(blocks, printed).reversed() {
        page.lines.replaceSubrange(block, with: text.components(separatedBy: "\n"))
      }
      try page.lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
    }
  }
}

/// What a script prints, as the page shows it.
enum Transcript {
  /// A command and its answer each, without spaces at the end of a line.
  static func commands(_ output: String) -> [String] {
    var commands: [[String]] = []
    for line in output.components(separatedBy: "\n") {
      let line = line.replacing(#/ +$/#, with: "")
      if line.hasPrefix("$ ") { commands.append([]) }
      guard !commands.isEmpty else { continue }
      commands[commands.count - 1].append(line)
    }
    return commands.map { lines in
      lines.joined(separator: "\n").replacing(#/\n+$/#, with: "")
    }
  }

  /// The words of a text, with a sign in place of what is another in each run:
  ///
  /// - times, but for those of the stories that play in October 2026, and a count right before one;
  /// - durations;
  /// - the port that a simulator got, and the ids that it gave.
  ///
  /// Spaces and line ends say nothing: columns and lines are as long as what stands in them.
  static func words(_ text: String) -> [Substring] {
    text
      .replacing(#/(\d+ +)?(?!2026-10)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00(:00)?)/#) {
        ($0.output.1 == nil ? "" : "<count> ") + "<time>"
      }
      .replacing(#/\d\d:\d\d:\d\d\.\d+/#, with: "<duration>")
      .replacing(#/\b\d+(\.\d)? (ms|s|min|h|d)\b( \d+ (s|min|h)\b)?/#, with: "<duration>")
      .replacing(#/localhost:\d+/#, with: "localhost:<port>")
      .replacing(#/projects\/chat\/messages\/\S+/#, with: "<id>")
      .split { $0 == " " || $0 == "\n" }
  }
}

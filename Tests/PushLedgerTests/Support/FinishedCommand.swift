import PushCore

/// How a process of the executable ended, and all that it said.
struct FinishedCommand: Sendable, CustomStringConvertible {
  /// The exit code for wrong usage, of sysexits.h.
  static let wrongUsage: Int32 = 64

  var arguments: [String]
  /// The exit code; the number of the signal, negative, where one ended it.
  var status: Int32
  var output: [UInt8]
  var errors: String

  var text: String { String(decoding: output, as: UTF8.self) }

  var lines: [Substring] { text.split(separator: "\n") }

  /// Standard output; nil where that is no JSON.
  var json: JSON? { try? JSON.parse(output) }

  /// For the comment of an expectation.
  var description: String {
    "pushledger \(arguments.joined(separator: " ")): \(status)\n\(text.prefix(2_000))\n"
      + errors.suffix(2_000)
  }
}

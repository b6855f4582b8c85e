/// The subcommands, as the executable's own help lists them.
enum CommandTree {
  /// Runs a command with neither a database nor settings.
  static func run(_ arguments: [String]) async throws -> FinishedCommand {
    try await RunningCommand(arguments, environment: CommandRig.bareEnvironment).finished()
  }

  /// Each subcommand with its help; the executable itself is the empty path.
  static func all() async throws -> [[String]: FinishedCommand] {
    var found: [[String]: FinishedCommand] = [:]
    var open: [[String]] = [[]]
    while let path = open.popLast() {
      let help = try await run(path + ["--help"])
      found[path] = help
      open += names(in: help.text).map { path + [$0] }
    }
    return found
  }

  /// A list of them begins with `… SUBCOMMANDS:` and ends at an empty line; a name stands two
  /// spaces from the left.
  private static func names(in help: String) -> [String] {
    var isList = false
    var names: [String] = []
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { isList = false }
      if isList, let name = line.prefixMatch(of: #/  ([a-z-]+)/#)?.output.1 {
        names.append(String(name))
      }
      if line.hasSuffix("SUBCOMMANDS:") { isList = true }
    }
    return names
  }
}

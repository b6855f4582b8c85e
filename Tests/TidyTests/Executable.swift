/// What the executable offers, read from its source.
enum Executable {
  /// The subcommands that `pushledger` takes.
  static var commandNames: Set<String> {
    let declaration = /struct (\w+): (?:Async)?ParsableCommand/
    let files = SourceTree.swift.filter { $0.path.hasPrefix("Sources/pushledger/") }
    var names: [String: String] = [:]
    for file in files {
      for match in file.text.matches(of: declaration) {
        let body = file.text[match.range.upperBound...]
        let end = body.firstMatch(of: declaration)?.range.lowerBound ?? body.endIndex
        let stated = body[..<end].firstMatch(of: /commandName: "([\w-]+)"/)?.output.1
        names[String(match.output.1)] = stated.map(String.init) ?? match.output.1.lowercased()
      }
    }
    let listed = files.filter { $0.path.hasSuffix("/PushLedgerCommand.swift") }
      .flatMap { $0.text.matches(of: /[sS]ubcommands: \[([^\]]*)\]/) }
      .flatMap { $0.output.1.matches(of: /(\w+)\.self/).map { String($0.output.1) } }
    return Set(listed.compactMap { names[$0] })
  }

  /// The environment variables that set something.
  static func settingVariables() throws -> [String] {
    try SourceTree.file("Sources/pushledger/Configuration/Setting.swift").text
      .matches(of: /= "([a-z.]+)"/)
      .map { "PUSHLEDGER_" + $0.output.1.uppercased().replacing(".", with: "_") }
  }
}

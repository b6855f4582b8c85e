import Testing

/// README.md and docs/ show every subcommand in use.
@Suite struct DocumentSubcommands {
  @Test func namesEachOne() {
    let prose = SourceTree.files
      .filter { $0.path == "README.md" || ($0.path.hasPrefix("docs/") && $0.path.hasSuffix(".md")) }
      .map(\.text).joined(separator: "\n")
    let commands = Executable.commandNames
    #expect(!commands.isEmpty)
    #expect(commands.filter { !prose.contains("pushledger \($0)") } == [])
  }
}

import Testing

@Suite struct ShowHelp {
  @Test func showsAnExampleOfEverySubcommand() async throws {
    let commands = try await CommandTree.all()
    #expect(commands.count > 20, "\(commands.keys)")
    for (path, help) in commands {
      #expect(help.status == 0, "\(help)")
      #expect(help.errors.isEmpty, "\(help)")
      #expect(help.text.contains("EXAMPLE"), "\(path.joined(separator: " ")) shows no example")
      #expect(help.text.contains("USAGE: pushledger"), "\(help)")
    }
  }

  /// A line that help had to wrap would break where it is pasted into a shell.
  @Test func wrapsNoExample() async throws {
    for (path, help) in try await CommandTree.all() {
      for block in Self.examples(in: help.text) {
        var goesOn = false
        for line in block {
          let text = line.drop { $0 == " " }
          let name = path.joined(separator: " ")
          #expect(text.count <= 76, "\(name): \(line)")
          // What was wrapped stands at the very left; what goes on is indented further.
          #expect(line.hasPrefix("  ") && line.hasPrefix("    ") == goesOn, "\(name): \(line)")
          #expect(!text.hasSuffix(" --help"), "\(name) shows only more help")
          goesOn = text.hasSuffix("\\")
        }
        #expect(!goesOn)
      }
    }
  }

  /// What stands below `EXAMPLE` or `EXAMPLES`, up to an empty line.
  private static func examples(in help: String) -> [[Substring]] {
    var blocks: [[Substring]] = []
    var isOpen = false
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { isOpen = false }
      if isOpen { blocks[blocks.count - 1].append(line) }
      if line == "EXAMPLE" || line == "EXAMPLES" {
        isOpen = true
        blocks.append([])
      }
    }
    return blocks
  }

  @Test func refusesWhatNoSubcommandKnows() async throws {
    for path in try await CommandTree.all().keys {
      let refused = try await CommandTree.run(path + ["--frobnicate"])
      #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
      #expect(refused.errors.hasPrefix("Error: "), "\(refused)")
      #expect(refused.errors.contains("--help"), "\(refused)")
      #expect(refused.output.isEmpty, "\(refused)")
    }
  }

  @Test func namesItsVersion() async throws {
    let version = try await CommandTree.run(["--version"])
    #expect(version.status == 0)
    #expect(version.text.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(version)")
  }
}

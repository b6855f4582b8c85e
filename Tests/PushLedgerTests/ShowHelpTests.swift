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

import Testing

/// docker-compose.yml and the Dockerfile fit together and fit the executable. That the first is a
/// compose file at all is checked by `scripts/check`.
@Suite struct ContainerFiles {
  private static let roles: Set<String> = ["migrate", "serve", "project", "dispatch", "react"]

  @Test func hasAServiceForEveryRole() throws {
    #expect(Set(try services().keys) == Self.roles.union(["postgres"]))
  }

  @Test func startsEveryServiceWell() throws {
    for (name, service) in try services() {
      #expect(service.contains(/^ +(image|build):/.anchorsMatchLineEndings()), "\(name)")
      for key in ["restart", "stop_grace_period", "healthcheck", "logging"] {
        #expect(
          service.contains("\n    \(key):") || service.contains("\n  \(key):"), "\(name) \(key)")
      }
    }
  }

  @Test func callsCommandsThatExist() throws {
    let commands = Executable.commandNames
    for (name, service) in try services() where name != "postgres" {
      let command = service.firstMatch(of: /\n    command: \[([\w-]+)/)?.output.1
      #expect(command.map { commands.contains(String($0)) } == true, "\(name)")
    }
    for call in try container().matches(of: /pushledger"?, "?([a-z]+)/) {
      #expect(commands.contains(String(call.output.1)))
    }
  }

  @Test func setsWhatTheExecutableReads() throws {
    let settings = Set(try Executable.settingVariables())
    let names = try container().matches(of: /\n\s+(PUSHLEDGER_\w+):/).map { String($0.output.1) }
    #expect(!names.isEmpty)
    #expect(names.filter { !settings.contains($0) && !$0.hasSuffix("_PASSWORD") } == [])
  }

  @Test func givesEachUserAPassword() throws {
    let users = try SourceTree.file("scripts/users.sql").text
    let compose = try SourceTree.file("docker-compose.yml").text
    let wanted = users.matches(of: /getenv \w+ (\w+)/).map { String($0.output.1) }
    #expect(wanted.filter { !compose.contains("\n      \($0): ${\($0):?") } == [])
    let logins = compose.matches(of: /postgresql:\/\/(\w+)@/).map { String($0.output.1) }
    #expect(!logins.isEmpty)
    #expect(logins.filter { !users.contains("alter role \($0) login") } == [])
  }

  @Test func runsAsAnOrdinaryUser() throws {
    let dockerfile = try SourceTree.file("Dockerfile").text
    let last = try #require(dockerfile.ranges(of: "FROM ").last)
    let runtime = dockerfile[last.lowerBound...]
    let runsAsUser = runtime.contains(/\nUSER [1-9]/)
    let isWatched = runtime.contains("\nHEALTHCHECK ")
    #expect(runsAsUser && isWatched)
  }

  private func container() throws -> String {
    try SourceTree.file("docker-compose.yml").text + SourceTree.file("Dockerfile").text
  }

  /// Each service's text, with the text of what it merges.
  private func services() throws -> [String: String] {
    let text = try SourceTree.file("docker-compose.yml").text
    let top = blocks(of: text, indent: 0)
    let shared = Dictionary(
      top.compactMap { name, body in
        body.firstMatch(of: /&(\w+)/).map { (String($0.output.1), body) }
      }, uniquingKeysWith: { first, _ in first })
    return Dictionary(
      blocks(of: try #require(top["services"]), indent: 2).map { name, body in
        let merged = body.firstMatch(of: /<<: ([^\n]*)/)?.output.1.matches(of: /\*(\w+)/) ?? []
        return (name, merged.reduce(body) { $0 + (shared[String($1.output.1)] ?? "") })
      }, uniquingKeysWith: { first, _ in first })
  }

  /// `name:` lines at this indentation, each with the deeper lines below it.
  private func blocks(of text: String, indent: Int) -> [String: String] {
    var found: [String: String] = [:]
    var current: String?
    for line in text.split(separator: "\n") {
      let depth = line.prefix { $0 == " " }.count
      if depth == indent, let key = line.dropFirst(depth).prefixMatch(of: /[\w-]+(?=:)/) {
        current = String(key.output)
      }
      if let current { found[current, default: ""] += "\n" + line }
    }
    return found
  }
}

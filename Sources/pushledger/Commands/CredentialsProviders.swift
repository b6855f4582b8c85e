import ArgumentParser
import Providers
import PushCore

struct CredentialsProviders: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "providers", abstract: "Lists the providers and what their credentials hold.",
    discussion: """
      Needs no database.

      EXAMPLES
        pushledger credentials providers
        pushledger credentials providers fcm --json
      """)

  @Argument(help: "One of them; without it: all.") var provider: String?
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    let name = try provider.map { try ProviderName(argument: $0) }
    let kinds = ProviderRegistry.kinds.filter { name == nil || $0.name == name }
    if json {
      Output.json(.array(kinds.map(Self.json)))
      return
    }
    for kind in kinds {
      Output.line("\(kind.name.rawValue): the secret is \(kind.guide.secret)")
      if kind.needsTopic {
        Output.line("  needs a topic, the bundle id or package: each device's, or one --topic")
      }
      var table = Table("  setting", "", "meaning")
      for setting in kind.guide.settings {
        table.add("  " + setting.name, setting.isRequired ? "required" : "", setting.meaning)
      }
      if !table.isEmpty { Output.line(table.text()) }
      Output.line("")
    }
  }

  private static func json(_ kind: any ProviderKind) -> JSON {
    [
      "provider": .string(kind.name.rawValue), "secret": .string(kind.guide.secret),
      "needs_topic": .bool(kind.needsTopic),
      "settings": .array(
        kind.guide.settings.map {
          [
            "name": .string($0.name), "meaning": .string($0.meaning),
            "required": .bool($0.isRequired),
          ]
        }),
    ]
  }
}

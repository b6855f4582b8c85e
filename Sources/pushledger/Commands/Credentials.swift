import ArgumentParser
import Ledger
import PushCore

struct Credentials: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adds, checks, lists and removes what pushes are signed with.",
    discussion: """
      Secrets are sealed in the database under a master key, which PUSHLEDGER_MASTER_KEY or \
      PUSHLEDGER_MASTER_KEY_FILE holds.

      EXAMPLES
        pushledger credentials providers
        pushledger credentials list chat
        pushledger credentials check chat
      """,
    subcommands: [
      CredentialsAdd.self, CredentialsCheck.self, CredentialsList.self, CredentialsRemove.self,
      CredentialsReceipts.self, CredentialsRotate.self, CredentialsNewKey.self,
      CredentialsProviders.self,
    ])
}

struct CredentialsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists an app's credentials, without their secrets.",
    discussion: "EXAMPLE\n  pushledger credentials list chat --json")

  @Argument(help: "The app.") var app: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let appID = try AppID(argument: app)
    try await Session.run(common, "credentials") { session in
      try await session.requireApp(appID)
      let list = try await ProviderCredentials(session.pool).list(of: appID)
      if json {
        Output.json(.array(list.map(Self.json)))
        return
      }
      var table = Table(
        "provider", "credential", "topics", "environment", "sealed under", "created")
      for credential in list {
        table.add(
          credential.provider.rawValue, credential.id,
          credential.topics.isEmpty ? "all" : credential.topics.joined(separator: " "),
          credential.environment?.rawValue ?? "both", credential.keyID,
          credential.createdAt.description)
      }
      Output.line(
        table.isEmpty ? "No credentials: nothing can be pushed for \(appID)." : table.text())
    }
  }

  private static func json(_ credential: CredentialSummary) -> JSON {
    [
      "provider": .string(credential.provider.rawValue), "credential": .string(credential.id),
      "topics": .array(credential.topics.map { .string($0) }),
      "environment": credential.environment.map { .string($0.rawValue) } ?? .null,
      "settings": Self.shown(credential.settings), "key_id": .string(credential.keyID),
      "created_at": .string(credential.createdAt.description),
    ]
  }
}

extension CredentialsList {
  /// Where a provider reports to is a secret in its last part.
  fileprivate static func shown(_ settings: JSON) -> JSON {
    guard let url = settings["receipt_url"]?.string, let slash = url.lastIndex(of: "/") else {
      return settings
    }
    return settings.setting("receipt_url", to: .string(url[...slash] + "…"))
  }
}

struct CredentialsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a credential; what is due waits for another.",
    discussion: """
      EXAMPLES
        pushledger credentials remove chat main
        pushledger credentials remove chat google --provider fcm
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The credential.") var id: String
  @Option(help: "Whose it is, as `credentials providers` names it.") var provider = "apns"
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let appID = try AppID(argument: app)
    let provider = try ProviderName(argument: provider)
    try await Session.run(common, "credentials") { session in
      try await session.requireApp(appID)
      try await ProviderCredentials(session.pool).remove(id, provider: provider, of: appID)
      Output.line("Removed credential \(id).")
    }
  }
}

import ArgumentParser
import Foundation
import Ledger
import Providers
import PushCore

struct Credentials: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adds, lists and removes what pushes are signed with.",
    discussion: "EXAMPLE\n  pushledger credentials list chat",
    subcommands: [CredentialsAdd.self, CredentialsList.self, CredentialsRemove.self])
}

struct CredentialsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Checks an APNs credential and keeps it.",
    discussion: """
      With a .p8 key give --team-id and --key-id; with a certificate give a PEM file that holds \
      the certificate and its private key.

      EXAMPLES
        pushledger credentials add chat main --secret AuthKey.p8 --team-id TEAM123456 \\
          --key-id KEY1234567 --topic org.example.chat
        pushledger credentials add chat old --secret cert.pem
        pushledger credentials add chat main --replace --secret NewKey.p8 --team-id TEAM123456 \\
          --key-id KEY7654321 --topic org.example.chat
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "A name for the credential: 1 to 128 of 0-9 A-Z a-z . _ -") var id: String
  @Option(help: "The file with the key or certificate.") var secret: String
  @Option(help: "The team's id, 10 characters.") var teamId: String?
  @Option(help: "The key's id, 10 characters.") var keyId: String?
  @Option(help: "A bundle id it is good for; may be given again; none: all.")
  var topic: [String] = []
  @Option(help: "production or sandbox, where it is good for one only.")
  var environment: String?
  @Option(help: "A host in place of Apple's.") var host: String?
  @Option(help: "That host's port.") var port: Int?
  @Option(help: "A PEM file with the certificates that vouch for that host.")
  var trustRoot: String?
  @Flag(help: "Take the place of the credential that has this name, in one step.")
  var replace = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let appID = try AppID(argument: app)
    let text = try Self.read(secret, "--secret")
    let settings = JSON.object(present: [
      ("team_id", teamId.map { .string($0) }), ("key_id", keyId.map { .string($0) }),
      ("host", host.map { .string($0) }), ("port", port.map { .integer($0) }),
      ("trust_root", try trustRoot.map { .string(try Self.read($0, "--trust-root")) }),
    ])
    let checked: ProviderCredential
    do {
      // Reading it checks it: the form, the key, and that the key signs.
      checked = try ProviderCredential(
        StoredCredential(
          app: appID, provider: .apns, id: id, topics: topic, environment: environment,
          settings: settings, secret: SecretText(text)))
    } catch {
      throw ValidationError("\(error)")
    }
    try await Session.run(common, "credentials") { session in
      try await ProviderCredentials(session.pool).add(
        id, provider: .apns, of: appID, topics: checked.topics, environment: checked.environment,
        settings: settings, secret: text, replaces: replace)
      Output.line("Credential \(id) is in place. Dispatchers take it up within seconds.")
    }
  }

  private static func read(_ file: String, _ option: String) throws -> String {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ValidationError("The file \(file) of \(option) cannot be read.")
    }
    return text
  }
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
      var table = Table("provider", "credential", "topics", "environment", "created")
      for credential in list {
        table.add(
          credential.provider.rawValue, credential.id,
          credential.topics.isEmpty ? "all" : credential.topics.joined(separator: " "),
          credential.environment?.rawValue ?? "both", credential.createdAt.description)
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
      "settings": credential.settings, "created_at": .string(credential.createdAt.description),
    ]
  }
}

struct CredentialsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a credential; what is due waits for another.",
    discussion: "EXAMPLE\n  pushledger credentials remove chat main")

  @Argument(help: "The app.") var app: String
  @Argument(help: "The credential.") var id: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let appID = try AppID(argument: app)
    try await Session.run(common, "credentials") { session in
      try await session.requireApp(appID)
      try await ProviderCredentials(session.pool).remove(id, provider: .apns, of: appID)
      Output.line("Removed credential \(id).")
    }
  }
}

import ArgumentParser
import Foundation
import Ledger
import Providers
import PushCore

struct CredentialsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Checks a credential and keeps it.",
    discussion: """
      `pushledger credentials providers` lists the providers, what each takes for a secret, and its \
      settings. Where the name is a token's busiId at Tencent, devices can go on naming it.

      EXAMPLES
        pushledger credentials add chat main --secret AuthKey.p8 \\
          --topic org.example.chat \\
          --set team_id=TEAM123456 --set key_id=KEY1234567
        pushledger credentials add chat google --provider fcm \\
          --secret service-account.json
        pushledger credentials add chat 10022 --provider huawei \\
          --secret client-secret.txt --set client_id=100012345
        pushledger credentials add chat main --replace --secret NewKey.p8 \\
          --topic org.example.chat \\
          --set team_id=TEAM123456 --set key_id=KEY7654321
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "A name for the credential: 1 to 128 of 0-9 A-Z a-z . _ -") var id: String
  @Option(help: "The provider, as `credentials providers` names it.") var provider = "apns"
  @Option(help: "The file with the secret.") var secret: String
  @Option(help: "A bundle id or package it is good for; may be given again; none: all.")
  var topic: [String] = []
  @Option(help: "production or sandbox, where it is good for one only.")
  var environment: String?
  @Option(
    name: .customLong("set"),
    help: "NAME=VALUE, one of the provider's settings; NAME=@FILE takes a file's text.")
  var settings: [String] = []
  @Flag(
    help: """
      Take the place of the credential that has this name, in one step; only where the provider \
      reports to stays as it is.
      """)
  var replace = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let appID = try AppID(argument: app)
    guard ProviderCredentials.isID(id) else {
      throw ValidationError(
        "<id> is \(FieldError.quoted(id)); 1 to \(ProviderCredentials.idBytes) of "
          + "0-9 A-Z a-z . _ - are expected.")
    }
    let provider = try ProviderName(argument: provider)
    let text = try Self.read(secret, "--secret")
    let settings = try Self.settings(self.settings)
    let checked: ProviderCredential
    do {
      // Reading it checks it: the form, the key, and that the key signs.
      checked = try ProviderCredential(
        StoredCredential(
          app: appID, provider: provider, id: id, topics: topic, environment: environment,
          settings: settings, secret: SecretText(text)))
    } catch {
      throw ValidationError("\(error)")
    }
    try await Session.run(common, "credentials") { session in
      let keys = try session.settings.masterKeys()
      try await ProviderCredentials(session.pool, keys: keys).add(
        id, provider: provider, of: appID, topics: checked.topics,
        environment: checked.environment, settings: settings, secret: text, replaces: replace)
      Output.line("Credential \(id) is in place. Dispatchers take it up within seconds.")
    }
  }

  /// `NAME=VALUE` of each, the last of a name counts.
  static func settings(_ texts: [String]) throws -> JSON {
    var settings: JSON = [:]
    for text in texts {
      guard let mark = text.firstIndex(of: "="), mark > text.startIndex else {
        throw ValidationError("--set is \(text.given); NAME=VALUE or NAME=@FILE is expected.")
      }
      let name = String(text[..<mark])
      var value = String(text[text.index(after: mark)...])
      if value.hasPrefix("@") { value = try read(String(value.dropFirst()), "--set \(name)") }
      settings = settings.setting(name, to: .string(value))
    }
    return settings
  }

  /// - Returns: A file's text without the line break that an editor or `echo` leaves at its end.
  private static func read(_ file: String, _ option: String) throws -> String {
    guard var text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ValidationError("The file \(file) of \(option) cannot be read.")
    }
    if text.last?.isNewline == true { text.removeLast() }
    return text
  }
}

extension ProviderName {
  /// - Throws: ``ValidationError`` that lists the names.
  init(argument: String) throws {
    guard let name = ProviderName(rawValue: argument) else {
      throw ValidationError(
        "--provider is \(argument.given); one of "
          + ProviderName.allCases.map(\.rawValue).joined(separator: ", ") + " is expected.")
    }
    self = name
  }
}

import ArgumentParser
import Ledger
import PushCore

struct CredentialsRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Seals credentials anew under the current master key.",
    discussion: """
      To change the master key: put a new one before the old one, in the setting of every \
      dispatcher and of this command, and start the dispatchers again; run this; then take the old \
      one away. Nothing is sent less for it, and no circuit begins anew.

      EXAMPLES
        pushledger credentials rotate
        pushledger credentials rotate chat

      Exits 1 where a credential stays under another key.
      """)

  @Argument(help: "The app; without it: all.") var app: String?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let appID = try app.map { try AppID(argument: $0) }
    try await Session.run(common, "credentials") { session in
      if let appID { try await session.requireApp(appID) }
      let keys = try session.settings.masterKeys()
      let report = try await ProviderCredentials(session.pool, keys: keys).reseal(of: appID)
      Output.line(
        "Resealed under key \(report.keyID): \(report.resealed). Already were: \(report.already).")
      for credential in report.unopened {
        Output.line(
          "NOT OPENED \(credential.app) \(credential.provider) \(credential.credentialID): "
            + "\(credential.error)")
      }
      if report.left > 0 {
        Output.line("Replaced under another key meanwhile: \(report.left). Run this again.")
      }
      guard report.unopened.isEmpty, report.left == 0 else { throw ExitCode.failure }
      if appID == nil { Output.note("Nothing in this database needs an older key any more.") }
    }
  }
}

struct CredentialsNewKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new-key", abstract: "Makes a master key and shows it, this once.",
    discussion: """
      Needs no database. Secrets of credentials are sealed under it.

      EXAMPLE
        (umask 077 && pushledger credentials new-key > master.key)
        export PUSHLEDGER_MASTER_KEY_FILE=$PWD/master.key
      """)

  func run() async throws {
    Output.line(MasterKeys.newKeyText())
    Output.note(
      "Set PUSHLEDGER_MASTER_KEY to it, or PUSHLEDGER_MASTER_KEY_FILE to a file that holds it, for "
        + "`credentials`, `dispatch` and `up`. Keep a copy: a backup of the database has none.")
  }
}

import ArgumentParser
import Foundation
import Ledger
import Providers
import PushCore

struct CredentialsReceipts: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipts",
    abstract: "Makes the address that a provider reports to what became of pushes.",
    discussion: """
      The address holds a secret: it is shown this once, and an older one is good no longer. \
      Providers that are told the address with each push (xiaomi, oppo, vivo, meizu) are told from \
      now on; for the others (huawei, honor) enter it in their console.

      EXAMPLE
        pushledger credentials receipts chat 10022 --provider huawei --base https://push.example.org
      """)

  private static let path = "/v1/provider-receipts/"

  @Argument(help: "The app.") var app: String
  @Argument(help: "The credential.") var id: String
  @Option(help: "Whose it is, as `credentials providers` names it.") var provider: String
  @Option(help: "Where providers reach the API: https, a host, and a path where there is one.")
  var base: String
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard let url = URL(string: base), url.scheme == "https", url.host() != nil, url.query() == nil
    else {
      throw ValidationError("--base is \(base); an https address is expected.")
    }
  }

  func run() async throws {
    let appID = try AppID(argument: app)
    let provider = try ProviderName(argument: provider)
    try await Session.run(common, "credentials") { session in
      try await session.requireApp(appID)
      let secret = try await ReceiptDoors(session.pool).open(id, provider: provider, of: appID)
      let address = (base.hasSuffix("/") ? String(base.dropLast()) : base) + Self.path + secret
      let isTold =
        ProviderRegistry.kind(of: provider)?.guide.settings.contains { $0.name == "receipt_url" }
        ?? false
      if isTold {
        try await ProviderCredentials(session.pool).set(
          "receipt_url", to: address, of: id, provider: provider, of: appID)
      }
      Output.line(address)
      Output.note(
        isTold
          ? "Pushes ask for reports to this address from now on."
          : "Enter this address in the provider's console.")
    }
  }
}

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
      now on; for huawei and honor enter it in their console. No other provider reports to one.

      EXAMPLE
        pushledger credentials receipts chat 10022 --provider huawei \\
          --base https://push.example.org
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
      throw ValidationError("--base is \(base.given); an https address is expected.")
    }
  }

  func run() async throws {
    let appID = try AppID(argument: app)
    let provider = try ProviderName(argument: provider)
    let receipts = ProviderRegistry.kind(of: provider)?.guide.receipts ?? .none
    let secret = ReceiptDoors.newSecret()
    let address = (base.hasSuffix("/") ? String(base.dropLast()) : base) + Self.path + secret
    switch receipts {
    case .none:
      throw ValidationError(
        "--provider is \(provider.rawValue), which reports nothing of pushes; let the app send "
          + "receipts itself, with POST /v1/receipts.")
    case .toldWithEachPush(let most) where address.utf8.count > most:
      throw ValidationError(
        "--base has \(base.utf8.count) bytes, which makes an address of \(address.utf8.count); "
          + "\(provider.rawValue) takes \(most). Give a shorter host or path.")
    case .enteredInItsConsole, .toldWithEachPush: break
    }
    let isTold = receipts != .enteredInItsConsole
    try await Session.run(common, "credentials") { session in
      try await session.requireApp(appID)
      try await ReceiptDoors(session.pool).open(
        id, provider: provider, of: appID, secret: secret)
      if isTold {
        try await ProviderCredentials(session.pool).set(
          ProviderCredentials.receiptAddress, to: address, of: id, provider: provider, of: appID)
      }
      Output.line(address)
      Output.note(
        isTold
          ? "Pushes ask for reports to this address from now on."
          : "Enter this address in the provider's console.")
    }
  }
}

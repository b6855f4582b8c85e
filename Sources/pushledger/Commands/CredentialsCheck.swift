import ArgumentParser
import Ledger
import Providers
import PushCore

struct CredentialsCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Asks the providers whether they take credentials.",
    discussion: """
      No phone rings. It signs in as a dispatcher would, and where that proves nothing it makes a \
      call that can reach nobody. Needs the master key.

      EXAMPLES
        pushledger credentials check chat
        pushledger credentials check chat google --json

      Exits 1 where a credential is refused or a provider could not be asked.
      """)

  /// For each credential.
  private static let deadline = Duration.seconds(15)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The credential; without it: all of the app.") var id: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  fileprivate struct Finding {
    var credential: CredentialSummary
    var proof: CredentialProof
  }

  func run() async throws {
    let appID = try AppID(argument: app)
    try await Session.run(common, "credentials") { session in
      try await session.requireApp(appID)
      let keys = try session.settings.masterKeys()
      let stored = try await ProviderCredentials(session.pool, keys: keys).load(of: appID)
        .filter { id == nil || $0.summary.id == id }
      guard !stored.isEmpty else {
        if let id { throw AppsError.unknownCredential(provider: nil, id: id) }
        Output.note("Error: App \(app) has no credentials. `pushledger credentials add` adds one.")
        throw ExitCode.failure
      }
      let world = ProviderWorld(logger: session.logger)
      var findings: [Finding] = []
      for credential in stored {
        findings.append(
          Finding(credential: credential.summary, proof: await prove(credential, in: world)))
      }
      await world.shutdown()
      show(findings)
      guard findings.allSatisfy(\.proof.isGood) else { throw ExitCode.failure }
    }
  }

  private func prove(
    _ loaded: LoadedCredential, in world: ProviderWorld
  ) async -> CredentialProof {
    let summary = loaded.summary
    let credential: ProviderCredential
    do {
      credential = try ProviderCredential(
        StoredCredential(
          app: summary.app, provider: summary.provider, id: summary.id, topics: summary.topics,
          environment: summary.environment?.rawValue, settings: summary.settings,
          secret: SecretText(try loaded.secret.get())))
    } catch {
      return .refused("\(error)")
    }
    guard let kind = ProviderRegistry.kind(of: summary.provider) else {
      return .cannotTell("nothing is sent through \(summary.provider.rawValue)")
    }
    let provider = kind.makeProvider(world)
    let proof = await provider.prove(credential, deadline: Self.deadline)
    await provider.shutdown(within: .zero)
    return proof
  }

  private func show(_ findings: [Finding]) {
    if json {
      Output.json(
        .array(
          findings.map { finding in
            .object(present: [
              ("provider", .string(finding.credential.provider.rawValue)),
              ("credential", .string(finding.credential.id)),
              ("result", .string(finding.proof.name)),
              ("reason", finding.proof.reason.map { .string($0) }),
              ("advice", finding.advice.map { .string($0) }),
            ])
          }))
      return
    }
    var table = Table("provider", "credential", "result", "why")
    for finding in findings {
      table.add(
        finding.credential.provider.rawValue, finding.credential.id, finding.proof.name,
        finding.advice ?? finding.proof.reason ?? "")
    }
    Output.line(table.text())
  }
}

extension CredentialsCheck.Finding {
  /// What a provider's reason means, where its documents say so.
  fileprivate var advice: String? {
    guard credential.provider == .apns, let reason = proof.reason else { return nil }
    return APNsReason.advice(for: reason).map { "\(reason): \($0)" }
  }
}

extension CredentialProof {
  fileprivate var isGood: Bool {
    switch self {
    case .works, .cannotTell: true
    case .refused, .unreachable: false
    }
  }

  fileprivate var name: String {
    switch self {
    case .works: "works"
    case .refused: "refused"
    case .unreachable: "not reached"
    case .cannotTell: "cannot tell"
    }
  }

  fileprivate var reason: String? {
    switch self {
    case .works: nil
    case .refused(let reason), .unreachable(let reason), .cannotTell(let reason): reason
    }
  }
}

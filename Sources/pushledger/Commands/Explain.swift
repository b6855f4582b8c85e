import ArgumentParser
import Ledger
import Projections
import Providers
import PushCore

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explains why a message rang on a device, or did not.",
    discussion: """
      For each recipient and device: what was known when the message came, which rule of \
      docs/decisions.md decided, what was sent, what the provider answered, how long it took, and \
      what that proves. Of a message to many it shows the counts first, then those whom no \
      provider took a push for.

      It decides anew from the ledger and says so loudly where the projection holds something else.

      EXAMPLES
        pushledger explain m-4711
        pushledger explain m-4711 --user bob --device phone
        pushledger explain m-4711 --limit 100 --json

      EXIT CODES
        0 explained · 1 no such message here, or the projection disagrees · 64 wrong usage
      """)

  /// Ids that are proposed for one that is not there, at most.
  static let proposals = 5

  @Argument(help: "The message's id.") var message: String
  @Option(help: "Only this user.") var user: String?
  @Option(help: "Only this device of the user; of a message to one user, the recipient's.")
  var device: String?
  @Option(help: "Recipients of a message to many, 1 to \(Explainer.maximumRecipients).")
  var limit = Explainer.usualRecipients
  @Flag(help: "Print what the phone shows, too.") var showContent = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var app: AppOption
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard 1...Explainer.maximumRecipients ~= limit else {
      throw ValidationError(
        "--limit is \(limit); a number from 1 to \(Explainer.maximumRecipients) is expected.")
    }
  }

  func run() async throws {
    let question = Explainer.Question(
      try MessageID(argument: message, "<message>"),
      user: try user.map { try UserID(argument: $0, "--user") },
      device: try device.map { try DeviceID(argument: $0, "--device") }, limit: limit,
      showsContent: showContent)
    try await Session.run(common, "explain") { session in
      let id = try await app.resolve(session)
      guard
        let explanation = try await Explainer(session.pool).explain(question, of: id)?
          .advised(by: ProviderRegistry.advice(for:_:))
      else { throw await unknown(question.message, id, session) }
      if json {
        Output.json(explanation.json)
      } else {
        Output.line(ExplanationText(explanation: explanation, app: id).text())
      }
      if !explanation.agrees { throw ExitCode.failure }
    }
  }

  private func unknown(
    _ message: MessageID, _ app: AppID, _ session: Session
  ) async -> UnknownMessage {
    let reader = LedgerReader(session.pool)
    let archive = try? await reader.archive(of: app)
    guard !message.rawValue.contains(where: { "/%".contains($0) }) else {
      return UnknownMessage(message: message, app: app, archive: archive)
    }
    let refused = try? await reader.first(.messageRefused, of: app, in: .message(message))
    let similar = try? await reader.messages(prefixed: message.rawValue, of: app)
    return UnknownMessage(
      message: message, app: app, archive: archive, refusedAt: refused?.position,
      similar: Array((similar ?? []).prefix(Self.proposals)))
  }
}

/// The ledger has no message of this id.
struct UnknownMessage: Error, CustomStringConvertible {
  var message: MessageID
  var app: AppID
  /// Of the app; it may have the message.
  var archive: LedgerArchive?
  /// Where it was refused, so that it was never sent.
  var refusedAt: Position?
  var similar: [MessageID] = []

  var description: String {
    if let refusedAt {
      return "Message \(message) was refused at position \(refusedAt) and never sent: see "
        + "`pushledger timeline --message \(message)`."
    }
    var missing = "App \(app) has no message \(message)."
    if let archive { missing += " " + archive.hint }
    guard !similar.isEmpty else {
      return missing + " Is it another app's? Look around with `pushledger tail --app \(app)`."
    }
    return missing + " Ids that begin so: " + similar.map(\.rawValue).joined(separator: ", ") + "."
  }
}

/// Believes a provider that refuses tokens, until it refuses too many in a row: then app, package
/// or credential are more likely wrong than all those phones gone, and no token is given up for it.
///
/// Public gateways lost whole tables of tokens to one wrong setting.
struct MassGuard: Sendable {
  /// Who is suspected where too many recipients are refused.
  enum Suspect: Sendable {
    case credential
    /// A server that anybody may have named: what it answers says nothing of the credential.
    case server
  }

  /// So many dead ones in a row, with none alive between, are believed; and so many that are
  /// another sender's.
  static let believed = 10
  /// So many recipients that were too busy in a row say that the sender is too fast.
  static let busyRecipients = 10

  private let suspect: Suspect
  private var deadInRow = 0
  private var refusedInRow = 0
  private var busyInRow = 0

  init(_ suspect: Suspect = .credential) { self.suspect = suspect }

  /// Looks at one answer's verdicts, which came together.
  mutating func judge(_ verdicts: [Verdict]) -> [Verdict] {
    if verdicts.contains(where: { $0.kind == .accepted }) {
      deadInRow = 0
      refusedInRow = 0
      busyInRow = 0
      return verdicts
    }
    deadInRow += verdicts.count { $0.kind == .tokenDead }
    refusedInRow += verdicts.count { $0.kind == .recipientRefused }
    busyInRow += verdicts.count { $0.kind == .recipientThrottled }
    return verdicts.map { verdict in
      var verdict = verdict
      switch verdict.kind {
      case .tokenDead where deadInRow > Self.believed:
        verdict.suspect(suspect, "every_token_refused")
      case .recipientRefused where refusedInRow > Self.believed:
        verdict.suspect(suspect, "every_recipient_refused")
      case .recipientThrottled where busyInRow > Self.busyRecipients:
        verdict.kind = suspect == .credential ? .throttled : .serverFault
      default: break
      }
      return verdict
    }
  }
}

extension Verdict {
  fileprivate mutating func suspect(_ suspect: MassGuard.Suspect, _ finding: String) {
    kind = suspect == .credential ? .credentialRefused : .serverFault
    reason = finding + ": " + (reason ?? "")
  }
}

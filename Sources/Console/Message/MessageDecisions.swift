import Projections
import PushCore

/// What was known, which rule decided, what was sent, what came back and what that proves: the
/// template `message-decisions`.
struct MessageDecisions: Sendable {
  struct Line: Sendable {
    let term: String
    let kind: String?
    let words: String
    let advice: String?
  }

  struct Block: Sendable {
    let subject: PageID
    let owner: PageID
    let state: PageState
    let lines: [Line]
  }

  /// Attempts whose words are shown, of the last ones.
  private static let attemptsShown = 6

  let blocks: [Block]
  let hasBlocks: Bool
  let leftOut: String?

  init(_ facts: MessageFacts, _ asked: MessageAddress) {
    let message = facts.message
    let (places, cut) = ExplainedPlace.all(of: facts.explanation)
    blocks = places.map { place in Self.block(place, message, asked, facts) }
    hasBlocks = !blocks.isEmpty
    let others = facts.explanation.others
    var words: [String] = []
    if others > 0 {
      words.append(
        "\(others.grouped) more recipients are not explained here. Shown are those first whom no "
          + "provider took a push for.")
    }
    if cut > 0 { words.append("\(cut.grouped) more devices of these recipients are not shown.") }
    leftOut = words.isEmpty ? nil : words.joined(separator: " ")
  }

  private static func block(
    _ place: ExplainedPlace, _ message: ExplainedMessage, _ asked: MessageAddress,
    _ facts: MessageFacts
  ) -> Block {
    let recipient = place.recipient
    let owner = PageID(
      id: recipient.user.rawValue, link: PagePath.user(recipient.user.rawValue))
    guard let decision = place.decision else {
      return Block(
        subject: .init(
          id: recipient.missingDevice?.rawValue ?? "no recipient",
          link: asked.of(recipient.user, nil)),
        owner: owner, state: .init(status: "info", word: "nothing decided"),
        lines: undecided(recipient, message, facts.app))
    }
    var lines = [
      line("recipient", recipient.known.words(at: message.occurredAt)),
      line("device", decision.known?.words),
    ].compactMap(\.self)
    if decision.status == .due, let delivery = decision.delivery,
      let waits = line("waits", facts.waiting.sentence(of: delivery), "trouble")
    {
      lines.append(waits)
    }
    lines += outcome(of: decision)
    lines += strays(of: recipient)
    return Block(
      subject: .init(
        id: decision.device?.rawValue ?? "all devices",
        link: asked.of(recipient.user, decision.device)),
      owner: owner, state: decision.state, lines: lines)
  }

  private static func undecided(
    _ recipient: ExplainedRecipient, _ message: ExplainedMessage, _ app: AppID
  ) -> [Line] {
    if let excluded = recipient.excluded { return rule(excluded.rule) }
    var lines = [line("recipient", recipient.known.words(at: message.occurredAt))]
    if let device = recipient.missingDevice {
      lines.append(
        line(
          "not known",
          "No such device at position \(message.position.grouped); see "
            + "pushledger timeline --device "
            + "\(StreamName.device(recipient.user, device).rawValue.dropFirst("device/".count)) "
            + "--app \(app)", "loud"))
    }
    return lines.compactMap(\.self) + strays(of: recipient)
  }

  private static func outcome(of decision: ExplainedDecision) -> [Line] {
    var lines: [Line?] = []
    if let calledOff = decision.calledOff {
      lines.append(line("decided", said(decision.rule)))
      lines += sent(decision)
      lines += rule(calledOff.reason.rule)
      lines.append(line("by", calledOff.words))
    } else {
      lines += rule(decision.rule)
      lines += sent(decision)
    }
    lines.append(line("means", Words.quoted(decision.conclusion.proves), "means"))
    lines.append(line("means not", Words.quoted(decision.conclusion.doesNotProve)))
    lines += decision.disagreements.map { line("disagrees", $0, "trouble") }
    return lines.compactMap(\.self)
  }

  private static func rule(_ rule: Rule) -> [Line] {
    [
      line("rule", said(rule), "rule"), line("otherwise", rule.otherwise.map(Words.quoted)),
    ].compactMap(\.self)
  }

  private static func said(_ rule: Rule) -> String {
    Words.quoted("\(rule.number): \(rule.sentence)")
  }

  private static func sent(_ decision: ExplainedDecision) -> [Line?] {
    guard let words = decision.pushWords else { return [] }
    var lines = [line(decision.pushTerm, words)]
    let hidden = decision.attempts.count - attemptsShown
    if hidden > 0 { lines.append(line("attempts", "\(hidden.grouped) earlier ones are left out")) }
    lines += decision.attempts.suffix(attemptsShown).map { attempt in
      Line(
        term: "attempt \(attempt.number)", kind: nil, words: Words.dated(attempt.words),
        advice: attempt.advice)
    }
    if let known = decision.known {
      lines.append(
        line("token", decision.tokenDeath?.words(registeredAt: known.state.registeredAt)))
    }
    lines += decision.retries.map { line("sent again", $0.words) }
    return lines
  }

  private static func strays(of recipient: ExplainedRecipient) -> [Line] {
    recipient.strayDeliveries.compactMap { device in
      line(
        "disagrees",
        "the projection holds a delivery for \(device?.rawValue.isolated ?? "the recipient"), and "
          + "nothing is decided for it", "trouble")
    }
  }

  private static func line(_ term: String, _ words: String?, _ kind: String? = nil) -> Line? {
    words.map { Line(term: term, kind: kind, words: Words.dated($0), advice: nil) }
  }
}

import PushCore

/// An explanation for people, on one screen for one recipient.
struct ExplanationText {
  let explanation: Explanation
  let app: AppID

  private var message: ExplainedMessage { explanation.message }

  func text() -> String {
    var lines = Paragraph()
    addMessage(to: &lines)
    addCounts(to: &lines)
    for recipient in explanation.recipients {
      lines.add()
      add(recipient, to: &lines)
    }
    if explanation.others > 0 {
      lines.add()
      lines.add(
        "\(explanation.others.grouped) more recipients: --limit shows more, --user one of them.")
    }
    if !explanation.agrees {
      lines.add()
      lines.add("DISAGREES: decided anew it is not what the projection holds.")
      lines.add("See what else differs: pushledger replay --diff")
    }
    return lines.text
  }

  // MARK: The message

  private func addMessage(to lines: inout Paragraph) {
    let sent = message.message
    let target =
      switch sent.conversation {
      case .user(let user): user.rawValue + (sent.device.map { ", device \($0) alone" } ?? "")
      case .group(let group): "group \(group)"
      }
    lines.add("message \(sent.id), \(sent.sender) to \(target)")
    let late = message.recordedAt - message.occurredAt
    lines.add(
      "sent",
      "\(message.occurredAt); position \(message.position.grouped), recorded \(late.spoken) later",
      indent: 2)
    lines.add("shows", content, indent: 2)
    for remark in message.remarks {
      let name = remark.kind.rawValue
      let isTrouble = remark.kind == .skipped || remark.kind == .behind
      lines.add(isTrouble ? name.uppercased() : name, remark.words, indent: 2)
    }
  }

  private var content: String {
    if message.isErased { return "[erased]" }
    guard let notification = message.notification else {
      return "not printed; --show-content prints it"
    }
    let parts = [notification.title.map { "\"\($0)\"" }, "\"\(notification.text)\""]
    return parts.compactMap(\.self).joined(separator: " / ")
  }

  private func addCounts(to lines: inout Paragraph) {
    if message.recipients == 0 {
      lines.add("Nobody was to be told: it had no recipients at its position.")
    }
    guard (message.recipients ?? 0) > 1 else { return }
    lines.add()
    var table = Table("decisions", "status", "reason", "rule")
    for count in explanation.counts {
      let reason = count.reason ?? ""
      let rule =
        SuppressionReason(rawValue: reason).flatMap {
          count.status == DeliveryStatus.suppressed.rawValue ? $0.rule.number : nil
        } ?? ""
      table.add(count.count.grouped, count.status, reason, rule)
    }
    lines.add("\(message.recipients?.grouped ?? "") recipients")
    for line in table.text().split(separator: "\n") { lines.add("  " + line) }
  }

  // MARK: A recipient

  private func add(_ recipient: ExplainedRecipient, to lines: inout Paragraph) {
    if let excluded = recipient.excluded {
      lines.add("\(recipient.user): NO RECIPIENT")
      add(excluded.rule, to: &lines)
      return
    }
    lines.add("\(recipient.user): \(recipient.known.words(at: message.occurredAt))")
    if let device = recipient.missingDevice {
      lines.add(
        "  \(device): NOT KNOWN, no such device at position \(message.position.grouped); see "
          + "pushledger timeline --device "
          + "\(StreamName.device(recipient.user, device).rawValue.dropFirst("device/".count)) "
          + "--app \(app)")
    }
    for decision in recipient.decisions { add(decision, to: &lines) }
    for device in recipient.strayDeliveries {
      lines.add(
        "DISAGREES",
        "the projection holds a delivery for \(device?.rawValue ?? "the recipient"), and nothing "
          + "is decided for it", indent: 2)
    }
  }

  private func add(_ rule: Rule, to lines: inout Paragraph) {
    lines.add("rule", "\(rule.number): \(rule.sentence)")
    lines.add("otherwise", rule.otherwise)
  }

  // MARK: A decision

  private func add(_ decision: ExplainedDecision, to lines: inout Paragraph) {
    lines.add("  \(decision.device.map { "\($0): " } ?? "")\(decision.headline)")
    if let calledOff = decision.calledOff {
      lines.add("known", decision.known?.words)
      lines.add("decided", "\(decision.rule.number): \(decision.rule.sentence)")
      addPush(decision, to: &lines)
      add(calledOff.reason.rule, to: &lines)
      lines.add("by", calledOff.words)
    } else {
      lines.add("known", decision.known?.words)
      add(decision.rule, to: &lines)
      addPush(decision, to: &lines)
    }
    addTimes(decision, to: &lines)
    lines.add("means", decision.conclusion.proves)
    lines.add("means not", decision.conclusion.doesNotProve)
    for disagreement in decision.disagreements { lines.add("DISAGREES", disagreement) }
  }

  private func addPush(_ decision: ExplainedDecision, to lines: inout Paragraph) {
    guard let push = decision.pushWords else { return }
    lines.add(decision.pushTerm, push)
    for attempt in decision.attempts { add(attempt, to: &lines) }
    for retry in decision.retries { lines.add("sent again", retry.words) }
    if let known = decision.known {
      lines.add("token", decision.tokenDeath?.words(registeredAt: known.state.registeredAt))
    }
  }

  private func add(_ attempt: ExplainedAttempt, to lines: inout Paragraph) {
    lines.add("attempt \(attempt.number)", attempt.words)
    lines.add("", attempt.advice)
  }

  private func addTimes(_ decision: ExplainedDecision, to lines: inout Paragraph) {
    guard case .push = decision.verdict else { return }
    let parts = decision.steps(of: message)
      .filter { $0.kind != .recorded && $0.kind != .attempt }
      .map { $0.words(notShownReason: decision.delivery?.notShownReason) }
    lines.add("took", parts.joined(separator: ", "))
  }
}

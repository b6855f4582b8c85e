import PushCore

/// An explanation for people, on one screen for one recipient.
struct ExplanationText {
  let explanation: Explanation

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
      case .user(let user): user.rawValue
      case .group(let group): "group \(group)"
      }
    lines.add("message \(sent.id), \(sent.sender) to \(target)")
    let late = message.recordedAt - message.occurredAt
    lines.add(
      "sent",
      "\(message.occurredAt); position \(message.position.grouped), recorded \(late.spoken) later",
      indent: 2)
    lines.add("shows", content, indent: 2)
    if let recalled = message.recalled {
      lines.add(
        "recalled", "at position \(recalled.position.grouped), \(recalled.at)", indent: 2)
    }
    if !message.repeatedAt.isEmpty {
      let places = message.repeatedAt.map(\.grouped).joined(separator: ", ")
      lines.add(
        "repeated", "sent again at \(places): the first counts, the others changed nothing (1.6)",
        indent: 2)
    }
    if let skipped = message.skipped {
      lines.add(
        "SKIPPED",
        "\(skipped.type.rawValue) at \(skipped.position.grouped) leaves it out of the projection: "
          + "nothing is decided for it", indent: 2)
    }
    if !message.isProjected {
      lines.add(
        "BEHIND",
        "the projection is at position \(message.projected.grouped): what follows is decided from "
          + "the ledger; what was sent shows once `pushledger project` has come this far",
        indent: 2)
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
    lines.add("\(recipient.user): \(known(recipient.known))")
    if let device = recipient.missingDevice {
      lines.add(
        "  \(device): NOT KNOWN, no such device at position \(message.position.grouped); see "
          + "pushledger timeline --device")
    }
    for decision in recipient.decisions { add(decision, to: &lines) }
    for device in recipient.strayDeliveries {
      lines.add(
        "DISAGREES",
        "the projection holds a delivery for \(device?.rawValue ?? "the recipient"), and nothing "
          + "is decided for it", indent: 2)
    }
  }

  private func known(_ known: KnownRecipient) -> String {
    var parts = ["option \(known.receive.rawValue)"]
    if let since = known.receiveSince {
      parts[0] += " since position \(since.position.grouped)"
    }
    if let hours = known.quietHours {
      parts.append("quiet \(hours), where it was \(hours.clock(at: message.occurredAt))")
    }
    if let muted = known.mutedUntil { parts.append("muted until \(muted)") }
    if let unread = known.unread { parts.append("\(unread.grouped) unread before it") }
    if known.badgeSource == .derived { parts.append("badge derived") }
    parts.append("\(known.devices) device\(known.devices == 1 ? "" : "s")")
    return parts.joined(separator: ", ")
  }

  private func add(_ rule: Rule, to lines: inout Paragraph) {
    lines.add("rule", "\(rule.number): \(rule.sentence)")
    lines.add("otherwise", rule.otherwise)
  }

  // MARK: A decision

  private func add(_ decision: ExplainedDecision, to lines: inout Paragraph) {
    lines.add("  \(decision.device.map { "\($0): " } ?? "")\(headline(decision))")
    if let calledOff = decision.calledOff {
      lines.add("known", decision.known.map(known))
      lines.add("decided", "\(decision.rule.number): \(decision.rule.sentence)")
      addSent(decision, to: &lines)
      add(calledOff.reason.rule, to: &lines)
      lines.add(
        "by", calledOff.event.map { "\($0.type.rawValue) at \($0.position.grouped), \($0.at)" })
    } else {
      lines.add("known", decision.known.map(known))
      add(decision.rule, to: &lines)
      addSent(decision, to: &lines)
    }
    addTimes(decision, to: &lines)
    lines.add("means", decision.conclusion.proves)
    lines.add("means not", decision.conclusion.doesNotProve)
    for disagreement in decision.disagreements { lines.add("DISAGREES", disagreement) }
  }

  private func headline(_ decision: ExplainedDecision) -> String {
    switch decision.verdict {
    case .suppressed(let reason): return "SUPPRESSED, \(reason.rawValue)"
    case .push(let push):
      guard let delivery = decision.delivery else { return "PUSH by \(push.provider.rawValue)" }
      let by = (delivery.provider ?? push.provider).rawValue
      let word = delivery.reason.flatMap { $0 == delivery.status.rawValue ? nil : $0 }
      let reason = word.map { ", \($0)" } ?? ""
      switch delivery.status {
      case .accepted: return "PUSHED, accepted by \(by)"
      case .due: return "PUSH, due by \(by)"
      default: return "PUSH, \(delivery.status.rawValue)\(reason)"
      }
    }
  }

  private func known(_ device: KnownDevice) -> String {
    let state = device.state
    var parts = [state.platform.rawValue + (state.appVersion.map { " " + $0 } ?? "")]
    var word = state.word
    if let since = device.since {
      word += " since \(since.at) (\(since.type.rawValue) at \(since.position.grouped))"
    }
    parts.append(word)
    let ways =
      (state.registered.map { [Self.way($0, state.tokenValid, state.topic, state.credential)] }
        ?? [])
      + state.fallbacks.map { Self.way($0.registered, $0.tokenValid, $0.topic, $0.credential) }
    if !ways.isEmpty { parts.append("token " + ways.joined(separator: ", then ")) }
    if state.registered != nil { parts.append("registered \(state.registeredAt)") }
    if state.environment == .sandbox { parts.append("sandbox") }
    if state.settings.push == false { parts.append("push off") }
    parts.append("badge \(state.badge)")
    return parts.joined(separator: ", ")
  }

  private static func way(
    _ token: TokenKey, _ isValid: Bool, _ topic: String?, _ credential: String?
  ) -> String {
    var text = "\(token.provider.rawValue) \(token.sha256.prefix(8))…" + (isValid ? "" : " DEAD")
    if let topic { text += " of \(topic)" }
    if let credential { text += " by credential \(credential)" }
    return text
  }

  private func addSent(_ decision: ExplainedDecision, to lines: inout Paragraph) {
    guard case .push(let push) = decision.verdict else { return }
    lines.add(
      "sent",
      "by \(push.provider.rawValue), badge \(push.badge), sound \(push.sound ?? "none")"
        + (decision.delivery?.isRerouted == true && decision.delivery?.provider != push.provider
          ? "; then by \(decision.delivery?.provider?.rawValue ?? "another way")" : ""))
    for attempt in decision.attempts { add(attempt, to: &lines) }
    for retry in decision.retries {
      let words = [
        "ordered at \(retry.event.position.grouped), \(retry.event.at)",
        retry.by.map { "by \($0)" }, retry.reason,
      ]
      lines.add("sent again", words.compactMap(\.self).joined(separator: ", "))
    }
    if let known = decision.known {
      lines.add("token", decision.tokenDeath?.words(registeredAt: known.state.registeredAt))
    }
  }

  private func add(_ attempt: ExplainedAttempt, to lines: inout Paragraph) {
    let took = attempt.finishedAt - attempt.startedAt
    var parts = [
      "\(attempt.startedAt) \(attempt.provider?.rawValue ?? ""): \(attempt.outcome?.rawValue ?? "")"
    ]
    let reason = attempt.reason == attempt.outcome?.rawValue ? nil : attempt.reason
    let words = [attempt.status.map(String.init), reason].compactMap(\.self)
    if !words.isEmpty { parts[0] += " (\(words.joined(separator: " ")))" }
    parts[0] += " after \(took.spoken)"
    if let id = attempt.providerMessageID { parts.append("id \(id)") }
    if let retry = attempt.retryAt { parts.append("next try at \(retry)") }
    if attempt.isFenced { parts.append("its lane had been taken over") }
    lines.add("attempt \(attempt.number)", parts.joined(separator: ", "))
    lines.add("", attempt.advice)
  }

  private func addTimes(_ decision: ExplainedDecision, to lines: inout Paragraph) {
    guard case .push = decision.verdict else { return }
    var parts: [String] = []
    for step in decision.steps(of: message) {
      switch step.kind {
      case .recorded, .attempt: continue
      case .waited: parts.append("\(step.took.spoken) to the first attempt")
      case .pause: parts.append("\(step.took.spoken) before attempt \(step.attempt ?? 0)")
      case .ended: parts.append("\(step.took.spoken) to the outcome")
      case .delivered: parts.append("\(step.took.spoken) to the phone")
      case .opened: parts.append("\(step.took.spoken) until it was opened")
      case .notShown:
        let reason = decision.delivery?.notShownReason.map { " (\($0))" } ?? ""
        parts.append("\(step.took.spoken) to the report that it was not shown\(reason)")
      }
    }
    lines.add("took", parts.joined(separator: ", "))
  }
}

/// The lines of an explanation for people, as the terminal and the console say them.
extension KnownRecipient {
  /// What was known of a recipient, in one line.
  ///
  /// - Parameter sentAt: When the message was sent: quiet hours are compared with it.
  public func words(at sentAt: Timestamp) -> String {
    var parts = ["option \(receive.rawValue)"]
    if let since = receiveSince { parts[0] += " since position \(since.position.grouped)" }
    if let quietHours {
      parts.append("quiet \(quietHours), where it was \(quietHours.clock(at: sentAt))")
    }
    if let mutedUntil { parts.append("muted until \(mutedUntil)") }
    if let unread { parts.append("\(unread.grouped) unread before it") }
    if badgeSource == .derived { parts.append("badge derived") }
    parts.append("\(devices) device\(devices == 1 ? "" : "s")")
    return parts.joined(separator: ", ")
  }
}

extension KnownDevice {
  /// What was known of a device, in one line, without its token.
  public var words: String {
    var parts = [state.platform.rawValue + (state.appVersion.map { " " + $0 } ?? "")]
    var word = state.word
    if let since {
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
    if let badge { parts.append("badge \(badge)") }
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
}

extension ExplainedDecision {
  /// What became of it, in a few words.
  public var headline: String {
    switch verdict {
    case .suppressed(let reason): return "SUPPRESSED, \(reason.rawValue)"
    case .push(let push):
      guard let delivery else { return "PUSH by \(push.provider.rawValue)" }
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

  /// What ``pushWords`` are of: a push that was tried, or one that was not.
  public var pushTerm: String { attempts.isEmpty ? "push" : "sent" }

  /// How it is pushed; nil where it is not to be.
  public var pushWords: String? {
    guard case .push(let push) = verdict else { return nil }
    return "by \(push.provider.rawValue)" + (badge.map { ", badge \($0)" } ?? "")
      + ", sound \(push.sound ?? "none")"
      + (delivery?.isRerouted == true && delivery?.provider != push.provider
        ? "; then by \(delivery?.provider?.rawValue ?? "another way")" : "")
  }
}

extension ExplainedRetry {
  /// Where it was ordered, by whom, and why.
  public var words: String {
    [
      "ordered at \(event.position.grouped), \(event.at)", by.map { "by \($0)" }, reason,
    ].compactMap(\.self).joined(separator: ", ")
  }
}

extension ExplainedAttempt {
  /// When it was made, and what came back.
  public var words: String {
    "\(startedAt) \(provider?.rawValue ?? ""): \(outcome?.rawValue ?? "")\(answer)"
      + " after \((finishedAt - startedAt).spoken)\(remarks)"
  }

  /// The provider's status and reason in parentheses, behind a space; empty where there is neither.
  public var answer: String {
    let said = reason == outcome?.rawValue ? nil : reason
    let words = [status.map { String($0) }, said].compactMap(\.self)
    return words.isEmpty ? "" : " (\(words.joined(separator: " ")))"
  }

  /// What else is known of it, each behind a comma.
  public var remarks: String {
    [
      providerMessageID.map { "id \($0)" }, retryAt.map { "next try at \($0)" },
      isFenced ? "its lane had been taken over" : nil,
    ].compactMap { $0.map { ", " + $0 } }.joined()
  }
}

extension ExplainedCallOff {
  /// Which event did it; nil where none did.
  public var words: String? {
    event.map { event in
      [
        "\(event.type.rawValue) at \(event.position.grouped), \(event.at)",
        by.map { "by \($0)" }, why,
      ].compactMap(\.self).joined(separator: ", ")
    }
  }
}

extension DeliveryStep {
  /// How long it took, and to what.
  ///
  /// - Parameter reason: Why it was not shown.
  public func words(notShownReason reason: String? = nil) -> String {
    switch kind {
    case .recorded: "recorded \(took.spoken) later"
    case .attempt: "answered after \(took.spoken)"
    case .waited: "\(took.spoken) to the first attempt"
    case .pause: "\(took.spoken) before attempt \(attempt ?? 0)"
    case .ended: "\(took.spoken) to the outcome"
    case .delivered: "\(took.spoken) to the phone"
    case .opened: "\(took.spoken) until it was opened"
    case .notShown:
      "\(took.spoken) to the report that it was not shown" + (reason.map { " (\($0))" } ?? "")
    }
  }
}

/// What is to be said of a message beside what was decided of it.
public struct MessageRemark: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case recalled, repeated, skipped, behind
  }

  public var kind: Kind
  public var words: String
}

extension ExplainedMessage {
  public var remarks: [MessageRemark] {
    var remarks: [MessageRemark] = []
    if let recalled {
      remarks.append(
        MessageRemark(
          kind: .recalled, words: "at position \(recalled.position.grouped), \(recalled.at)"))
    }
    if !repeatedAt.isEmpty {
      let places = repeatedAt.map(\.grouped).joined(separator: ", ")
      remarks.append(
        MessageRemark(
          kind: .repeated,
          words: "sent again at \(places): the first counts, the others changed nothing (1.6)"))
    }
    if let skipped {
      remarks.append(
        MessageRemark(
          kind: .skipped,
          words: "\(skipped.type.rawValue) at \(skipped.position.grouped) leaves it out of the "
            + "projection: nothing is decided for it"))
    }
    if !isProjected {
      remarks.append(
        MessageRemark(
          kind: .behind,
          words: "the projection is at position \(projected.grouped): what follows is decided from "
            + "the ledger; what was sent shows once `pushledger project` has come this far"))
    }
    return remarks
  }
}

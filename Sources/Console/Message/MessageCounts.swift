import Foundation
import Projections
import PushCore

/// What was decided for all recipients, and what became of it: the template `message-counts`.
struct MessageCounts: Sendable {
  struct Remark: Sendable {
    let tone: String
    let saying: String
  }

  struct Expiry: Sendable {
    let word: String
    let at: DatedTime
  }

  struct Count: Sendable {
    let state: PageState
    let reason: String?
    /// What the status and the reason mean.
    let sentence: String?
    let number: String
    /// In per cent of the most frequent one.
    let width: Double
    let kind: String
  }

  let remarks: [Remark]
  let counts: [Count]
  let hasCounts: Bool
  let recipients: String
  let expiry: Expiry?
  /// Whether something must still be tried.
  let hasDue: Bool
  /// What is said where there are no counts.
  let none: String

  init(_ facts: MessageFacts, _ asked: MessageAddress, at now: Timestamp) {
    let message = facts.message
    remarks = Self.remarks(facts.explanation)
    expiry = message.expiresAt.map { expiresAt in
      Expiry(
        word: expiresAt < now ? "It expired" : "It expires",
        at: DatedTime(expiresAt, toTheSecond: true))
    }
    hasDue = facts.explanation.counts.contains { $0.status == DeliveryStatus.due.rawValue }
    let most = facts.explanation.counts.map(\.count).max() ?? 0
    counts = facts.explanation.counts.map { count in
      Count(
        state: .init(
          status: count.status, word: count.status.replacing("_", with: " ")),
        reason: count.reason, sentence: Self.sentence(of: count), number: count.count.grouped,
        width: (Double(count.count) * 1_000 / Double(max(most, 1))).rounded() / 10,
        kind: Self.kind(of: count.status))
    }
    hasCounts = !counts.isEmpty
    let number = message.recipients ?? 0
    recipients = "\(number.grouped) recipient\(number == 1 ? "" : "s")"
    none =
      if message.skipped != nil {
        "Nothing is decided for it."
      } else if !message.isProjected {
        "The projection has not come as far as this message."
      } else if message.message.onlineOnly {
        "A message for those who are online only is not kept."
      } else {
        "It had no recipients."
      }
  }

  private static func remarks(_ explanation: Explanation) -> [Remark] {
    let message = explanation.message
    var remarks = message.remarks.map { remark in
      let tone =
        switch remark.kind {
        case .recalled, .repeated: "info"
        case .skipped: "bad"
        case .behind: "warn"
        }
      return Remark(tone: tone, saying: "\(remark.kind.rawValue.capitalized): \(remark.words).")
    }
    if message.isErased {
      remarks.append(Remark(tone: "info", saying: "Erased: what it said is not there any more."))
    }
    if message.message.onlineOnly {
      remarks.append(Remark(tone: "info", saying: "It was for those who are online only."))
    }
    if !explanation.agrees {
      remarks.append(
        Remark(
          tone: "bad",
          saying: "Disagrees: decided anew it is not what the projection holds. "
            + "See what else differs: pushledger replay --diff"))
    }
    return remarks
  }

  private static func sentence(of count: Explanation.Count) -> String? {
    let reason = count.reason ?? ""
    return switch DeliveryStatus(rawValue: count.status) {
    case .suppressed: SuppressionReason(rawValue: reason).map { said($0.rule) }
    case .cancelled: CancellationReason(rawValue: reason).map { said($0.rule) }
    case .accepted: "The provider took it."
    case .rejected: "The provider refused it, and it is not tried again."
    case .tokenInvalid: "The provider refused the device’s token: the app has to register anew."
    case .expired: "No provider took it before it expired."
    case .due: "It must still be tried, or tried again."
    case nil: nil
    }
  }

  private static func said(_ rule: Rule) -> String {
    Words.quoted("\(rule.number): \(rule.sentence)")
  }

  private static func kind(of status: String) -> String {
    switch DeliveryStatus(rawValue: status) {
    case .accepted: "accepted"
    case .rejected, .tokenInvalid, .expired: "refused"
    case .suppressed: "quiet"
    case .cancelled: "off"
    case .due, nil: "due"
    }
  }
}

/// The deliveries of a large message, a page at a time: the template `message-rows`.
struct MessageRows: Sendable {
  struct Row: Sendable {
    let user: PageID
    let device: PageID?
    let state: PageState
    let reason: String
    let provider: String
    let attempts: String
    let endedAt: PageTime?
  }

  /// Whether there are more than are explained, or they are asked for.
  let isOffered: Bool
  /// Nil where they are shown.
  let showPath: String?
  let rows: [Row]
  let isShown: Bool
  let hasRows: Bool
  let firstPath: String?
  let nextPath: String?

  init(_ facts: MessageFacts, _ asked: MessageAddress) {
    let cut = ExplainedPlace.all(of: facts.explanation).others
    isShown = facts.rows != nil
    isOffered = isShown || facts.explanation.others > 0 || cut > 0
    showPath = isShown ? nil : asked.showing(.first)
    rows = (facts.rows?.deliveries ?? []).map { delivery in
      let path = asked.of(delivery.user, delivery.device)
      return Row(
        user: .init(id: delivery.user.rawValue, link: path),
        device: delivery.device.map { .init(id: $0.rawValue) },
        state: .init(
          status: delivery.status, word: delivery.status.replacing("_", with: " ")),
        reason: delivery.reason ?? "", provider: delivery.provider ?? "",
        attempts: delivery.attempts.grouped, endedAt: delivery.endedAt.map { PageTime(exact: $0) })
    }
    hasRows = !rows.isEmpty
    let isFirst = asked.rows == nil || asked.rows == .first
    firstPath = isFirst ? nil : asked.showing(.first)
    nextPath = (facts.rows?.next).map { asked.showing(.after($0)) }
  }
}

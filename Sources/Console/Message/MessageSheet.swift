import Projections
import PushCore

/// A message's page as its templates show it: their keys are these properties' names.
struct MessageSheet: Sendable {
  struct Part: Sendable {
    let saying: String
    let wholePath: String
  }

  let heading: PageID
  let sender: PageID
  let target: PageID
  let targetKind: String?
  let sentAt: PageTime
  let position: String
  /// What of the message is shown, where it is not all.
  let part: Part?
  let counts: MessageCounts
  let rows: MessageRows
  let timeline: MessageTimeline
  let decisions: MessageDecisions
  let looks: [PhoneLook]
  let hasLooks: Bool
  let notificationJSON: String?
  let dataJSON: String?

  init(_ facts: MessageFacts, _ asked: MessageAddress, of app: AppID, at now: Timestamp) {
    let message = facts.message
    heading = PageID(id: message.message.id.rawValue)
    let sender = message.message.sender.rawValue
    self.sender = PageID(id: sender, link: PagePath.user(sender))
    switch message.message.conversation {
    case .user(let user):
      target = PageID(id: user.rawValue, link: PagePath.user(user.rawValue))
      targetKind = nil
    case .group(let group):
      target = PageID(id: group.rawValue, link: PagePath.group(group.rawValue))
      targetKind = "group"
    }
    sentAt = PageTime(exact: message.occurredAt)
    position = message.position.grouped
    let one = [asked.user.map(\.rawValue), asked.device.map(\.rawValue)].compactMap(\.self)
    part =
      one.isEmpty
      ? nil
      : Part(saying: one.map(\.isolated).joined(separator: ", "), wholePath: asked.whole)
    counts = MessageCounts(facts, asked, at: now)
    rows = MessageRows(facts, asked)
    timeline = MessageTimeline(facts, asked)
    decisions = MessageDecisions(facts, asked)
    looks = PhoneLook.all(facts.explanation, app: app)
    hasLooks = !looks.isEmpty
    notificationJSON = message.notification?.json.indented
    dataJSON = facts.data?.indented
  }
}

extension PageTime {
  /// To the last digit that is known.
  init(exact time: Timestamp) {
    iso = time.description
    text = iso.replacing("T", with: " ").replacing("Z", with: "")
  }
}

extension ExplainedDecision {
  /// The glyph and the word for where it stands: the farthest that is known of it.
  var state: PageState {
    if !isProjected, status == .due { return PageState(status: "info", word: "not projected") }
    let delivery = self.delivery
    let word =
      if delivery?.openedAt != nil {
        "opened"
      } else if delivery?.notShownAt != nil {
        "not_shown"
      } else if delivery?.deliveredAt != nil {
        "delivered"
      } else {
        status.rawValue
      }
    return PageState(status: word, word: word.replacing("_", with: " "))
  }
}

/// One explained recipient's decision, or why there is none: what a lane and a block are of.
struct ExplainedPlace: Sendable {
  /// Places that are shown on a page.
  static let limit = 40

  let recipient: ExplainedRecipient
  /// Nil where nothing was decided for the recipient.
  let decision: ExplainedDecision?

  /// Those that are shown, in their order, and how many are left out.
  static func all(of explanation: Explanation) -> (shown: [ExplainedPlace], others: Int) {
    let all = explanation.recipients.flatMap { recipient in
      recipient.decisions.isEmpty
        ? [ExplainedPlace(recipient: recipient, decision: nil)]
        : recipient.decisions.map { ExplainedPlace(recipient: recipient, decision: $0) }
    }
    return (Array(all.prefix(limit)), max(0, all.count - limit))
  }
}

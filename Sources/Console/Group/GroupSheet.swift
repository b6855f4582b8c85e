import PushCore

/// A group's page as the template `group` shows it.
struct GroupSheet: Sendable {
  struct Member: Sendable {
    let member: PageID
    let receive: String
    let unread: String
  }

  struct Message: Sendable {
    let message: PageID
    let position: String
    let sender: PageID
    let committedAt: DatedTime
    let recalled: PageState?
    let recipients: String
    let pushes: String
    let statuses: [PageState]
    /// What is said in place of counts.
    let uncounted: String?
  }

  let group: PageID
  let name: String?
  let kind: String?
  let owner: PageID?
  let counted: String
  let membersInAll: String
  let members: [Member]
  let hasMembers: Bool
  let isFirst: Bool
  let first: String
  let next: String?
  let perPage: String
  let messages: [Message]
  let hasMessages: Bool
  let hasMoreMessages: Bool
  let messagesShown: String
  let deliveries: String

  init(_ group: GroupID, _ facts: GroupFacts, membersAfter after: UserID?) {
    self.group = PageID(id: group.rawValue)
    name = facts.name.flatMap { $0.isEmpty ? nil : $0 }
    kind = facts.kind
    owner = facts.owner.map { PageID(id: $0, link: PagePath.user($0)) }
    counted = facts.counted.grouped
    membersInAll =
      facts.members < GroupReader.countedMembers
      ? facts.members.grouped : "\(facts.members.grouped) or more"
    members = facts.page.map {
      Member(
        member: PageID(id: $0.user, link: PagePath.user($0.user)), receive: $0.receive,
        unread: $0.unread.grouped)
    }
    hasMembers = !members.isEmpty
    isFirst = after == nil
    first = PagePath.group(group.rawValue)
    next =
      facts.hasMoreMembers
      ? facts.page.last.map {
        PagePath.make("/groups/" + PagePath.encode(group.rawValue), ["after": $0.user])
      } : nil
    perPage = GroupReader.members.grouped
    messages = facts.messages.map(Self.message)
    hasMessages = !messages.isEmpty
    hasMoreMessages = facts.hasMoreMessages
    messagesShown = facts.messages.count.grouped
    deliveries = PagePath.make("/deliveries", ["group": group.rawValue])
  }

  private static func message(_ message: GroupFacts.Message) -> Message {
    var numbers = message.statuses ?? []
    if message.counted > 0 {
      if let place = numbers.firstIndex(where: { $0.status == "suppressed" }) {
        numbers[place].number += message.counted
      } else {
        numbers.append((status: "suppressed", number: message.counted))
      }
    }
    return Message(
      message: PageID(id: message.message, link: PagePath.message(message.message)),
      position: message.position.grouped,
      sender: PageID(id: message.sender, link: PagePath.user(message.sender)),
      committedAt: DatedTime(message.recordedAt),
      recalled: message.isRecalled ? PageState(status: "recalled", word: "recalled") : nil,
      recipients: message.recipients.grouped, pushes: message.pushes.grouped,
      statuses: numbers.map {
        PageState(
          status: $0.status,
          word: "\($0.number.grouped) \($0.status.replacing("_", with: " "))")
      }, uncounted: message.statuses == nil ? "The message's page counts its pushes." : nil)
  }
}

import PushCore

/// A user's page as the template `user` shows it.
struct UserSheet: Sendable {
  struct Notice: Sendable {
    let tone: String
    let saying: String
  }

  struct Account: Sendable {
    struct Line: Sendable {
      let label: String
      let value: String
      let since: DatedTime?
    }

    let lines: [Line]
    /// Where the user can be erased.
    let erase: String?
  }

  let user: PageID
  let nickname: String?
  let notice: Notice?
  let isThen: Bool
  let when: String
  let travel: UserTravel
  /// Nil of then.
  let account: Account?
  let devices: UserDevices
  let tokens: UserTokens
  let unread: UserUnread
  let badges: [BadgeChart]
  let hasBadges: Bool
  let deliveries: UserDeliveries
  let events: UserEvents

  /// - Parameter position: Nil: now.
  init(
    _ user: UserID, _ facts: UserFacts, _ travel: UserTravel, _ events: UserEvents,
    at position: Position?, until end: Timestamp, now: Timestamp, isAdmin: Bool
  ) {
    isThen = position != nil
    self.user = .init(id: user.rawValue)
    nickname = position == nil ? facts.account?.nickname : nil
    notice =
      facts.account?.isDeleted == true
      ? Notice(
        tone: "warn",
        saying: position == nil
          ? "The account was deleted, and nothing was said of the user since."
          : "By now the account is deleted.") : nil
    when = position.map { "As of position \($0.grouped), not now" } ?? ""
    self.travel = travel
    account =
      position == nil ? Self.account(facts.account, of: user, now: now, isAdmin: isAdmin) : nil
    devices = UserDevices(facts, of: user, at: position, mayTest: isAdmin)
    tokens = UserTokens(facts, isThen: isThen)
    unread = UserUnread(facts, isThen: isThen)
    badges = BadgeChart.charts(facts.badges, until: end)
    hasBadges = !badges.isEmpty
    deliveries = UserDeliveries(facts, of: user, isThen: isThen)
    self.events = events
  }

  private static func account(
    _ account: UserFacts.Account?, of user: UserID, now: Timestamp, isAdmin: Bool
  ) -> Account {
    var lines: [Account.Line] = []
    if let quiet = account?.quietHours {
      lines.append(
        .init(
          label: "quiet hours", value: "\(quiet), where it is \(quiet.clock(at: now)) now",
          since: nil))
    } else {
      lines.append(.init(label: "quiet hours", value: "none", since: nil))
    }
    if let muted = account?.mutedUntil {
      lines.append(
        .init(
          label: "muted until", value: muted > now ? "" : "(over)", since: DatedTime(muted)))
    } else {
      lines.append(.init(label: "muted until", value: "not muted", since: nil))
    }
    lines.append(
      .init(
        label: "badge",
        value: account?.badgeSource == "derived"
          ? "derived: the sum of the unread counts" : "reported: the client's count goes on",
        since: nil))
    return Account(
      lines: lines,
      erase: isAdmin ? PagePath.make("/operate/erase", ["user": user.rawValue]) : nil)
  }
}

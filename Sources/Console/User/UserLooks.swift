import Hummingbird
import PushCore

/// A user's devices, as the template `user-devices` shows them.
struct UserDevices: Sendable {
  struct Way: Sendable {
    let provider: String
    let token: PageID
    let isRefused: Bool
  }

  struct Device: Sendable {
    /// Where links to the device lead.
    let row: String
    let device: PageID
    let state: PageState
    let since: DatedTime?
    let channel: String
    let topic: String?
    let token: PageID?
    let version: String
    let settings: String
    /// Nil where it is not known.
    let badge: String?
    let ways: [Way]
    let heardAt: DatedTime
    /// Where a test push can be sent to it.
    let test: String?
  }

  let devices: [Device]
  let hasDevices: Bool
  let hasSettings: Bool
  let hasWays: Bool
  let isThen: Bool
  let mayTest: Bool
  let hidden: [PageID]
  let hasHidden: Bool
  /// What is left out, in words.
  let more: String?

  /// - Parameters:
  ///   - position: Nil: now.
  ///   - mayTest: Whether whoever looks may send a test push.
  init(_ facts: UserFacts, of user: UserID, at position: Position?, mayTest: Bool) {
    isThen = position != nil
    self.mayTest = mayTest && position == nil
    let canTest = self.mayTest
    devices = facts.devices.map { device in
      Device(
        row: "device-" + PagePath.encode(device.device), device: PageID(id: device.device),
        state: Self.state(device.state),
        since: device.stateSince.map { DatedTime($0) },
        channel: [device.platform, device.provider].compactMap(\.self).joined(separator: ", ")
          + (device.environment == "production" ? "" : ", \(device.environment)"),
        topic: device.topic, token: device.tokenSHA256.map { Self.token($0) },
        version: [device.appVersion, device.locale].compactMap(\.self).joined(separator: ", "),
        settings: Self.words(device.settings), badge: device.badge?.grouped,
        ways: device.ways.map {
          Way(
            provider: $0.provider, token: Self.token($0.tokenSHA256), isRefused: !$0.isValid)
        },
        heardAt: DatedTime(device.activeAt),
        test: canTest
          ? PagePath.make("/test", ["user": user.rawValue, "device": device.device]) : nil)
    }
    hasDevices = !devices.isEmpty
    hasSettings = devices.contains { !$0.settings.isEmpty }
    hasWays = devices.contains { !$0.ways.isEmpty }
    hidden = facts.hiddenDevices.map { other in
      PageID(
        id: other,
        link: position.map {
          PagePath.make(
            "/users/" + PagePath.encode(user.rawValue), ["at": "\($0)", "device": other])
        })
    }
    hasHidden = !hidden.isEmpty
    more =
      facts.hasMoreDevices
      ? "There are more than \(isThen ? UserQueries.namesThen.grouped : facts.devices.count.grouped)"
        + " devices; those that were heard of last are here." : nil
  }

  static func token(_ sha256: String) -> PageID {
    PageID(id: sha256, link: PagePath.make("/search", ["q": sha256]))
  }

  private static func state(_ state: String?) -> PageState {
    switch state {
    case nil: PageState(status: "info", word: "never reported")
    case "foreground"?: PageState(status: "ok", word: "foreground")
    case "logged_out"?: PageState(status: "cancelled", word: "logged out")
    case "offline"?: PageState(status: "warn", word: "offline")
    case "token_invalid"?: PageState(status: "token_invalid", word: "token invalid")
    case let other?: PageState(status: "info", word: other.replacing("_", with: " "))
    }
  }

  private static func words(_ settings: DeviceSettings) -> String {
    [
      settings.push.map { "push \($0 ? "on" : "off")" },
      settings.c2cSound.map { "one-to-one sound \($0)" },
      settings.groupSound.map { "group sound \($0)" },
      settings.videoSound.map { "call sound \($0)" },
    ].compactMap(\.self).joined(separator: ", ")
  }
}

/// The registrations of tokens, as the template `user-tokens` shows them.
struct UserTokens: Sendable {
  struct Token: Sendable {
    let device: PageID
    let token: PageID
    let channel: String
    let version: String
    let since: DatedTime
    let until: DatedTime?
    let end: String
    let isHeld: Bool
  }

  let tokens: [Token]
  let hasTokens: Bool
  let isThen: Bool
  let hasMore: Bool
  let limit: String

  init(_ facts: UserFacts, isThen: Bool) {
    tokens = facts.tokens.map { token in
      Token(
        device: .init(id: token.device), token: UserDevices.token(token.sha256),
        channel: token.provider + (token.place == 0 ? "" : ", way \((token.place + 1).grouped)"),
        version: token.appVersion ?? "", since: DatedTime(token.sinceAt),
        until: isThen ? nil : token.untilAt.map { DatedTime($0) },
        end: isThen
          ? ""
          : [token.endedBy.map { $0.replacing("_", with: " ") }, token.endedReason]
            .compactMap(\.self).joined(separator: ": "),
        isHeld: isThen || token.untilAt == nil)
    }
    hasTokens = !tokens.isEmpty
    self.isThen = isThen
    hasMore = facts.hasMoreTokens
    limit = UserQueries.registrations.grouped
  }
}

/// What is unread by conversation, as the template `user-unread` shows it.
struct UserUnread: Sendable {
  struct Conversation: Sendable {
    let kind: String
    let with: PageID
    let unread: String
    let receive: String
    let readPosition: String
  }

  let conversations: [Conversation]
  let hasConversations: Bool
  let isThen: Bool
  let unreadInAll: String
  let inAll: String
  let shown: String
  let hasMore: Bool

  init(_ facts: UserFacts, isThen: Bool) {
    conversations = facts.unread.map { conversation in
      Conversation(
        kind: conversation.group == nil ? "user" : "group",
        with: conversation.group.map { .init(id: $0, link: PagePath.group($0)) }
          ?? .init(
            id: conversation.peer ?? "", link: conversation.peer.map { PagePath.user($0) }),
        unread: conversation.unread.grouped, receive: conversation.receive,
        readPosition: conversation.readPosition.grouped)
    }
    hasConversations = !conversations.isEmpty
    self.isThen = isThen
    unreadInAll = facts.unreadInAll.grouped
    inAll = facts.conversations.grouped
    shown = facts.unread.count.grouped
    hasMore = facts.conversations > Int64(facts.unread.count)
  }
}

/// The last deliveries, as the template `user-deliveries` shows them.
struct UserDeliveries: Sendable {
  struct Delivery: Sendable {
    let message: PageID
    let device: PageID?
    let provider: String
    let status: PageState
    let reason: String
    let badge: String
    let attempts: String
    let decidedAt: DatedTime
    let seen: PageState?
  }

  let deliveries: [Delivery]
  let hasDeliveries: Bool
  let isThen: Bool
  let hasMore: Bool
  let shown: String
  /// The list of all of them.
  let list: String

  init(_ facts: UserFacts, of user: UserID, isThen: Bool) {
    deliveries = facts.deliveries.map { delivery in
      Delivery(
        message: .init(
          id: delivery.message,
          link: PagePath.make(
            "/messages/" + PagePath.encode(delivery.message),
            ["user": user.rawValue, "device": delivery.device])),
        device: delivery.device.map { device in
          .init(
            id: device,
            link: isThen
              ? nil : PagePath.user(user.rawValue) + "#device-" + PagePath.encode(device))
        },
        provider: isThen ? "" : delivery.provider ?? "",
        status: isThen ? Self.then(delivery) : Self.state(delivery.status),
        reason: isThen && delivery.status != "suppressed" ? "" : delivery.reason ?? "",
        badge: delivery.badge?.grouped ?? "", attempts: delivery.attempts.grouped,
        decidedAt: DatedTime(delivery.decidedAt), seen: isThen ? nil : Self.seen(delivery))
    }
    hasDeliveries = !deliveries.isEmpty
    self.isThen = isThen
    hasMore = facts.hasMoreDeliveries
    shown = facts.deliveries.count.grouped
    list = PagePath.make("/deliveries", ["user": user.rawValue])
  }

  private static func state(_ status: String) -> PageState {
    .init(status: status, word: status.replacing("_", with: " "))
  }

  /// What is sure of then: a suppressed decision does not change, and an attempt is a fact.
  private static func then(_ delivery: UserFacts.Delivery) -> PageState {
    if delivery.status == "suppressed" { return state("suppressed") }
    if let outcome = delivery.outcome { return state(outcome) }
    return .init(status: "attempt", word: "no attempt yet")
  }

  private static func seen(_ delivery: UserFacts.Delivery) -> PageState? {
    if delivery.isOpened { return state("opened") }
    if delivery.isNotShown { return state("not_shown") }
    return delivery.isDelivered ? state("delivered") : nil
  }
}

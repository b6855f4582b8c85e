/// An event in a line for people: whom it concerns and what it says, without content.
public struct EventWords: Sendable, Equatable {
  /// `bob`, `bob/phone` or `group g1`; nil where nobody is named.
  public var who: String?
  public var what: String

  private init(_ who: String?, _ what: String = "") {
    self.who = who
    self.what = what
  }

  /// A new kind of event does not compile without its words.
  public init(_ body: EventBody) {
    switch body {
    case .userUpdated, .userDeleted, .userLabelled, .attributesNamed,
      .conversationReceiveChanged, .conversationRead, .unreadSet:
      self.init(user: body)
    case .groupUpdated, .memberAdded, .groupReceiveChanged, .memberRemoved, .groupDissolved:
      self.init(group: body)
    case .deviceLoggedIn, .deviceRegistered, .deviceSettingsChanged, .deviceUnregistered,
      .tokenInvalidated, .deviceForegrounded, .deviceBackgrounded, .deviceKilled,
      .deviceLoggedOut, .deviceOffline:
      self.init(device: body)
    case .messageSent, .messageRefused, .messageRecalled, .broadcastStarted, .broadcastFinished,
      .eventSkipped, .contentErased:
      self.init(message: body)
    case .pushAttempted, .pushDelivered, .pushOpened, .pushNotShown, .pushCancelled, .pushRetried:
      self.init(push: body)
    }
  }

  private init(user body: EventBody) {
    switch body {
    case .userUpdated(let update): self.init(update.user.rawValue, Self.changes(of: update))
    case .userDeleted(let user): self.init(user.rawValue)
    case .userLabelled(let user, let change):
      let tags = change.addedTags.count + change.removedTags.count
      let attributes = change.setAttributes.count + change.removedAttributes.count
      self.init(user.rawValue, "\(tags) tags, \(attributes) attributes")
    case .attributesNamed(let names): self.init(nil, "\(names.count) names")
    case .conversationReceiveChanged(let user, let peer, let receive):
      self.init(user.rawValue, "\(Self.name(peer)): \(receive.rawValue)")
    case .conversationRead(let user, let peer, .message(let message)):
      self.init(user.rawValue, "\(Self.name(peer)) up to \(message)")
    case .conversationRead(let user, let peer, .position(let position)):
      self.init(user.rawValue, "\(Self.name(peer)) up to position \(position)")
    case .unreadSet(let user, let peer, let unread):
      self.init(user.rawValue, "\(Self.name(peer)): \(unread) unread")
    default: self.init(nil)
    }
  }

  private init(group body: EventBody) {
    switch body {
    case .groupUpdated(let update):
      let parts = [update.name == .keep ? nil : "name", update.kind, update.owner?.rawValue]
      self.init("group \(update.group)", parts.compactMap(\.self).joined(separator: ", "))
    case .memberAdded(let group, let user, let receive, _):
      self.init(user.rawValue, "to group \(group)" + (receive.map { ", \($0.rawValue)" } ?? ""))
    case .groupReceiveChanged(let group, let user, let receive):
      self.init(user.rawValue, "group \(group): \(receive.rawValue)")
    case .memberRemoved(let group, let user): self.init(user.rawValue, "from group \(group)")
    case .groupDissolved(let group): self.init("group \(group)")
    default: self.init(nil)
    }
  }

  private init(device body: EventBody) {
    switch body {
    case .deviceLoggedIn(let login):
      let kicks = login.kicks.map(\.rawValue).joined(separator: ", ")
      self.init(
        "\(login.user)/\(login.device)",
        login.platform.rawValue + (kicks.isEmpty ? "" : ", logs out other \(kicks)"))
    case .deviceRegistered(let new):
      let ways = [new.provider] + new.fallbacks.map(\.registered.provider)
      self.init(
        "\(new.user)/\(new.device)",
        "\(new.platform.rawValue), \(ways.map(\.rawValue).joined(separator: ", then ")), "
          + "token \(new.tokenSHA256.prefix(8))…"
          + (new.whileLoggedIn ? ", while logged in" : ""))
    case .deviceSettingsChanged(let user, let device, let settings):
      self.init("\(user)/\(device)", settings.push.map { "push \($0 ? "on" : "off")" } ?? "")
    case .tokenInvalidated(let dead):
      let words = [
        "token \(dead.tokenSHA256.prefix(8))…", dead.reason,
        dead.invalidSince.map { "dead since \($0)" },
      ]
      self.init("\(dead.user)/\(dead.device)", words.compactMap(\.self).joined(separator: ", "))
    case .deviceBackgrounded(let user, let device, let unread):
      self.init("\(user)/\(device)", "badge \(unread)")
    case .deviceUnregistered(let user, let device), .deviceForegrounded(let user, let device),
      .deviceKilled(let user, let device), .deviceLoggedOut(let user, let device),
      .deviceOffline(let user, let device):
      self.init("\(user)/\(device)")
    default: self.init(nil)
    }
  }

  private init(message body: EventBody) {
    switch body {
    case .messageSent(let message): self.init(message.sender.rawValue, Self.words(of: message))
    case .messageRefused(let refusal):
      self.init(refusal.sender.rawValue, "to \(refusal.recipient), code \(refusal.code)")
    case .messageRecalled(let message, let user):
      self.init(user?.rawValue, message.rawValue)
    case .broadcastStarted(let broadcast):
      self.init(
        broadcast.sender.rawValue,
        "broadcast \(broadcast.id) to \(broadcast.condition == nil ? "all" : "some")")
    case .broadcastFinished(let id, let recipients):
      self.init(nil, "broadcast \(id), \(recipients) recipients")
    case .eventSkipped(let projection, let position):
      self.init(nil, "\(projection) leaves out position \(position)")
    case .contentErased(let erasure):
      self.init(nil, "content of \(erasure.positions.count) events, \(Self.name(erasure.scope))")
    default: self.init(nil)
    }
  }

  private static func name(_ scope: Erasure.Scope) -> String {
    switch scope {
    case .user(let user): "user \(user)"
    case .message(let message): "message \(message)"
    case .before(let moment): "older than \(moment)"
    }
  }

  private init(push body: EventBody) {
    switch body {
    case .pushAttempted(let attempt):
      let reason = attempt.reason == attempt.outcome.rawValue ? nil : attempt.reason
      let words = [attempt.status.map(String.init), reason].compactMap(\.self)
      var what = "\(attempt.provider.rawValue) \(attempt.outcome.rawValue)"
      if !words.isEmpty { what += " (\(words.joined(separator: " ")))" }
      what += ", attempt \(attempt.attempt)"
      if let badge = attempt.badge { what += ", badge \(badge)" }
      if let retry = attempt.retryAt { what += ", again at \(retry)" }
      self.init("\(attempt.user)/\(attempt.device)", what)
    case .pushNotShown(_, let reason): self.init(nil, reason)
    case .pushCancelled(let order), .pushRetried(let order):
      let words = [order.by.map { "by \($0)" }, order.reason]
      self.init(
        "\(order.user)/\(order.device)", words.compactMap(\.self).joined(separator: ", "))
    default: self.init(nil)
    }
  }

  private static func name(_ peer: Peer) -> String {
    switch peer {
    case .user(let user): "with \(user)"
    case .group(let group): "group \(group)"
    }
  }

  private static func changes(of update: UserUpdate) -> String {
    let quiet: String? =
      switch update.quietHours {
      case .keep: nil
      case .clear: "no quiet hours"
      case .set(let hours): "quiet \(hours)"
      }
    let muted: String? =
      switch update.mutedUntil {
      case .keep: nil
      case .clear: "muted no more"
      case .set(let end): "muted until \(end)"
      }
    let badge: String? =
      switch update.badge {
      case .keep: nil
      case .clear: "badge \(BadgeSource.reported.rawValue)"
      case .set(let source): "badge \(source.rawValue)"
      }
    return [update.nickname == .keep ? nil : "nickname", quiet, muted, badge]
      .compactMap(\.self).joined(separator: ", ")
  }

  private static func words(of message: Message) -> String {
    let target =
      switch message.conversation {
      case .user(let user): "to \(user)" + (message.device.map { "/\($0)" } ?? "")
      case .group(let group): "to group \(group)"
      }
    var parts = ["\(message.id) \(target)"]
    if !message.targets.isEmpty { parts.append("\(message.targets.count) targets") }
    if message.onlineOnly { parts.append("online only") }
    if !message.push { parts.append("no push") }
    if let content = message.content {
      let push = content.offlinePush
      if let title = push?.apns.title ?? push?.title, !title.isEmpty {
        parts.append("title of \(title.count)")
      }
      parts.append("text of \(content.body(in: .en).count)")
    } else {
      parts.append("[erased]")
    }
    return parts.joined(separator: ", ")
  }
}

extension EventBody {
  /// The users that an event names, of whom a receipt names none.
  public var users: [UserID] {
    switch self {
    case .userUpdated(let update): [update.user]
    case .userDeleted(let user), .userLabelled(let user, _), .memberAdded(_, let user, _, _),
      .groupReceiveChanged(_, let user, _), .memberRemoved(_, let user),
      .deviceSettingsChanged(let user, _, _), .deviceUnregistered(let user, _),
      .deviceForegrounded(let user, _), .deviceBackgrounded(let user, _, _),
      .deviceKilled(let user, _), .deviceLoggedOut(let user, _), .deviceOffline(let user, _):
      [user]
    case .conversationReceiveChanged(let user, let peer, _),
      .conversationRead(let user, let peer, _),
      .unreadSet(let user, let peer, _):
      [user] + peer.users
    case .groupUpdated(let update): update.owner.map { [$0] } ?? []
    case .deviceLoggedIn(let login): [login.user]
    case .deviceRegistered(let new): [new.user]
    case .tokenInvalidated(let dead): [dead.user]
    case .messageSent(let message):
      [message.sender] + message.conversation.users + message.targets + message.mentions
    case .messageRefused(let refusal): [refusal.sender, refusal.recipient]
    case .messageRecalled(_, let user): user.map { [$0] } ?? []
    case .broadcastStarted(let broadcast): [broadcast.sender]
    case .pushAttempted(let attempt): [attempt.user]
    case .pushCancelled(let order), .pushRetried(let order): [order.user]
    case .attributesNamed, .groupDissolved, .broadcastFinished, .pushDelivered, .pushOpened,
      .pushNotShown, .eventSkipped, .contentErased:
      []
    }
  }

  /// The message that an event is about; nil for one about none.
  public var messageID: MessageID? {
    switch self {
    case .messageSent(let message): message.id
    case .messageRefused(let refusal): refusal.message
    case .messageRecalled(let message, _): message
    case .pushAttempted(let attempt): attempt.message
    case .pushDelivered(let receipt), .pushOpened(let receipt), .pushNotShown(let receipt, _):
      receipt.message
    case .pushCancelled(let order), .pushRetried(let order): order.message
    case .conversationRead(_, _, .message(let message)): message
    default: nil
    }
  }

  /// The delivery that a receipt is of; nil for all others.
  public var receiptOf: PushReceipt? {
    switch self {
    case .pushDelivered(let receipt), .pushOpened(let receipt), .pushNotShown(let receipt, _):
      receipt
    default: nil
    }
  }
}

extension Peer {
  fileprivate var users: [UserID] { if case .user(let user) = self { [user] } else { [] } }
}

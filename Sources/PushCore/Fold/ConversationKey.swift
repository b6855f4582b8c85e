/// A conversation, free of whose side it is seen from.
public enum ConversationKey: Hashable, Sendable {
  case group(GroupID)
  /// The two users in the order of their bytes.
  case pair(UserID, UserID)

  /// The conversation that `user` calls `peer`.
  public init(_ peer: Peer, seenBy user: UserID) {
    switch peer {
    case .group(let group): self = .group(group)
    case .user(let other): self = user < other ? .pair(user, other) : .pair(other, user)
    }
  }

  /// As `user` sees it: `group/<id>` or `user/<peer>`, ids as they are.
  public func name(seenBy user: UserID) -> String {
    switch self {
    case .group(let group): "group/\(group)"
    case .pair(let first, let second): "user/\(first == user ? second : first)"
    }
  }
}

extension ConversationKey {
  public var group: GroupID? {
    if case .group(let group) = self { group } else { nil }
  }

  public var pair: (UserID, UserID)? {
    if case .pair(let first, let second) = self { (first, second) } else { nil }
  }
}

// MARK: - As one text

extension ConversationKey {
  /// `group/<id>` or `pair/<user>/<user>`, with `/` and `%` of an id percent-encoded.
  public var storedName: String {
    switch self {
    case .group(let group): "group/" + StreamName.encode(group.rawValue)
    case .pair(let first, let second):
      "pair/" + StreamName.encode(first.rawValue) + "/" + StreamName.encode(second.rawValue)
    }
  }

  /// Reads ``storedName``; nil for any other text.
  public init?(storedName: String) {
    let parts = storedName.split(separator: "/", omittingEmptySubsequences: false)
      .map { StreamName.decode(String($0)) }
    switch (parts.first, parts.count) {
    case ("group", 2): self = .group(GroupID(unchecked: parts[1]))
    case ("pair", 3): self = .pair(UserID(unchecked: parts[1]), UserID(unchecked: parts[2]))
    default: return nil
    }
  }
}

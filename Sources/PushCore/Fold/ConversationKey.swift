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

import PushCore

/// Positions between which at least one of some users was in a group.
struct MembershipSpan: Equatable {
  var group: GroupID
  var from: Position
  var upTo: Position
}

/// Gathers spans from the events of groups, in their order.
struct MembershipSpans {
  /// Whether all of a group's messages are wanted, whoever was in it.
  let everything: Bool
  private var members: [GroupID: (since: Position, users: Set<UserID>)] = [:]
  private var spans: [MembershipSpan] = []

  init(everything: Bool) { self.everything = everything }

  /// - Parameter user: Nil where the event is not about one of the users.
  mutating func add(type: String, group: GroupID, user: UserID?, at position: Position) {
    switch EventType(rawValue: type) {
    case .memberAdded:
      guard let user else { return }
      members[group, default: (position, [])].users.insert(user)
    case .memberRemoved:
      guard let user, members[group] != nil else { return }
      members[group]?.users.remove(user)
      if members[group]?.users.isEmpty == true { end(group, position) }
    case .groupDissolved: end(group, position)
    default: break
    }
  }

  private mutating func end(_ group: GroupID, _ position: Position) {
    guard let open = members.removeValue(forKey: group) else { return }
    spans.append(MembershipSpan(group: group, from: open.since, upTo: position))
  }

  func finished() -> [MembershipSpan] {
    let all =
      spans
      + members.map { MembershipSpan(group: $0.key, from: $0.value.since, upTo: .max) }
    guard everything else { return all }
    return Set(all.map(\.group)).map { MembershipSpan(group: $0, from: 0, upTo: .max) }
  }
}

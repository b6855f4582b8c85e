import Ledger
import Postgres
import PushCore

/// Decides one message anew for some of its recipients.
struct Decider {
  /// Pushes that are gone through at once to find a badge.
  static let pushesPerPage: Int64 = 1_000

  let app: AppID
  let connection: PostgresConnection
  let sent: SentMessage
  let settings: FoldSettings
  /// Nil where all earlier pushes are here.
  let snapshot: SnapshotBadges?
  private(set) var notification: Notification?

  init(
    app: AppID, connection: PostgresConnection, sent: SentMessage, settings: FoldSettings,
    snapshot: SnapshotBadges?
  ) {
    self.app = app
    self.connection = connection
    self.sent = sent
    self.settings = settings
    self.snapshot = snapshot
  }

  private var position: Position { sent.event.position }

  mutating func decide(
    _ users: Set<UserID>, device: DeviceID?
  ) async throws -> [ExplainedRecipient] {
    let history = try await HistoryLoader(
      app: app, connection: connection, before: position, skipped: sent.skipped
    )
    .load(users, sender: sent.message.sender, in: sent.key)
    var fold = RestrictedFold(settings: settings)
    for event in history { fold.apply(event) }
    var unread: [UserID: Int64] = [:]
    var derived: [UserID: Int64] = [:]
    if sent.isProjected {
      unread = try await unreadBefore(users)
      for user in users where fold.isDerived(user, at: position) {
        derived[user] = try await unreadAfter(user)
      }
      try await putBadges(of: users, into: &fold)
    }
    let before = fold
    let decided = fold.decide(sent.event, unread: derived)
    notification = decided?.notification
    return users.sorted().map { user in
      let decisions = decided?.decisions.filter { $0.user == user } ?? []
      return recipient(user, decisions, before, unread[user], device)
    }
  }

  private func recipient(
    _ user: UserID, _ decisions: [Decision], _ fold: RestrictedFold, _ unread: Int64?,
    _ device: DeviceID?
  ) -> ExplainedRecipient {
    let state = fold.fold.state.users[user]
    let member = MemberKey(conversation: sent.key, user: user)
    let known = KnownRecipient(
      receive: fold.fold.state.conversations[sent.key]?.members[user]?.receive ?? .notify,
      receiveSince: fold.since(member), quietHours: state?.quietHours,
      mutedUntil: state?.mutedUntil, badgeSource: state?.badge ?? .reported,
      unread: unread ?? (sent.isProjected && !decisions.isEmpty ? 0 : nil),
      devices: state?.devices.count ?? 0)
    var explained = decisions.map { decision in
      let key = decision.device.map { DeviceKey(user: user, device: $0) }
      let device = key.flatMap { key in
        fold.device(key).map {
          KnownDevice(
            state: $0, since: fold.since(key), badge: sent.isProjected ? $0.badge : nil)
        }
      }
      var explained = ExplainedDecision(
        device: decision.device, known: device, verdict: decision.verdict)
      explained.isProjected = sent.isProjected
      if !sent.isProjected, sent.message.facts.badgeSet == nil { explained.badge = nil }
      if decision.verdict == .suppressed(.noDevice), let only = sent.message.device,
        known.devices > 0
      {
        explained.rule = .lacks(only)
      }
      return explained
    }
    if let device, let only = sent.message.device, device != only {
      return ExplainedRecipient(user: user, excluded: .notTheDevice(only), known: known)
    }
    var missing: DeviceID?
    if let device, explained.contains(where: { $0.device != nil }) {
      explained.removeAll { $0.device != device }
      if explained.isEmpty { missing = device }
    }
    return ExplainedRecipient(
      user: user, excluded: decisions.isEmpty ? excluded(user, fold) : nil,
      missingDevice: missing, known: known, decisions: explained)
  }

  private func excluded(_ user: UserID, _ fold: RestrictedFold) -> NotARecipient {
    if user == sent.message.sender { return .sender }
    guard sent.key.group != nil else { return .notThePeer }
    let isMember = fold.fold.state.conversations[sent.key]?.members[user] != nil
    return isMember
      ? .notATarget
      : .notAMember(left: fold.left(MemberKey(conversation: sent.key, user: user)))
  }

  // MARK: Unread counts

  /// What the message's conversation had unread before it; nobody who had no part in it.
  private func unreadBefore(_ users: Set<UserID>) async throws -> [UserID: Int64] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: users.map(\.rawValue))
    values.add(position - 1)
    values.add(sent.key.storedName)
    let rows = try await connection.query(
      """
      select wanted.user_id, u.unread from unnest($2::text[]) as wanted (user_id)
      cross join lateral pushledger.unread_at($1, wanted.user_id, $3, $4) u
      """, values)
    var unread: [UserID: Int64] = [:]
    for row in rows { unread[UserID(unchecked: try row.get(0))] = try row.get(1) }
    return unread
  }

  /// The sum of all that a user had not read, the message included.
  private func unreadAfter(_ user: UserID) async throws -> Int64 {
    try await connection.query(
      "select coalesce(sum(unread), 0)::bigint from pushledger.unread_at($1, $2, $3)",
      [app.rawValue, user.rawValue, position]
    ).first?.get(0) ?? 0
  }

  // MARK: Badges

  /// A device's icon: what it showed at a position.
  private struct Icon {
    var key: DeviceKey
    var badge: Int64
    var since: Position
  }

  /// Puts in what each device's icon showed: what its app said last, and what pushes since then
  /// made of it.
  private func putBadges(of users: Set<UserID>, into fold: inout RestrictedFold) async throws {
    var icons: [Icon] = []
    for user in users.sorted() where !fold.isDerived(user, at: position) {
      for device in fold.fold.state.users[user]?.devices ?? [] {
        icons.append(
          try await icon(of: DeviceKey(user: user, device: device.id), said: device.badge, fold))
      }
    }
    let pushes = try await connection.pipeline(icons.map(lastPush))
    for (icon, pushes) in zip(icons, pushes) {
      fold.set(badge: try await badge(icon, pushes, fold), of: icon.key)
    }
  }

  /// - Parameter number: What its app said last.
  private func icon(
    of key: DeviceKey, said number: Int64, _ fold: RestrictedFold
  ) async throws -> Icon {
    let said = Icon(key: key, badge: number, since: fold.badgeSetAt(key))
    guard let snapshot, said.since < snapshot.archived else { return said }
    guard position > snapshot.position else {
      let found = try await snapshot.found(on: key, by: sent, connection)
      return Icon(key: key, badge: found ?? number, since: position)
    }
    guard let kept = try await snapshot.badge(of: key, connection) else { return said }
    return Icon(key: key, badge: kept, since: snapshot.position)
  }

  private func badge(
    _ icon: Icon, _ pushes: PostgresResult, _ fold: RestrictedFold
  ) async throws -> Int64 {
    guard let last = pushes.first else { return icon.badge }
    // A push of a derived badge carries a sum, while the device's own number went on unseen.
    return fold.isDerived(icon.key.user, at: try last.get(0))
      ? try await recount(icon.key, from: icon.badge, after: icon.since, fold) : try last.get(1)
  }

  /// The last push after the icon's position that carried a number.
  private func lastPush(to icon: Icon) -> PostgresCall {
    PostgresCall(
      """
      select d.position, d.badge from pushledger.deliveries d
      where d.app = $1 and d.user_id = $2 and d.device_id = $3 and d.position > $4
        and d.position < $5 and d.badge is not null
      order by d.position desc limit 1
      """,
      [
        app.rawValue, icon.key.user.rawValue, icon.key.device.rawValue, icon.since, position,
      ])
  }

  private func recount(
    _ key: DeviceKey, from start: Int64, after since: Position, _ fold: RestrictedFold
  ) async throws -> Int64 {
    var (badge, after) = (start, since)
    while true {
      let rows = try await connection.query(
        """
        select e.position, e.type, e.occurred_at, e.recorded_at, e.data, e.content, d.badge
        from pushledger.deliveries d
        join ledger.events e on e.app = d.app and e.position = d.position
        where d.app = $1 and d.user_id = $2 and d.device_id = $3 and d.position > $4
          and d.position < $5 and d.badge is not null
        order by d.position limit $6
        """,
        [
          app.rawValue, key.user.rawValue, key.device.rawValue, after, position,
          Self.pushesPerPage,
        ])
      for row in rows {
        after = try row.get(0)
        guard fold.isDerived(key.user, at: after) else {
          badge = try row.get(6)
          continue
        }
        guard case .messageSent(let message)? = try HistoryEvent(row)?.body else { continue }
        badge = message.facts.badge(after: badge)
      }
      if rows.count < Self.pushesPerPage { return badge }
    }
  }
}

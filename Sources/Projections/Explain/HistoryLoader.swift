import Ledger
import Postgres
import PushCore

/// Reads the events that the recipients of one message depend on, and no others.
///
///     user/U · device/U/… · group/G of U and the sender · who registered a token of U
///
/// What a device's app did last goes for all that it did: earlier words of it change nothing that
/// the later ones leave standing. So of a device that says ten times a day where its app is, two
/// events are read.
struct HistoryLoader {
  /// Other users whose devices are followed because of one token, at most.
  static let foreignUsers = 64

  let app: AppID
  let connection: PostgresConnection
  /// Only events before this position.
  let before: Position
  let skipped: SkippedEvents

  private static let columns = "e.position, e.type, e.occurred_at, e.recorded_at, e.data, e.content"
  /// What the fold has seen before the message, over ``parameters()``.
  private static let isSeen = "e.position < $2 and e.position <> all ($3::bigint[])"

  /// - Returns: The events in the order of the ledger, each once.
  func load(
    _ recipients: Set<UserID>, sender: UserID, in conversation: ConversationKey
  ) async throws -> [HistoryEvent] {
    var events: [Position: HistoryEvent] = [:]
    var calls = [userCall(recipients.union([sender])), deviceCall(recipients)]
    if let group = conversation.group {
      calls.append(groupCall(group))
      calls.append(memberCall(recipients.union([sender]), group))
    }
    for result in try await connection.pipeline(calls) { try add(result, to: &events) }
    try await addActivities(of: recipients, to: &events)
    try await addTakeovers(of: recipients, to: &events)
    return events.values.sorted { $0.position < $1.position }
  }

  private func add(
    _ result: PostgresResult, to events: inout [Position: HistoryEvent]
  ) throws {
    for row in result {
      if let event = try HistoryEvent(row) { events[event.position] = event }
    }
  }

  // MARK: Statements

  private func parameters() -> PostgresParameters {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(before)
    values.add(array: skipped.all)
    return values
  }

  private func userCall(_ users: Set<UserID>) -> PostgresCall {
    var values = parameters()
    values.add(array: users.map { StreamName.user($0).rawValue })
    return PostgresCall(
      """
      select \(Self.columns) from unnest($4::text[]) as wanted (stream)
      cross join lateral (
        select \(Self.columns) from ledger.events e
        where e.app = $1 and e.stream = wanted.stream and \(Self.isSeen)
          and e.type in ('user.updated', 'user.deleted', 'conversation.receive_changed')
        order by e.app, e.stream, e.position) e
      """, values)
  }

  /// All of some users' devices, but for what their apps did.
  private func deviceCall(_ users: Set<UserID>) -> PostgresCall {
    var values = parameters()
    values.add(array: users.map { StreamName.deviceRange(of: $0).first })
    values.add(array: users.map { StreamName.deviceRange(of: $0).end })
    return PostgresCall(
      """
      select \(Self.columns) from unnest($4::text[], $5::text[]) as wanted (first, beyond)
      cross join lateral (
        select \(Self.columns) from ledger.events e
        where e.app = $1 and e.stream >= wanted.first and e.stream < wanted.beyond
          and \(Self.isSeen)
          and e.type in ('device.logged_in', 'device.registered', 'device.settings_changed',
            'device.unregistered', 'device.token_invalidated', 'device.logged_out',
            'device.offline')
        order by e.app, e.stream, e.position) e
      """, values)
  }

  private func groupCall(_ group: GroupID) -> PostgresCall {
    var values = parameters()
    values.add(StreamName.group(group).rawValue)
    return PostgresCall(
      """
      select \(Self.columns) from ledger.events e
      where e.app = $1 and e.stream = $4 and \(Self.isSeen)
        and e.type in ('group.updated', 'group.dissolved')
      order by e.app, e.stream, e.position
      """, values)
  }

  private func memberCall(_ users: Set<UserID>, _ group: GroupID) -> PostgresCall {
    var values = parameters()
    values.add(StreamName.group(group).rawValue)
    values.add(array: users.map(\.rawValue))
    return PostgresCall(
      """
      select \(Self.columns) from unnest($5::text[]) as wanted (user_id)
      cross join lateral (
        select \(Self.columns) from ledger.events e
        where e.app = $1 and e.data ->> 'user' = wanted.user_id and e.stream = $4
          and \(Self.isSeen)
          and e.type in ('group.member_added', 'group.receive_changed', 'group.member_removed')
        order by e.app, e.data ->> 'user', e.stream, e.position) e
      """, values)
  }

  // MARK: What apps did last

  private func addActivities(
    of users: Set<UserID>, to events: inout [Position: HistoryEvent]
  ) async throws {
    var devices: [UserID: Set<DeviceID>] = [:]
    for event in events.values {
      switch event.body {
      case .deviceRegistered(let new): devices[new.user, default: []].insert(new.device)
      case .deviceLoggedIn(let login): devices[login.user, default: []].insert(login.device)
      default: break
      }
    }
    var streams: [StreamName] = []
    // Of so many devices some had to go, and which depends on when each was last heard of.
    var crowded: [StreamName] = []
    for (user, devices) in devices where users.contains(user) {
      let names = devices.map { StreamName.device(user, $0) }
      if names.count > Limits.devicesPerUser { crowded += names } else { streams += names }
    }
    for result in try await connection.pipeline([lastCall(streams), allCall(crowded)]) {
      try add(result, to: &events)
    }
  }

  /// The last word of each device's app, and the last one that said what the badge is.
  private func lastCall(_ streams: [StreamName]) -> PostgresCall {
    var values = parameters()
    values.add(array: streams.map(\.rawValue))
    return PostgresCall(
      """
      select \(Self.columns) from unnest($4::text[]) as wanted (stream)
      cross join lateral (
        (select \(Self.columns) from ledger.events e
        where e.app = $1 and e.stream = wanted.stream and \(Self.isSeen)
          and e.type in ('device.foregrounded', 'device.backgrounded', 'device.killed')
        order by e.app desc, e.stream desc, e.position desc limit 1)
        union all
        (select \(Self.columns) from ledger.events e
        where e.app = $1 and e.stream = wanted.stream and \(Self.isSeen)
          and e.type in ('device.foregrounded', 'device.backgrounded')
        order by e.app desc, e.stream desc, e.position desc limit 1)) e
      """, values)
  }

  private func allCall(_ streams: [StreamName]) -> PostgresCall {
    var values = parameters()
    values.add(array: streams.map(\.rawValue))
    return PostgresCall(
      """
      select \(Self.columns) from unnest($4::text[]) as wanted (stream)
      cross join lateral (
        select \(Self.columns) from ledger.events e
        where e.app = $1 and e.stream = wanted.stream and \(Self.isSeen)
          and e.type in ('device.foregrounded', 'device.backgrounded', 'device.killed')
        order by e.app, e.stream, e.position) e
      """, values)
  }

  // MARK: Tokens that changed hands

  /// A registration of a token elsewhere logs a device out. Whether one that counts only while a
  /// client is logged in did so depends on that other device's own history, which is read as well,
  /// and so on.
  private func addTakeovers(
    of recipients: Set<UserID>, to events: inout [Position: HistoryEvent]
  ) async throws {
    var users = recipients
    var asked: Set<TokenKey> = []
    while users.count <= recipients.count + Self.foreignUsers {
      var tokens: Set<TokenKey> = []
      for case .deviceRegistered(let new) in events.values.map(\.body)
      where users.contains(new.user) {
        tokens.formUnion(new.tokens.filter(\.namesOneDevice))
      }
      tokens.subtract(asked)
      guard !tokens.isEmpty else { return }
      asked.formUnion(tokens)
      var found: [Position: HistoryEvent] = [:]
      try add(try await connection.pipeline([tokenCall(tokens)])[0], to: &found)
      events.merge(found) { known, _ in known }
      var foreign: Set<UserID> = []
      for case .deviceRegistered(let new) in found.values.map(\.body)
      where new.whileLoggedIn && !users.contains(new.user) {
        foreign.insert(new.user)
      }
      guard !foreign.isEmpty else { continue }
      users.formUnion(foreign)
      for result in try await connection.pipeline([userCall(foreign), deviceCall(foreign)]) {
        try add(result, to: &events)
      }
      try await addActivities(of: foreign, to: &events)
    }
    throw ExplainError.tooManySharers(limit: Self.foreignUsers)
  }

  private func tokenCall(_ tokens: Set<TokenKey>) -> PostgresCall {
    var values = parameters()
    values.add(array: Set(tokens.map(\.sha256)).sorted())
    return PostgresCall(
      """
      select \(Self.columns) from ledger.events e
      where e.app = $1 and \(Self.isSeen) and e.type = 'device.registered'
        and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| $4::text[]
      """, values)
  }
}

extension DeviceRegistration {
  /// The tokens of all its ways.
  fileprivate var tokens: [TokenKey] {
    [TokenKey(provider: provider, sha256: tokenSHA256)] + fallbacks.map(\.registered)
  }
}

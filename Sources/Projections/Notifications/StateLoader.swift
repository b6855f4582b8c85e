import Postgres
import PushCore

/// Reads into memory what a batch of events touches and is not held yet.
///
/// In an order that lets each step tell the next what it needs: messages that are named; the
/// conversations of those and of the events, with all their members; the users of all of them,
/// with their devices; and all conversations of users whose badge is derived.
struct StateLoader {
  let app: AppID
  let tables: ProjectionTables
  let connection: PostgresConnection

  func load(_ touched: Touched, into loaded: inout LoadedState) async throws {
    try await loadMessages(touched.messages, into: &loaded)
    var keys = touched.pairs.union(touched.groups.map { .group($0) })
    for id in touched.recalls {
      if let message = loaded.state.messages[id] { keys.insert(message.conversation) }
    }
    var users = touched.users
    try await loadConversations(keys, users: &users, into: &loaded)
    users.formUnion(try await holders(of: touched.tokens))
    try await loadUsers(users, into: &loaded)
    let derived = users.filter { loaded.state.users[$0]?.badge == .derived }
    try await loadDerived(derived.union(touched.derived), into: &loaded)
    try await loadLaterMessages(touched.marks, into: &loaded)
  }

  // MARK: Messages

  private func loadMessages(_ ids: Set<MessageID>, into loaded: inout LoadedState) async throws {
    let wanted = ids.filter { loaded.state.messages[$0] == nil }
    guard !wanted.isEmpty else { return }
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: wanted.map(\.rawValue))
    let rows = try await connection.query(
      """
      select \(Rows.messageColumns)
      from unnest($2::text[]) as wanted (message_id)
      join \(tables.schema).messages m on m.app = $1 and m.message_id = wanted.message_id
      """, parameters)
    loaded.state.insert(try rows.map(Rows.message))
  }

  /// What a read mark may have to recount: its conversation's messages after the mark.
  private func loadLaterMessages(
    _ marks: [MemberKey: Set<ReadMark>], into loaded: inout LoadedState
  ) async throws {
    var spans: [ConversationKey: (after: Position, upTo: Position)] = [:]
    for (key, named) in marks {
      guard let member = loaded.state.conversations[key.conversation]?.members[key.user] else {
        continue
      }
      let complete = loaded.completeAfter[key.conversation] ?? loaded.position
      for mark in named {
        let position: Position?
        switch mark {
        case .message(let id): position = loaded.state.messages[id]?.position
        case .position(let named): position = named
        }
        guard let position, position > member.readPosition, position < complete else { continue }
        let after = min(position, spans[key.conversation]?.after ?? .max)
        spans[key.conversation] = (after, complete)
      }
    }
    guard !spans.isEmpty else { return }
    let ordered = Array(spans)
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: ordered.map(\.key.storedName))
    parameters.add(array: ordered.map(\.value.after))
    parameters.add(array: ordered.map(\.value.upTo))
    let rows = try await connection.query(
      """
      select \(Rows.messageColumns)
      from unnest($2::text[], $3::bigint[], $4::bigint[]) as span (conversation, after, up_to)
      join \(tables.schema).messages m on m.app = $1 and m.conversation = span.conversation
        and m.position > span.after and m.position <= span.up_to
      """, parameters)
    loaded.state.insert(try rows.map(Rows.message))
    for (key, span) in ordered { loaded.completeAfter[key] = span.after }
  }

  // MARK: Conversations

  private func loadConversations(
    _ keys: Set<ConversationKey>, users: inout Set<UserID>, into loaded: inout LoadedState
  ) async throws {
    let wanted = keys.subtracting(loaded.conversations)
    guard !wanted.isEmpty else { return }
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: wanted.map(\.storedName))
    let results = try await connection.pipeline([
      PostgresCall(
        """
        select \(Rows.conversationColumns)
        from unnest($2::text[]) as wanted (conversation)
        join \(tables.schema).conversations c
          on c.app = $1 and c.conversation = wanted.conversation
        """, parameters),
      PostgresCall(
        """
        select \(Rows.memberColumns)
        from unnest($2::text[]) as wanted (conversation)
        join \(tables.schema).members m on m.app = $1 and m.conversation = wanted.conversation
        """, parameters),
    ])
    try insert(conversations: results[0], members: results[1], into: &loaded) { key, user in
      if case .group = key { users.insert(user) }
    }
    loaded.conversations.formUnion(wanted)
    for key in wanted where loaded.completeAfter[key] == nil {
      loaded.completeAfter[key] = loaded.position
    }
  }

  private func insert(
    conversations: PostgresResult, members: PostgresResult, into loaded: inout LoadedState,
    _ each: (ConversationKey, UserID) -> Void = { _, _ in }
  ) throws {
    // What is held with all its members may be ahead of its rows.
    for row in conversations {
      let (key, facts, sequence) = try Rows.conversation(row)
      guard !loaded.conversations.contains(key) else { continue }
      loaded.state.insert(conversation: key, facts: facts, sequence: sequence)
    }
    for row in members {
      let key = try Rows.conversationKey(row, "members")
      guard !loaded.conversations.contains(key) else { continue }
      let user = UserID(unchecked: try row.get(1))
      loaded.state.insert(try Rows.member(row, from: 2), user, in: key)
      each(key, user)
    }
  }

  private func loadDerived(_ users: Set<UserID>, into loaded: inout LoadedState) async throws {
    let wanted = users.subtracting(loaded.derived)
    guard !wanted.isEmpty else { return }
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: wanted.map(\.rawValue))
    let results = try await connection.pipeline([
      PostgresCall(
        """
        select distinct \(Rows.conversationColumns)
        from unnest($2::text[]) as wanted (user_id)
        join \(tables.schema).members m on m.app = $1 and m.user_id = wanted.user_id
        join \(tables.schema).conversations c
          on c.app = $1 and c.conversation = m.conversation
        """, parameters),
      PostgresCall(
        """
        select \(Rows.memberColumns)
        from unnest($2::text[]) as wanted (user_id)
        join \(tables.schema).members m on m.app = $1 and m.user_id = wanted.user_id
        """, parameters),
    ])
    try insert(conversations: results[0], members: results[1], into: &loaded)
    loaded.derived.formUnion(wanted)
  }

  // MARK: Users

  private func holders(of tokens: Set<TokenKey>) async throws -> Set<UserID> {
    guard !tokens.isEmpty else { return [] }
    let ordered = Array(tokens)
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: ordered.map(\.provider.rawValue))
    parameters.add(array: ordered.map(\.sha256))
    let rows = try await connection.query(
      """
      select d.user_id
      from unnest($2::text[], $3::text[]) as wanted (provider, token_sha256)
      join \(tables.schema).devices d on d.app = $1 and d.provider = wanted.provider
        and d.token_sha256 = wanted.token_sha256
      union
      select f.user_id
      from unnest($2::text[], $3::text[]) as wanted (provider, token_sha256)
      join \(tables.schema).fallbacks f on f.app = $1 and f.provider = wanted.provider
        and f.token_sha256 = wanted.token_sha256
      """, parameters)
    return Set(try rows.map { UserID(unchecked: try $0.get(0)) })
  }

  private func loadUsers(_ users: Set<UserID>, into loaded: inout LoadedState) async throws {
    let wanted = users.subtracting(loaded.users)
    guard !wanted.isEmpty else { return }
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    parameters.add(array: wanted.map(\.rawValue))
    let results = try await connection.pipeline([
      PostgresCall(
        """
        select \(Rows.userColumns)
        from unnest($2::text[]) as wanted (user_id)
        join \(tables.schema).users u on u.app = $1 and u.user_id = wanted.user_id
        """, parameters),
      PostgresCall(
        """
        select \(Rows.deviceColumns)
        from unnest($2::text[]) as wanted (user_id)
        join \(tables.schema).devices d on d.app = $1 and d.user_id = wanted.user_id
        order by d.user_id, d.device_id
        """, parameters),
      PostgresCall(
        """
        select \(Rows.fallbackColumns)
        from unnest($2::text[]) as wanted (user_id)
        join \(tables.schema).fallbacks f on f.app = $1 and f.user_id = wanted.user_id
        order by f.user_id, f.device_id, f.place
        """, parameters),
    ])
    try Rows.insert(
      users: results[0], devices: results[1], fallbacks: results[2], into: &loaded.state)
    loaded.users.formUnion(wanted)
  }
}

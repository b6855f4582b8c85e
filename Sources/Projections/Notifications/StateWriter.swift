import Postgres
import PushCore

/// Makes the statements that bring the projection's tables to a state: one a table, for all rows
/// that changed.
struct StateWriter {
  let app: AppID
  let tables: ProjectionTables
  let state: FoldState

  func calls() -> [PostgresCall] {
    let changes = state.changes
    var calls: [PostgresCall] = []
    func add(_ condition: Bool, _ call: () -> PostgresCall) {
      if condition { calls.append(call()) }
    }
    add(!changes.users.isEmpty) { users(changes.users) }
    add(!changes.removedDevices.isEmpty) { removedDevices(changes.removedDevices) }
    add(!changes.devices.isEmpty) { devices(changes.devices) }
    let rerouted = changes.fallbacks.union(changes.removedDevices)
    if !rerouted.isEmpty { calls += [noFallbacks(rerouted), fallbacks(changes.fallbacks)] }
    add(!changes.conversations.isEmpty) { conversations(changes.conversations) }
    add(!changes.removedMembers.isEmpty) { removedMembers(changes.removedMembers) }
    add(!changes.members.isEmpty) { members(changes.members) }
    add(!changes.standings.isEmpty) { standings(changes.standings) }
    return calls
  }

  private func parameters() -> PostgresParameters {
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    return parameters
  }

  private func users(_ ids: Set<UserID>) -> PostgresCall {
    let rows = ids.compactMap { id in state.users[id].map { (id, $0) } }
    var values = parameters()
    values.add(array: rows.map(\.0.rawValue))
    values.add(array: rows.map(\.1.nickname))
    values.add(array: rows.map { $0.1.quietHours.map { Int32($0.from) } })
    values.add(array: rows.map { $0.1.quietHours.map { Int32($0.to) } })
    values.add(array: rows.map { $0.1.quietHours?.timeZone })
    values.add(array: rows.map { $0.1.mutedUntil.map(PostgresTimestamp.init) })
    values.add(array: rows.map { $0.1.badge?.rawValue })
    values.add(array: rows.map { $0.1.labels.map { PostgresJSONB(Self.json($0.tags)) } })
    values.add(array: rows.map { $0.1.labels.map { PostgresJSONB(Self.json($0.attributes)) } })
    values.add(array: rows.map(\.1.deleted))
    return PostgresCall(
      """
      insert into \(tables.schema).users (app, user_id, nickname, quiet_from_second,
        quiet_to_second, quiet_time_zone, muted_until, badge_source, tags, attributes, deleted)
      select $1, u.user_id, u.nickname, u.quiet_from, u.quiet_to, u.zone, u.muted_until, u.badge,
        case when u.tags is not null
          then array (select t from jsonb_array_elements_text(u.tags) as t) end,
        u.attributes, u.deleted
      from unnest($2::text[], $3::text[], $4::int[], $5::int[], $6::text[], $7::timestamptz[],
        $8::text[], $9::jsonb[], $10::jsonb[], $11::boolean[])
        as u (user_id, nickname, quiet_from, quiet_to, zone, muted_until, badge, tags, attributes,
          deleted)
      on conflict (app, user_id) do update set nickname = excluded.nickname,
        quiet_from_second = excluded.quiet_from_second,
        quiet_to_second = excluded.quiet_to_second,
        quiet_time_zone = excluded.quiet_time_zone, muted_until = excluded.muted_until,
        badge_source = excluded.badge_source, tags = excluded.tags,
        attributes = excluded.attributes, deleted = excluded.deleted
      """, values)
  }

  private static func json(_ texts: [Label]) -> [UInt8] {
    JSON.array(texts.map { .string($0.rawValue) }).serialized()
  }

  private static func json(_ map: [Label: String]) -> [UInt8] {
    JSON.object(map.map { JSON.Member($0.key.rawValue, .string($0.value)) }).serialized()
  }

  private func devices(_ keys: Set<DeviceKey>) -> PostgresCall {
    let rows = keys.compactMap { key in
      state.users[key.user]?.devices.first { $0.id == key.device }.map { (key, $0) }
    }
    var values = parameters()
    values.add(array: rows.map(\.0.user.rawValue))
    values.add(array: rows.map(\.0.device.rawValue))
    values.add(array: rows.map(\.1.platform.rawValue))
    values.add(array: rows.map { $0.1.registered?.provider.rawValue })
    values.add(array: rows.map { $0.1.registered?.sha256 })
    values.add(array: rows.map(\.1.token))
    values.add(array: rows.map(\.1.topic))
    values.add(array: rows.map(\.1.credential))
    values.add(array: rows.map(\.1.environment.rawValue))
    values.add(array: rows.map(\.1.appVersion))
    values.add(array: rows.map(\.1.locale))
    values.add(array: rows.map(\.1.settings.push))
    values.add(array: rows.map(\.1.settings.c2cSound))
    values.add(array: rows.map(\.1.settings.groupSound))
    values.add(array: rows.map(\.1.settings.videoSound))
    values.add(array: rows.map(\.1.activity?.rawValue))
    values.add(array: rows.map(\.1.badge))
    values.add(array: rows.map(\.1.tokenValid))
    values.add(array: rows.map(\.1.loggedOut))
    values.add(array: rows.map(\.1.kickedAt))
    values.add(array: rows.map(\.1.offline))
    values.add(array: rows.map { PostgresTimestamp($0.1.activeAt) })
    values.add(array: rows.map { PostgresTimestamp($0.1.registeredAt) })
    return PostgresCall(
      """
      insert into \(tables.schema).devices (app, user_id, device_id, platform, provider,
        token_sha256, token, topic, credential_id, environment, app_version, locale, push,
        c2c_sound, group_sound, video_sound, activity, badge, token_valid, logged_out, kicked_at,
        offline, active_at, registered_at)
      select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
        $13::boolean[], $14::text[], $15::text[], $16::text[], $17::text[], $18::bigint[],
        $19::boolean[], $20::boolean[], $21::bigint[], $22::boolean[], $23::timestamptz[],
        $24::timestamptz[])
      on conflict (app, user_id, device_id) do update set platform = excluded.platform,
        provider = excluded.provider, token_sha256 = excluded.token_sha256,
        token = excluded.token, topic = excluded.topic, credential_id = excluded.credential_id,
        environment = excluded.environment,
        app_version = excluded.app_version, locale = excluded.locale, push = excluded.push,
        c2c_sound = excluded.c2c_sound, group_sound = excluded.group_sound,
        video_sound = excluded.video_sound, activity = excluded.activity,
        badge = excluded.badge, token_valid = excluded.token_valid,
        logged_out = excluded.logged_out, kicked_at = excluded.kicked_at,
        offline = excluded.offline, active_at = excluded.active_at, registered_at = excluded.registered_at
      """, values)
  }

  private func removedDevices(_ keys: Set<DeviceKey>) -> PostgresCall {
    deletion("devices", keys)
  }

  /// Written anew as a whole: there are few.
  private func noFallbacks(_ keys: Set<DeviceKey>) -> PostgresCall {
    deletion("fallbacks", keys)
  }

  private func deletion(_ table: String, _ keys: Set<DeviceKey>) -> PostgresCall {
    let ordered = Array(keys)
    var values = parameters()
    values.add(array: ordered.map(\.user.rawValue))
    values.add(array: ordered.map(\.device.rawValue))
    return PostgresCall(
      """
      delete from \(tables.schema).\(table) d
      using unnest($2::text[], $3::text[]) as gone (user_id, device_id)
      where d.app = $1 and d.user_id = gone.user_id and d.device_id = gone.device_id
      """, values)
  }

  private func fallbacks(_ keys: Set<DeviceKey>) -> PostgresCall {
    var rows: [(key: DeviceKey, place: Int16, way: FallbackWay)] = []
    for key in keys {
      let device = state.users[key.user]?.devices.first { $0.id == key.device }
      for (index, way) in (device?.fallbacks ?? []).enumerated() {
        rows.append((key, Int16(index + 1), way))
      }
    }
    var values = parameters()
    values.add(array: rows.map(\.key.user.rawValue))
    values.add(array: rows.map(\.key.device.rawValue))
    values.add(array: rows.map(\.place))
    values.add(array: rows.map(\.way.registered.provider.rawValue))
    values.add(array: rows.map(\.way.registered.sha256))
    values.add(array: rows.map(\.way.token))
    values.add(array: rows.map(\.way.topic))
    values.add(array: rows.map(\.way.credential))
    values.add(array: rows.map(\.way.environment.rawValue))
    values.add(array: rows.map(\.way.tokenValid))
    return PostgresCall(
      """
      insert into \(tables.schema).fallbacks (app, user_id, device_id, place, provider,
        token_sha256, token, topic, credential_id, environment, token_valid)
      select $1, * from unnest($2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[])
      """, values)
  }

  private func conversations(_ keys: Set<ConversationKey>) -> PostgresCall {
    let rows = keys.compactMap { key in state.conversations[key].map { (key, $0) } }
    var values = parameters()
    values.add(array: rows.map(\.0.storedName))
    values.add(array: rows.map(\.0.group?.rawValue))
    values.add(array: rows.map(\.0.pair?.0.rawValue))
    values.add(array: rows.map(\.0.pair?.1.rawValue))
    values.add(array: rows.map(\.1.facts.name))
    values.add(array: rows.map(\.1.sequence))
    values.add(array: rows.map(\.1.facts.kind))
    values.add(array: rows.map { $0.1.facts.owner?.rawValue })
    return PostgresCall(
      """
      insert into \(tables.schema).conversations (app, conversation, group_id, first_user,
        second_user, name, sequence, kind, owner)
      select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::bigint[], $8::text[], $9::text[])
      on conflict (app, conversation) do update set name = excluded.name,
        sequence = excluded.sequence, kind = excluded.kind, owner = excluded.owner
      """, values)
  }

  private func members(_ keys: Set<MemberKey>) -> PostgresCall {
    let rows = keys.compactMap { key in
      state.conversations[key.conversation]?.members[key.user].map { (key, $0) }
    }
    var values = parameters()
    values.add(array: rows.map(\.0.conversation.storedName))
    values.add(array: rows.map(\.0.user.rawValue))
    values.add(array: rows.map(\.1.nameCard))
    add(rows.map(\.1), to: &values)
    values.add(array: rows.map { PostgresJSONB(Self.json($0.1.rejected)) })
    return PostgresCall(
      """
      insert into \(tables.schema).members (app, conversation, user_id, name_card, receive,
        read_position, read_sequence, adjustment, frozen_at, rejected)
      select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::jsonb[])
      on conflict (app, conversation, user_id) do update set receive = excluded.receive,
        name_card = excluded.name_card, read_position = excluded.read_position,
        read_sequence = excluded.read_sequence, adjustment = excluded.adjustment,
        frozen_at = excluded.frozen_at, rejected = excluded.rejected
      """, values)
  }

  private func standings(_ standings: [Standing]) -> PostgresCall {
    var values = parameters()
    values.add(array: standings.map(\.member.user.rawValue))
    values.add(array: standings.map(\.member.conversation.storedName))
    values.add(array: standings.map(\.position))
    add(standings.map(\.state), to: &values)
    return PostgresCall(
      """
      insert into \(tables.schema).standings (app, user_id, conversation, position, receive,
        read_position, read_sequence, adjustment, frozen_at)
      select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[])
      """, values)
  }

  /// From `receive` to `frozen_at`.
  private func add(_ states: [MemberState?], to values: inout PostgresParameters) {
    values.add(array: states.map { $0?.receive.rawValue })
    values.add(array: states.map { $0?.readPosition })
    values.add(array: states.map { $0?.readSequence })
    values.add(array: states.map { $0?.adjustment })
    values.add(array: states.map { $0?.frozenAt })
  }

  private static func json(_ ranges: [ClosedRange<Int64>]) -> [UInt8] {
    JSON.array(ranges.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) })
      .serialized()
  }

  private func removedMembers(_ keys: Set<MemberKey>) -> PostgresCall {
    let ordered = Array(keys)
    var values = parameters()
    values.add(array: ordered.map(\.conversation.storedName))
    values.add(array: ordered.map(\.user.rawValue))
    return PostgresCall(
      """
      delete from \(tables.schema).members m
      using unnest($2::text[], $3::text[]) as gone (conversation, user_id)
      where m.app = $1 and m.conversation = gone.conversation and m.user_id = gone.user_id
      """, values)
  }
}

extension PostgresTimestamp {
  init(_ timestamp: Timestamp) { self.init(microseconds: timestamp.microseconds) }
}

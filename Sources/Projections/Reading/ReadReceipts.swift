public import Postgres
public import PushCore

/// A device as a provider names it, and what the message at a place is called.
public struct NamedPush: Sendable, Equatable {
  public var user: UserID
  public var device: DeviceID
  /// Nil where no place was asked for, or no message stands at it.
  public var message: MessageID?
}

extension NotificationsReader {
  /// Whose a token is now, and which message stands at a place.
  ///
  /// - Parameter asked: Hashes of tokens in hexadecimal digits, with the places of messages.
  /// - Returns: One for each asked, nil where no device has the token.
  public func pushes(
    _ asked: [(tokenSHA256: String, position: Position?)], through provider: ProviderName,
    of app: AppID
  ) async throws(PostgresError) -> [NamedPush?] {
    var values = parameters(app)
    values.add(provider.rawValue)
    values.add(array: asked.map(\.tokenSHA256))
    values.add(array: asked.map(\.position))
    let rows = try await pool.query(
      """
      select a.number::int, v.user_id, v.device_id, m.message_id
      from unnest($3::text[], $4::bigint[]) with ordinality
        as a (token_sha256, position, number)
      join (
        select app, user_id, device_id, provider, token_sha256 from pushledger.devices
        where state is distinct from 'logged_out'
        union all
        select f.app, f.user_id, f.device_id, f.provider, f.token_sha256
        from pushledger.fallbacks f
        join pushledger.devices d on d.app = f.app and d.user_id = f.user_id
          and d.device_id = f.device_id
        where d.state is distinct from 'logged_out'
      ) v on v.app = $1 and v.provider = $2 and v.token_sha256 = a.token_sha256
      left join pushledger.messages m on m.app = $1 and m.position = a.position
      """, values)
    var found = [NamedPush?](repeating: nil, count: asked.count)
    for row in rows {
      let index = Int(try row.get(0, as: Int32.self)) - 1
      guard found.indices.contains(index) else { continue }
      found[index] = NamedPush(
        user: UserID(unchecked: try row.get(1)), device: DeviceID(unchecked: try row.get(2)),
        message: try row.optional(3, as: String.self).map(MessageID.init(unchecked:)))
    }
    return found
  }
}

import Ledger
import Postgres
import PushCore

/// Finds the event that called a delivery off: of those committed when it ended, the first one that
/// does that.
struct CallOffReader {
  let app: AppID
  let connection: PostgresConnection
  let sent: SentMessage

  func callOff(
    of delivery: ExplainedDelivery, _ user: UserID, _ device: DeviceID?
  ) async throws -> ExplainedCallOff? {
    guard let reason = delivery.reason.flatMap(CancellationReason.init(rawValue:)) else {
      return nil
    }
    guard let device, let endedAt = delivery.endedAt else {
      return ExplainedCallOff(reason: reason, event: nil)
    }
    let event: HistoryEvent?
    switch reason {
    case .read: event = try await first(in: .user(user), ["conversation.read"], endedAt)
    case .recalled: event = sent.recalled
    case .erased:
      event = try await query("e.type = 'content.erased'", endedAt, []).first { event in
        guard case .contentErased(let erasure) = event.body else { return false }
        return erasure.positions.contains(sent.event.position)
      }
    case .foreground:
      event = try await first(in: .device(user, device), ["device.foregrounded"], endedAt)
    case .offline: event = try await first(in: .device(user, device), ["device.offline"], endedAt)
    case .loggedOut: event = try await logout(user, device, endedAt)
    case .operator:
      event = try await query(
        "e.stream = $6 and e.type = 'push.cancelled'", endedAt,
        [StreamName.message(sent.message.id).rawValue]
      ).first { event in
        guard case .pushCancelled(let order) = event.body else { return false }
        return order.user == user && order.device == device
      }
    case .expired: event = nil
    }
    guard case .pushCancelled(let order)? = event?.body else {
      return ExplainedCallOff(reason: reason, event: event.map(Since.init))
    }
    return ExplainedCallOff(
      reason: reason, event: event.map(Since.init), by: order.by, why: order.reason)
  }

  /// The device's own logout, the account's end, another device's login, the token elsewhere, or
  /// another device that took its place.
  private func logout(
    _ user: UserID, _ device: DeviceID, _ endedAt: Timestamp
  ) async throws -> HistoryEvent? {
    if let own = try await first(
      in: .device(user, device), ["device.logged_out", "device.unregistered"], endedAt)
    {
      return own
    }
    if let deleted = try await first(in: .user(user), ["user.deleted"], endedAt) { return deleted }
    let range = StreamName.deviceRange(of: user)
    let others = try await query(
      """
      e.stream >= $6 and e.stream < $7 and e.type in ('device.logged_in', 'device.registered')
      """, endedAt, [range.first, range.end])
    let kicking = others.first { event in
      guard case .deviceLoggedIn(let login) = event.body else { return false }
      return login.device != device && !login.kicks.isEmpty
    }
    if let kicking { return kicking }
    let taken = try await query(
      """
      e.type = 'device.registered' and e.stream <> $6
        and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| (
          select array_agg(t.sha256) from ledger.events r
          cross join lateral jsonb_array_elements_text(
            jsonb_path_query_array(r.data, 'strict $.**.token_sha256')) as t (sha256)
          where r.app = $1 and r.stream = $6 and r.type = 'device.registered')
      """, endedAt, [StreamName.device(user, device).rawValue])
    return taken.first ?? others.first
  }

  private func first(
    in stream: StreamName, _ types: [String], _ endedAt: Timestamp
  ) async throws -> HistoryEvent? {
    try await query(
      "e.stream = $6 and e.type in ($7, $8)", endedAt,
      [stream.rawValue, types[0], types.last ?? types[0]]
    ).first { event in
      guard case .conversationRead(let user, let peer, _) = event.body else { return true }
      return ConversationKey(peer, seenBy: user) == sent.key
    }
  }

  /// - Parameters:
  ///   - condition: A fixed text over `ledger.events e`, with its texts from `$6` on.
  ///   - texts: Their values.
  /// - Returns: The events of that moment, at most 1,000: more than one commit has of a stream.
  private func query(
    _ condition: String, _ endedAt: Timestamp, _ texts: [String]
  ) async throws -> [HistoryEvent] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(sent.event.position)
    values.add(PostgresTimestamp(endedAt))
    values.add(Self.eventsLimit)
    values.add(array: sent.skipped.all)
    for text in texts { values.add(text) }
    let rows = try await connection.query(
      """
      select e.position, e.type, e.occurred_at, e.recorded_at, e.data, e.content
      from ledger.events e
      where e.app = $1 and e.position > $2
        and e.position <= pushledger.position_at($1, $3) and e.recorded_at = $3
        and e.position <> all ($5::bigint[]) and \(condition)
      order by e.position limit $4
      """, values)
    return try rows.compactMap { try HistoryEvent($0) }
  }

  private static let eventsLimit: Int64 = 1_000
}

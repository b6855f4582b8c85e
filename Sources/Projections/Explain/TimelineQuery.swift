import Ledger
import Postgres
import PushCore

/// The statements of one page of a history.
struct TimelineQuery {
  let app: AppID
  let connection: PostgresConnection
  let subject: TimelineSubject
  let place: TimelineReader.Place
  let limit: Int

  private static let columns =
    "e.position, e.event_id, e.type, e.schema, e.stream, e.occurred_at, e.recorded_at, e.data, "
    + "e.content"

  /// The comparison and order of the page's direction, fixed texts for `$2`.
  private var isBefore: Bool { if case .before = place { true } else { false } }
  private var comparison: String { isBefore ? "<" : ">" }
  private var order: String { isBefore ? "desc" : "asc" }
  private var position: Position {
    switch place {
    case .before(let position), .after(let position): position
    }
  }

  private func parameters() -> PostgresParameters {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(position)
    values.add(Int64(limit))
    return values
  }

  // MARK: Events

  func addEvents(to found: inout [Position: TimelineEntry]) async throws {
    var calls = [streamCall(try await streams())]
    if case .user(let user) = subject { calls.append(memberCall(user)) }
    for result in try await connection.pipeline(calls) {
      for event in try EventPage.events(result, of: app) {
        found[event.position] = TimelineEntry(event)
      }
    }
  }

  private func streams() async throws -> [StreamName] {
    switch subject {
    case .message(let message): [.message(message)]
    case .device(let user, let device): [.device(user, device)]
    case .group(let group): [.group(group)]
    case .user(let user): [.user(user)] + (try await deviceStreams(of: user))
    }
  }

  /// Steps from one stream's name to the next, over all their events.
  private func deviceStreams(of user: UserID) async throws -> [StreamName] {
    let range = StreamName.deviceRange(of: user)
    let rows = try await connection.query(
      """
      \(StreamWalk.names(from: "$2", before: "$3"))
      select stream from names where stream is not null limit $4
      """, [app.rawValue, range.first, range.end, TimelineReader.streamsLimit])
    return try rows.map { StreamName(unchecked: try $0.get(0)) }
  }

  private func streamCall(_ streams: [StreamName]) -> PostgresCall {
    var values = parameters()
    values.add(array: streams.map(\.rawValue))
    return PostgresCall(
      """
      select \(Self.columns) from unnest($4::text[]) as wanted (stream)
      cross join lateral (
        select * from ledger.events e
        where e.app = $1 and e.stream = wanted.stream and e.position \(comparison) $2
        order by e.app \(order), e.stream \(order), e.position \(order) limit $3) e
      order by e.position \(order) limit $3
      """, values)
  }

  /// What was said of a user in groups' streams.
  private func memberCall(_ user: UserID) -> PostgresCall {
    var values = parameters()
    values.add(user.rawValue)
    return PostgresCall(
      """
      select \(Self.columns) from ledger.events e
      where e.app = $1 and e.data ->> 'user' = $4 and e.position \(comparison) $2
        and e.type in ('group.member_added', 'group.receive_changed', 'group.member_removed')
      order by e.position \(order) limit $3
      """, values)
  }

  // MARK: Messages

  func addMessages(to found: inout [Position: TimelineEntry]) async throws {
    switch subject {
    case .message: return
    case .user(let user): try await addDeliveries(to: user, nil, &found)
    case .device(let user, let device): try await addDeliveries(to: user, device, &found)
    case .group(let group): try await addGroupMessages(group, &found)
    }
  }

  private func addGroupMessages(
    _ group: GroupID, _ found: inout [Position: TimelineEntry]
  ) async throws {
    var values = parameters()
    values.add(ConversationKey.group(group).storedName)
    let rows = try await connection.query(
      """
      select \(Self.columns), m.recipients, m.pushes from pushledger.messages m
      cross join lateral (
        select * from ledger.events e where e.app = $1 and e.position = m.position offset 0) e
      where m.app = $1 and m.conversation = $4 and m.position \(comparison) $2
      order by m.position \(order) limit $3
      """, values)
    for (row, event) in zip(rows, try EventPage.events(rows, of: app)) {
      var entry = TimelineEntry(event)
      entry.reach = TimelineEntry.Reach(
        recipients: Int64(try row.get(9, as: Int32.self)),
        pushes: Int64(try row.get(10, as: Int32.self)))
      found[event.position] = entry
    }
  }

  private func addDeliveries(
    to user: UserID, _ device: DeviceID?, _ found: inout [Position: TimelineEntry]
  ) async throws {
    var values = parameters()
    values.add(user.rawValue)
    values.add(device?.rawValue)
    let rows = try await connection.query(
      """
      select \(Self.columns), d.device_id, d.status, d.reason, d.provider, d.badge,
        d.delivered_at is not null, d.opened_at is not null, d.not_shown_at is not null
      from (
        select distinct d.position from pushledger.deliveries d
        where d.app = $1 and d.user_id = $4 and d.position \(comparison) $2
          and ($5::text is null or d.device_id = $5)
        order by d.position \(order) limit $3) p
      join pushledger.deliveries d on d.app = $1 and d.user_id = $4 and d.position = p.position
        and ($5::text is null or d.device_id = $5)
      join ledger.events e on e.app = $1 and e.position = p.position
      order by d.position, d.device_id
      """, values)
    for (row, event) in zip(rows, try EventPage.events(rows, of: app)) {
      found[event.position, default: TimelineEntry(event)].deliveries.append(
        TimelineEntry.Delivery(
          device: try row.optional(9, as: String.self).map(DeviceID.init(unchecked:)),
          status: try row.get(10), reason: try row.optional(11), provider: try row.optional(12),
          badge: try row.optional(13), isDelivered: try row.get(14), isOpened: try row.get(15),
          isNotShown: try row.get(16)))
    }
  }
}

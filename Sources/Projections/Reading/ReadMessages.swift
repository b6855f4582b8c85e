import Ledger
public import Postgres
public import PushCore

public import struct Foundation.UUID

extension NotificationsReader {
  /// Deliveries of one page at most.
  public static let deliveriesPerPage = 1_000

  /// Reads a message with a page of its deliveries; nil where the projection has none such.
  ///
  /// - Parameters:
  ///   - after: The ``MessageReport/next`` of the page before.
  ///   - limit: 1 to ``deliveriesPerPage``.
  public func message(
    _ id: MessageID, of app: AppID, after: UUID? = nil, limit: Int = deliveriesPerPage
  ) async throws(PostgresError) -> MessageReport? {
    let limit = min(max(limit, 1), Self.deliveriesPerPage)
    var named = parameters(app)
    named.add(id.rawValue)
    let found = try await pool.query(Self.messageSQL, named)
    guard let row = found.first else { return nil }
    let position: Position = try row.get(0)
    var placed = parameters(app)
    placed.add(position)
    let counts = try await pool.query(Self.countsSQL, placed)
    let page = try await deliveries(at: position, of: app, after: after, limit: limit)
    return try report(id, row, counts, page)
  }

  /// Reads a page of the deliveries of the message at a position, in the order of their ids.
  ///
  /// - Parameters:
  ///   - after: The ``DeliveryPage/next`` of the page before.
  ///   - limit: 1 to ``deliveriesPerPage``.
  public func deliveries(
    at position: Position, of app: AppID, after: UUID? = nil, limit: Int = deliveriesPerPage
  ) async throws(PostgresError) -> DeliveryPage {
    let limit = min(max(limit, 1), Self.deliveriesPerPage)
    var values = parameters(app)
    values.add(position)
    values.add(after)
    values.add(Int64(limit) + 1)
    let rows = try await pool.query(Self.deliveriesSQL, values)
    var page = DeliveryPage(deliveries: [])
    for row in rows.prefix(limit) { page.deliveries.append(try DeliveryReport(row)) }
    if rows.count > limit { page.next = page.deliveries.last?.id }
    return page
  }

  /// - Returns: What a delivery is of; nil where the projection has none such.
  public func delivery(
    _ id: UUID, of app: AppID
  ) async throws(PostgresError) -> DeliveryPlace? {
    var named = parameters(app)
    named.add(id)
    let rows = try await pool.query(
      """
      select message_id, user_id, device_id from pushledger.deliveries
      where app = $1 and delivery_id = $2
      """, named)
    guard let row = rows.first else { return nil }
    return DeliveryPlace(
      message: MessageID(unchecked: try row.get(0)), user: UserID(unchecked: try row.get(1)),
      device: try row.optional(2, as: String.self).map(DeviceID.init(unchecked:)))
  }

  /// The messages that deliveries belong to; those the projection has not are left out.
  public func messages(
    ofDeliveries ids: [UUID], in app: AppID
  ) async throws(PostgresError) -> [UUID: MessageID] {
    var named = parameters(app)
    named.add(array: ids)
    let rows = try await pool.query(
      """
      select d.delivery_id, d.message_id
      from unnest($2::uuid[]) as wanted (delivery_id)
      join pushledger.deliveries d on d.app = $1 and d.delivery_id = wanted.delivery_id
      """, named)
    var messages: [UUID: MessageID] = [:]
    for row in rows { messages[try row.get(0)] = MessageID(unchecked: try row.get(1)) }
    return messages
  }

  private static let messageSQL = """
    select position, sender, to_group, to_user, recalled, occurred_at, recorded_at, expires_at,
      recipients, \(ArchivedMessage.condition)
    from pushledger.messages m where app = $1 and message_id = $2
    """

  private static let countsSQL = """
    select status, reason, sum(number)::bigint from (
      select status, reason, count(*) as number
      from pushledger.deliveries where app = $1 and position = $2
      group by status, reason
      union all
      select 'suppressed', reason, count
      from pushledger.suppressed_counts where app = $1 and position = $2
    ) as counted group by status, reason order by status, reason
    """

  private static let deliveriesSQL = """
    select delivery_id, user_id, device_id, provider, status, reason, badge, sound, attempts,
      decided_at, first_attempt_at, ended_at, delivered_at, opened_at, not_shown_at,
      not_shown_reason
    from pushledger.deliveries
    where app = $1 and position = $2 and ($3::uuid is null or delivery_id > $3)
    order by delivery_id limit $4
    """

  private func report(
    _ id: MessageID, _ row: PostgresRow, _ counts: PostgresResult, _ page: DeliveryPage
  ) throws(PostgresError) -> MessageReport {
    let recipient: Peer
    if let group = try row.optional(2, as: String.self) {
      recipient = .group(GroupID(unchecked: group))
    } else {
      recipient = .user(UserID(unchecked: try row.get(3)))
    }
    var report = MessageReport(
      id: id, position: try row.get(0), sender: UserID(unchecked: try row.get(1)),
      recipient: recipient, recalled: try row.get(4), occurredAt: try row.timestamp(5),
      recordedAt: try row.timestamp(6), expiresAt: try row.timestamp(7),
      recipients: Int64(try row.get(8, as: Int32.self)), isArchived: try row.get(9), counts: [],
      deliveries: page.deliveries, next: page.next)
    for count in counts {
      report.counts.append(
        DeliveryCount(
          status: try count.get(0), reason: try count.optional(1), count: try count.get(2)))
    }
    return report
  }
}

extension DeliveryReport {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    id = try row.get(0)
    user = UserID(unchecked: try row.get(1))
    device = try row.optional(2, as: String.self).map(DeviceID.init(unchecked:))
    provider = try row.optional(3)
    status = try row.get(4)
    reason = try row.optional(5)
    badge = try row.optional(6)
    sound = try row.optional(7)
    attempts = try row.get(8)
    decidedAt = try row.timestamp(9)
    firstAttemptAt = try row.optionalTimestamp(10)
    endedAt = try row.optionalTimestamp(11)
    deliveredAt = try row.optionalTimestamp(12)
    openedAt = try row.optionalTimestamp(13)
    notShownAt = try row.optionalTimestamp(14)
    notShownReason = try row.optional(15)
  }
}

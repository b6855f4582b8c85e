import Ledger
public import Postgres
public import PushCore

public import struct Foundation.UUID

/// Lets deliveries that somebody chose be called off, or sent again. Each order is an event.
public struct DeliveryControl: Sendable {
  /// Deliveries in one call at most.
  public static let maximum = 500
  /// How often orders are looked at again where content is erased while they are given.
  private static let tries = 3

  public enum Order: String, Sendable, CaseIterable {
    /// Calls off what is due.
    case cancel
    /// Sends again what was refused, expired or called off.
    case retry
  }

  /// A delivery that was chosen.
  public struct Choice: Sendable, Equatable {
    public var id: UUID
    public var message: MessageID
    public var user: UserID
    /// Nil where the decision concerns the recipient.
    public var device: DeviceID?
    public var provider: String?
    /// A ``PushCore/DeliveryStatus`` in its stored form.
    public var status: String
    /// Why the order leaves it as it is, in a sentence; nil: it takes it.
    public var refusal: String?
  }

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// What an order would take, and what it would leave, as things stand. Nothing is done.
  ///
  /// - Parameter ids: At most ``maximum``; those of no delivery of the app are left out.
  public func plan(
    _ order: Order, _ ids: [UUID], of app: AppID
  ) async throws -> [Choice] {
    try await pool.withConnection { connection in
      try await Self.plan(order, ids, of: app, connection)
    }
  }

  /// Carries an order out for what it takes.
  ///
  /// - Parameters:
  ///   - keyID: Who wants it.
  ///   - reason: At most ``PushCore/Limits/reasonBytes``; it stays in the ledger, and so must hold
  ///     nothing personal.
  /// - Returns: How many deliveries it took.
  public func carryOut(
    _ order: Order, _ ids: [UUID], of app: AppID, by keyID: String?, reason: String?,
    now: Timestamp
  ) async throws -> Int {
    for _ in 0..<Self.tries {
      do {
        return try await pool.transaction { connection in
          let taken = try await Self.plan(order, ids, of: app, connection)
            .filter { $0.refusal == nil }
          let events = taken.compactMap { Self.event(order, $0, keyID, reason, now) }
          guard !events.isEmpty else { return 0 }
          _ = try await connection.pipeline([AppendStatement.call(events, to: app)])
          // Nothing is erased or ordered from here on: whoever would waits for this.
          let again = try await Self.plan(
            order, taken.map(\.id), of: app, given: events.map(\.id), connection)
          guard again.allSatisfy({ $0.refusal == nil }) else { throw Changed() }
          return events.count
        }
      } catch is Changed {
        continue
      }
    }
    return 0
  }

  /// What was chosen is not as it was.
  private struct Changed: Error {}

  private static func event(
    _ order: Order, _ choice: Choice, _ keyID: String?, _ reason: String?, _ now: Timestamp
  ) -> NewEvent? {
    guard let device = choice.device else { return nil }
    let wanted = PushOrder(
      deliveryID: choice.id, message: choice.message, user: choice.user, device: device, by: keyID,
      reason: reason)
    return NewEvent(
      id: UUID(), type: order == .cancel ? .pushCancelled : .pushRetried,
      stream: .message(choice.message), occurredAt: now, data: wanted.json.serialized(),
      content: nil)
  }

  // MARK: Planning

  /// - Parameter given: Events of orders that are this one's own.
  private static func plan(
    _ order: Order, _ ids: [UUID], of app: AppID, given: [UUID] = [],
    _ connection: PostgresConnection
  ) async throws(PostgresError) -> [Choice] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: Array(ids.prefix(maximum)))
    values.add(array: given)
    values.add(ProjectionTables.projection)
    let rows = try await connection.query(
      """
      select d.delivery_id, d.message_id, d.user_id, d.device_id, d.provider, d.status, m.recalled,
        m.expires_at <= clock_timestamp(), e.content is null,
        case
          when v.device_id is null then 'not known any more'
          when v.state in ('logged_out', 'offline', 'token_invalid', 'foreground')
            then replace(v.state, '_', ' ')
          when v.provider is null then 'without a token'
          when not v.push then 'switched off for pushes'
        end,
        exists (
          select from pushledger.events o
          where o.app = $1 and o.type in ('push.cancelled', 'push.retried')
            and o.stream = 'message/' || replace(replace(d.message_id, '%', '%25'), '/', '%2F')
            and o.position > (
              select c.position from pushledger.checkpoints c
              where c.app = $1 and c.projection = $4)
            and lower(o.data ->> 'delivery_id') = d.delivery_id::text
            and o.event_id <> all ($3::uuid[]))
      from (
        select w.id, min(w.place) as place
        from unnest($2::uuid[]) with ordinality as w (id, place) group by w.id) w
      cross join lateral (
        select * from pushledger.deliveries d
        where d.app = $1 and d.delivery_id = w.id limit 1) d
      join pushledger.messages m on m.app = $1 and m.position = d.position
      left join pushledger.events e on e.app = $1 and e.position = d.position
      left join pushledger.devices v on v.app = $1 and v.user_id = d.user_id
        and v.device_id = d.device_id
      order by w.place
      """, values)
    return try rows.map { row throws(PostgresError) in
      let status: String = try row.get(5)
      let isOrdered: Bool = try row.get(10)
      return Choice(
        id: try row.get(0), message: MessageID(unchecked: try row.get(1)),
        user: UserID(unchecked: try row.get(2)),
        device: try row.optional(3, as: String.self).map(DeviceID.init(unchecked:)),
        provider: try row.optional(4), status: status,
        refusal: isOrdered
          ? "An order for it is in the ledger, and the projection comes to it: look again."
          : refusal(
            order, DeliveryStatus(rawValue: status) ?? .suppressed, isRecalled: try row.get(6),
            isOver: try row.get(7), isErased: try row.get(8), device: try row.optional(9)))
    }
  }

  private static func refusal(
    _ order: Order, _ status: DeliveryStatus, isRecalled: Bool, isOver: Bool, isErased: Bool,
    device: String?
  ) -> String? {
    switch (order, status) {
    case (_, .suppressed): "Nothing was to be sent; its message says why."
    case (.cancel, .due): nil
    case (.cancel, .accepted): "The provider has it: it cannot be taken back."
    case (.cancel, _): "It has ended already."
    case (.retry, .due): "It is due: it is tried again by itself."
    case (.retry, .accepted): "The provider took it: sent again, the phone would ring twice."
    case (.retry, _):
      if isRecalled {
        "Its message was recalled."
      } else if isErased {
        "What its message said was erased."
      } else if isOver {
        "The time in which its message may be pushed is over."
      } else if let device {
        "Its device is \(device): nothing would be sent."
      } else {
        nil
      }
    }
  }
}

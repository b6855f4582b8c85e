import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// What serving streams asks of the database: one function of schema `dispatch` each.
struct StreamsDatabase: Sendable {
  /// The channel on which a stream's process is told that another took it over.
  static let channel = "pushledger_streams"
  /// SQLSTATE of `dispatch.open_stream` for a device that is not told on a stream.
  private static let notAStream = "LG006"
  /// The number in the one row that `dispatch.hand_out_streams` answers while an app is paused.
  private static let paused: Int64 = -1

  let pool: PostgresPool
  /// This process, in all that it writes.
  let server: String

  /// Where the look at what became due ended.
  struct Cursor: Sendable {
    var position: Position
    var delivery: UUID
  }

  struct HandOut: Sendable {
    var items: [Int64: [NotificationStream.Item]] = [:]
    /// Of the streams that read and still are their device's: whether they are live now.
    var live: [Int64: Bool] = [:]
    var cursor: Cursor?
    /// Whether there may be more after the cursor.
    var hasMore = false
    /// The app's callbacks are paused: nothing was looked at.
    var isPaused = false
  }

  /// - Returns: What older streams were handed; nil where the device is not told on a stream.
  func open(_ stream: NotificationStream) async throws -> [SentRow]? {
    do {
      let result = try await pool.query(
        """
        select 1, "position", delivery_id, attempt, message_id, badge, sent_at, server
        from dispatch.open_stream($1, $2, $3, $4, $5)
        """,
        [
          stream.app.rawValue, stream.device.user.rawValue, stream.device.device.rawValue, server,
          stream.number,
        ])
      return try result.map { try Self.row($0, of: stream.device) }
    } catch let error as PostgresError where error.sqlState == Self.notAStream {
      return nil
    }
  }

  /// What of devices' streams is unrecorded up to a position each, in the order given.
  func sent(
    _ asked: [(device: DeviceKey, upTo: Position)], of app: AppID
  ) async throws -> [[SentRow]] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: asked.map(\.device.user.rawValue))
    values.add(array: asked.map(\.device.device.rawValue))
    values.add(array: asked.map(\.upTo))
    let result = try await pool.query(
      """
      select number, "position", delivery_id, attempt, message_id, badge, sent_at, server
      from dispatch.list_sent($1, $2, $3, $4)
      """, values)
    var found = asked.map { _ in [SentRow]() }
    for row in result {
      let index = Int(try row.get(0, as: Int32.self)) - 1
      guard found.indices.contains(index) else { continue }
      found[index].append(try Self.row(row, of: asked[index].device))
    }
    return found
  }

  /// What expired without an acknowledgement, of one app that has any.
  func unanswered(limit: Int) async throws -> (app: AppID, rows: [SentRow])? {
    let result = try await pool.query(
      """
      select app, "position", delivery_id, attempt, message_id, badge, sent_at, server, user_id,
        device_id
      from dispatch.list_unanswered($1)
      """, [Int32(limit)])
    guard let first = result.first else { return nil }
    return (
      AppID(unchecked: try first.get(0)),
      try result.map { row in
        try Self.row(
          row,
          of: DeviceKey(
            user: UserID(unchecked: try row.get(8)), device: DeviceID(unchecked: try row.get(9))))
      }
    )
  }

  private static func row(_ row: PostgresRow, of device: DeviceKey) throws -> SentRow {
    SentRow(
      device: device, position: try row.get(1), delivery: try row.get(2), attempt: try row.get(3),
      message: MessageID(unchecked: try row.get(4)), badge: try row.optional(5),
      sentAt: try row.timestamp(6), server: try row.get(7))
  }

  /// Hands out what is due to streams of an app.
  ///
  /// - Parameter reading: Those that read what waits; the others get what became due.
  func handOut(
    of app: AppID, after cursor: Cursor?, reading: [NotificationStream]
  ) async throws -> HandOut {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(server)
    values.add(cursor?.position)
    values.add(cursor?.delivery)
    values.add(Int32(APILimits.streamRows))
    values.add(array: reading.map(\.device.user.rawValue))
    values.add(array: reading.map(\.device.device.rawValue))
    values.add(array: reading.map(\.number))
    values.add(array: reading.map(\.offered))
    values.add(Int32(APILimits.streamPage))
    let result = try await pool.query(
      """
      select number, is_live, "position", delivery_id, expires_at, badge, sound, locale,
        notification, message_position
      from dispatch.hand_out_streams($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      """, values)
    var found = HandOut()
    var shown = Notification(text: "", threadID: "")
    for row in result {
      let number: Int64 = try row.get(0)
      if number == Self.paused {
        found.isPaused = true
        continue
      }
      if let isWhole = try row.optional(1, as: Bool.self) {
        if number == 0 {
          found.cursor = Cursor(position: try row.get(2), delivery: try row.get(3))
          found.hasMore = !isWhole
        } else {
          found.live[number] = isWhole
        }
        continue
      }
      if let json = try row.optional(8, as: PostgresJSON.self) { shown = Self.read(json) }
      found.items[number, default: []].append(try Self.item(row, shown))
    }
    return found
  }

  private static func read(_ json: PostgresJSON) -> Notification {
    let parsed = try? JSON.parse(json.bytes)
    return parsed.flatMap { try? Notification(json: $0) } ?? Notification(text: "", threadID: "")
  }

  private static func item(
    _ row: PostgresRow, _ shown: Notification
  ) throws -> NotificationStream.Item {
    var notification = shown.localized(for: try row.optional(7))
    notification.badge = try row.optional(5)
    notification.sound = try row.optional(6)
    let position: Position = try row.get(2)
    return NotificationStream.Item(
      position: position,
      text: StreamText.notification(
        position: position,
        CallbackNotification.json(
          notification, delivery: try row.get(3), position: try row.get(9),
          expiresAt: try row.timestamp(4))))
  }

  /// Gives back streams that are over, with what they were handed and never sent.
  func close(
    _ streams: [(stream: NotificationStream, unsent: [Position])], of app: AppID
  ) async throws {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(server)
    values.add(array: streams.map(\.stream.device.user.rawValue))
    values.add(array: streams.map(\.stream.device.device.rawValue))
    values.add(array: streams.map(\.stream.number))
    let unsent = streams.flatMap { entry in entry.unsent.map { (entry.stream, $0) } }
    values.add(array: unsent.map(\.0.device.user.rawValue))
    values.add(array: unsent.map(\.0.device.device.rawValue))
    values.add(array: unsent.map(\.0.number))
    values.add(array: unsent.map(\.1))
    _ = try await pool.query(
      "select dispatch.close_streams($1, $2, $3, $4, $5, $6, $7, $8, $9)", values)
  }

  /// Stores what became of what was sent, and wakes the ledger's readers.
  func record(
    _ rows: [(row: SentRow, isAccepted: Bool)], of app: AppID, at now: Timestamp
  ) async throws {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: rows.map(\.row.device.user.rawValue))
    values.add(array: rows.map(\.row.device.device.rawValue))
    values.add(array: rows.map(\.row.position))
    values.add(array: rows.map(\.row.delivery))
    values.add(array: rows.map(\.row.attempt))
    values.add(array: rows.map(\.isAccepted))
    var events: [(row: Int32, event: NewEvent)] = []
    for (index, entry) in rows.enumerated() {
      for event in try entry.row.events(isAccepted: entry.isAccepted, in: app, at: now) {
        events.append((Int32(index + 1), event))
      }
    }
    values.add(array: events.map(\.row))
    values.add(array: events.map(\.event.id))
    values.add(array: events.map(\.event.type.rawValue))
    values.add(array: events.map(\.event.stream.rawValue))
    values.add(
      array: events.map { PostgresTimestamp(microseconds: $0.event.occurredAt.microseconds) })
    values.add(array: events.map { PostgresJSONB($0.event.data) })
    _ = try await pool.query(
      """
      select dispatch.record_sent($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      """, values)
    _ = try await pool.query("select pg_notify($1, $2)", [LedgerChannels.events, app.rawValue])
  }
}

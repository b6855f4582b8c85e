public import Ledger
public import Postgres
public import PushCore

import struct Foundation.UUID

/// Appends `device.offline` for devices that nothing was heard of for as long as their app waits.
///
/// The event's id is that of the device and the moment it was last heard of: two watches that see
/// the same device append one event.
public struct ReachWatch: Sendable {
  static let devicesPerLook = 500

  let pool: PostgresPool
  let appender: Appender
  let clock: @Sendable () -> Timestamp

  public init(
    pool: PostgresPool, appender: Appender,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.systemClock
  ) {
    self.pool = pool
    self.appender = appender
    self.clock = clock
  }

  /// Looks at every app once.
  public func look() async throws {
    let apps = try await pool.query(
      "select app, reachable_days from ledger.apps where reachable_days is not null order by app")
    for row in apps {
      let days: Int32 = try row.get(1)
      try await look(
        at: AppID(unchecked: try row.get(0)), before: clock() - .seconds(86_400 * Int64(days)))
    }
  }

  private func look(at app: AppID, before moment: Timestamp) async throws {
    var last: (active: Timestamp, user: String, device: String)?
    while !Task.isCancelled {
      let rows = try await pool.query(
        """
        select user_id, device_id, active_at from notifications_v1.devices
        where app = $1 and active_at < $2 
          and ($3::timestamptz is null or (active_at, user_id, device_id) > ($3, $4, $5))
          and not logged_out and not offline and activity is distinct from 'foreground'
        order by active_at, user_id, device_id limit $6
        """,
        [
          app.rawValue, PostgresTimestamp(microseconds: moment.microseconds),
          last.map { PostgresTimestamp(microseconds: $0.active.microseconds) }, last?.user,
          last?.device,
          Int64(Self.devicesPerLook),
        ])
      guard !rows.isEmpty else { return }
      let now = clock()
      let events = try rows.map { row in
        let user = UserID(unchecked: try row.get(0))
        let device = DeviceID(unchecked: try row.get(1))
        let active = try row.timestamp(2)
        last = (active, user.rawValue, device.rawValue)
        return try EventDoor.event(
          id: EventID.foreign(
            "reach", "offline", [user.rawValue, device.rawValue, String(active.microseconds)],
            app: app),
          type: .deviceOffline, occurredAt: now,
          data: ["user": JSON(user), "device": JSON(device)], content: nil)
      }
      _ = try await appender.appendEvents(events, to: app)
    }
  }
}

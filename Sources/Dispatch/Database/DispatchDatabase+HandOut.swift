import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// What is to be handed out of an app's lanes, and what was and is not recorded yet.
struct HandOutRequest: Sendable {
  struct Row: Sendable {
    /// The lane's place in ``HandOutRequest/lanes``, from 0.
    var lane: Int
    var provider: ProviderName
    var key: RowKey
    var attempt: Int
    /// Whose it is; nil for one that was handed out before.
    var device: DeviceKey?
  }

  var app: AppID
  /// Higher than in all hand-outs of the process before.
  var number: Int64
  var lanes: [HeldLaneID]
  var rows: [Row]
}

extension DispatchDatabase {
  /// Hands out deliveries: once this returns, they may be sent.
  ///
  /// - Returns: What is still due of those asked for.
  func handOut(_ request: HandOutRequest) async throws -> [LoadedDelivery] {
    var values = PostgresParameters()
    values.add(request.app.rawValue)
    values.add(dispatcher)
    values.add(request.number)
    values.add(array: request.lanes.map(\.lane))
    values.add(array: request.lanes.map(\.epoch))
    values.add(array: request.rows.map { Int32($0.lane + 1) })
    values.add(array: request.rows.map(\.provider.rawValue))
    values.add(array: request.rows.map(\.key.position))
    values.add(array: request.rows.map(\.key.delivery))
    values.add(array: request.rows.map { Int32(clamping: $0.attempt) })
    values.add(array: request.rows.map { $0.device != nil })
    let result = try await pool.query(
      """
      select number, attempts, expires_at, badge, sound, message_id, notification, provider,
        token, token_sha256, token_valid, topic, environment, credential_id, locale,
        message_position
      from dispatch.hand_out($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      """, values)
    var loaded: [LoadedDelivery] = []
    loaded.reserveCapacity(result.count)
    var notifications: [Position: Notification?] = [:]
    for row in result {
      let number = Int(try row.get(0, as: Int32.self)) - 1
      guard request.rows.indices.contains(number) else { continue }
      let wanted = request.rows[number]
      guard let device = wanted.device else { continue }
      let notification: Notification?
      if let known = notifications[wanted.key.position] {
        notification = known
      } else {
        notification = try Self.notification(row, 6)
        notifications[wanted.key.position] = notification
      }
      loaded.append(
        try Self.delivery(
          row, of: wanted, device, lane: request.lanes[wanted.lane].lane, app: request.app,
          notification))
    }
    return loaded
  }

  private static func notification(_ row: PostgresRow, _ column: Int) throws -> Notification? {
    let bytes = try row.get(column, as: PostgresJSON.self).bytes
    guard let json = try? JSON.parse(bytes) else { return nil }
    return try? Notification(json: json)
  }

  private static func delivery(
    _ row: PostgresRow, of wanted: HandOutRequest.Row, _ device: DeviceKey, lane: Int16,
    app: AppID, _ shown: Notification?
  ) throws -> LoadedDelivery {
    var notification = shown ?? Notification(text: "", threadID: "")
    notification = notification.localized(for: try row.optional(14))
    notification.badge = try row.optional(3)
    notification.sound = try row.optional(4)
    let token = try row.optional(8, as: String.self)
    let topic = try row.optional(11, as: String.self)
    let environment = try row.environment(12)
    let request = PushRequest(
      app: app, deliveryID: wanted.key.delivery,
      attempt: Int(try row.get(1, as: Int32.self)) + 1, token: token ?? "", topic: topic,
      environment: environment, notification: notification, position: try row.get(15),
      expiresAt: try row.timestamp(2))
    return LoadedDelivery(
      app: app, lane: lane, provider: wanted.provider, key: wanted.key, device: device,
      message: MessageID(unchecked: try row.get(5)),
      tokenSHA256: try row.optional(9, as: String.self) ?? "", request: request,
      obstacle: shown == nil
        ? AttemptResult(.rejected, reason: "notification_unreadable")
        : notification.isErased
          ? AttemptResult(.rejected, reason: AttemptResult.contentErased)
          : obstacle(
            provider: try row.optional(7), wanted: wanted.provider, token: token,
            isValid: try row.optional(10) ?? true),
      route: RouteKey(
        app: app, provider: wanted.provider, topic: topic, environment: environment,
        credential: try row.optional(13)))
  }

  /// What stands in the way for good, whatever a provider would say.
  private static func obstacle(
    provider: String?, wanted: ProviderName, token: String?, isValid: Bool
  ) -> AttemptResult? {
    guard let provider else { return AttemptResult(.rejected, reason: "device_unknown") }
    if provider != wanted.rawValue { return AttemptResult(.rejected, reason: "provider_changed") }
    guard let token, !token.isEmpty else {
      return AttemptResult(.rejected, reason: AttemptResult.tokenErased)
    }
    return isValid ? nil : AttemptResult(.tokenInvalid, reason: "token_invalid")
  }
}

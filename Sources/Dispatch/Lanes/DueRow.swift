import PushCore

import struct Foundation.UUID

/// Where a due delivery stands in its lane: by the position of what made it due, then by its id, as
/// PostgreSQL orders them.
struct RowKey: Hashable, Comparable, Sendable {
  var position: Position
  var delivery: UUID

  /// Before every delivery of a position.
  static func before(_ position: Position) -> RowKey {
    RowKey(
      position: position, delivery: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
  }

  static func < (left: RowKey, right: RowKey) -> Bool {
    guard left.position == right.position else { return left.position < right.position }
    return withUnsafeBytes(of: left.delivery.uuid) { left in
      withUnsafeBytes(of: right.delivery.uuid) { right in
        left.lexicographicallyPrecedes(right)
      }
    }
  }
}

/// Which way a delivery goes: what decides on its credential.
struct RouteKey: Hashable, Sendable {
  var app: AppID
  var provider: ProviderName
  var topic: String?
  var environment: PushEnvironment
  /// The credential that the device's token belongs to; nil: any that fits.
  var credential: String?
}

/// A route's number in this process.
typealias RouteID = Int

/// A row of `dispatch.due` as it is listed.
struct DueRow: Sendable, Equatable {
  var key: RowKey
  var device: DeviceKey
  /// Attempts recorded so far.
  var attempts: Int
  var dueAt: Timestamp
  var expiresAt: Timestamp
  var route: RouteID
}

/// A delivery as it was handed out: all that a provider must know.
final class LoadedDelivery: Sendable {
  let app: AppID
  let lane: Int16
  let provider: ProviderName
  let key: RowKey
  let device: DeviceKey
  let message: MessageID
  let tokenSHA256: String
  let request: PushRequest
  /// Why it can't be sent, whatever the provider would say.
  let obstacle: AttemptResult?
  let route: RouteKey

  init(
    app: AppID, lane: Int16, provider: ProviderName, key: RowKey, device: DeviceKey,
    message: MessageID, tokenSHA256: String, request: PushRequest, obstacle: AttemptResult?,
    route: RouteKey
  ) {
    self.app = app
    self.lane = lane
    self.provider = provider
    self.key = key
    self.device = device
    self.message = message
    self.tokenSHA256 = tokenSHA256
    self.request = request
    self.obstacle = obstacle
    self.route = route
  }
}

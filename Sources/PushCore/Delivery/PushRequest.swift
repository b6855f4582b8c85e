public import struct Foundation.UUID

/// The channel that a device's pushes go through.
public enum ProviderName: String, Sendable, Hashable, CaseIterable {
  case apns, fcm, huawei, honor, xiaomi, oppo, vivo, meizu, webpush, callback
}

/// Which of Apple's two services a token belongs to.
public enum PushEnvironment: String, Sendable, Hashable, CaseIterable {
  case production, sandbox
}

/// One attempt at one delivery, as a provider gets it.
public struct PushRequest: Sendable {
  public var app: AppID
  /// The same in every attempt; see ``DeliveryID``.
  public var deliveryID: UUID
  /// From 1.
  public var attempt: Int
  /// The device token as the app registered it: never to be logged.
  public var token: String
  /// The app's topic (APNs: the bundle id), where the device named one.
  public var topic: String?
  public var environment: PushEnvironment
  public var notification: Notification
  /// The message's place in the app's ledger: what a provider's receipt names it by.
  public var position: Position
  /// After this instant nobody may be shown the push.
  public var expiresAt: Timestamp

  public init(
    app: AppID, deliveryID: UUID, attempt: Int, token: String, topic: String?,
    environment: PushEnvironment, notification: Notification, position: Position = 0,
    expiresAt: Timestamp
  ) {
    self.app = app
    self.deliveryID = deliveryID
    self.attempt = attempt
    self.token = token
    self.topic = topic
    self.environment = environment
    self.notification = notification
    self.position = position
    self.expiresAt = expiresAt
  }
}

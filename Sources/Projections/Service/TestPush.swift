import Ledger
public import Postgres
public import PushCore

import struct Foundation.UUID

/// Sends a notification to one device, to see whether it arrives.
///
/// It is a message like any other, so all rules hold for it: a device in the foreground gets nothing.
/// It counts as unread for nobody.
public struct TestPush: Sendable {
  /// Who sends it.
  public static let sender = UserID(unchecked: "pushledger")
  /// Who sends it to a user of that very id.
  private static let otherSender = UserID(unchecked: "pushledger-test")

  public struct Order: Sendable {
    public var user: UserID
    public var device: DeviceID
    public var title: String
    public var text: String

    public init(user: UserID, device: DeviceID, title: String, text: String) {
      self.user = user
      self.device = device
      self.title = title
      self.text = text
    }
  }

  /// The app knows no such device, so nothing was sent.
  public struct UnknownDevice: Error, Equatable, CustomStringConvertible {
    /// Ids that are proposed, at most.
    private static let proposals = 5

    public var app: AppID
    public var user: UserID
    public var device: DeviceID
    /// The user's own, which are known.
    public var known: [DeviceID]

    public var description: String {
      guard !known.isEmpty else {
        return
          "App \(app) knows no device of user \(user), so nothing was sent. Register one first; "
          + "one that is registered is known once the projection has followed: pushledger status"
      }
      let more = known.count > Self.proposals ? ", …" : "."
      return "App \(app) knows no device \(device) of user \(user), so nothing was sent. Name one "
        + "that it knows: "
        + known.prefix(Self.proposals).map(\.rawValue).joined(separator: ", ") + more
    }
  }

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Returns: The message's id, which begins with `test-`.
  /// - Throws: ``UnknownDevice``, ``PushCore/FieldError``, or ``Postgres/PostgresError``.
  public func send(_ order: Order, to app: AppID, now: Timestamp) async throws -> MessageID {
    let devices = try await NotificationsReader(pool: pool).devices(of: order.user, in: app)
    guard devices.contains(where: { $0.device == order.device }) else {
      throw UnknownDevice(
        app: app, user: order.user, device: order.device, known: devices.map(\.device))
    }
    let message = MessageID(unchecked: "test-\(UUID().uuidString.lowercased())")
    let sender = order.user == Self.sender ? Self.otherSender : Self.sender
    let event = try EventDoor.event(
      id: EventID.message(message, app: app), type: .messageSent, occurredAt: now,
      data: [
        "message_id": JSON(message), "from": JSON(sender),
        "conversation": ["user": JSON(order.user)], "device": JSON(order.device),
        "counts_unread": false,
      ],
      content: [
        "elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(order.text)]]],
        "offline_push": ["Title": .string(order.title), "Desc": .string(order.text)],
      ])
    let call = AppendStatement.call([event], to: app)
    _ = try await pool.query(call.sql, call.parameters)
    return message
  }
}

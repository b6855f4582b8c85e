public import PushCore

extension APNsSimulator {
  /// A push as it arrived, and what became of it.
  public struct ReceivedPush: Sendable, Equatable {
    /// From 1, in the order of arrival, over all connections.
    public var sequence: Int
    /// Lower-case hexadecimal digits; empty where the path named none.
    public var token: String
    public var topic: String
    /// As the answer carries it: generated where the request had none.
    public var apnsID: String
    public var collapseID: String?
    public var badge: Int64?
    /// The JSON as it came; nil where it is no longer remembered.
    public var payload: [UInt8]?
    /// The header: seconds since 1970.
    public var expiration: Int64?
    public var receivedAt: Timestamp
    /// 200 for an accepted push. One that a fault lost has 0, unless it counts as accepted.
    public var status: Int
    public var reason: String?
    /// False where a fault kept the answer back.
    public var isAnswered: Bool
    /// Which connection brought it, from 1.
    public var connection: Int

    public var isAccepted: Bool { status == 200 }

    /// `aps.alert`, where it is a string, or its `body`.
    public var alertText: String? {
      guard let payload, let alert = (try? JSON.parse(payload))?["aps"]?["alert"] else {
        return nil
      }
      return alert.string ?? alert["body"]?.string
    }
  }

  /// Some of the pushes, in order.
  public struct ReceivedPage: Sendable, Equatable {
    public var pushes: [ReceivedPush]
    /// Where the next page goes on: the last sequence looked at.
    public var next: Int
    /// How many of the asked-for pushes were forgotten for lack of room.
    public var dropped: Int
  }

  public struct ReceivedCounts: Sendable, Equatable {
    public var received: Int
    public var accepted: Int
    /// How many refused or lost pushes there were, by reason (`lost` where a fault gave none).
    public var refused: [String: Int]
    /// How many of the oldest are no longer remembered.
    public var dropped: Int
    public var firstAt: Timestamp?
    public var lastAt: Timestamp?
  }

  /// One `apns-id` that was accepted more than once.
  public struct Duplicate: Sendable, Equatable {
    public var apnsID: String
    public var token: String
    /// The sequences of its accepted pushes, rising.
    public var sequences: [Int]
  }
}

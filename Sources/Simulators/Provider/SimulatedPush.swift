public import PushCore

/// A push that a simulation found in a request.
public struct SimulatedPush: Sendable, Equatable {
  /// From 1, in the order of arrival, over all connections; set when it is recorded.
  public internal(set) var sequence = 0
  /// Set when it is recorded.
  public internal(set) var receivedAt = Timestamp(microseconds: 0)
  public var token: String
  /// The provider's id of the message, as its answer carries it.
  public var id: String
  /// As it came; empty where it is no longer remembered.
  public var payload: [UInt8]
  /// What the simulation read out of it: title, body, collapse key, time to live. Its
  /// `delivery_id` says which pushes are the same one sent twice; of an older push that is all
  /// that is remembered.
  public var note: JSON
  /// Whether the provider took it: a second one would ring twice.
  public var isAccepted: Bool
  /// Which connection brought it, from 1.
  public var connection: Int

  public init(
    token: String, id: String, payload: [UInt8], note: JSON = [:], isAccepted: Bool = true,
    connection: Int
  ) {
    self.token = token
    self.id = id
    self.payload = payload
    self.note = note
    self.isAccepted = isAccepted
    self.connection = connection
  }
}

/// One delivery that was accepted more than once for the same token.
public struct SimulatedDuplicate: Sendable, Equatable {
  public var token: String
  public var deliveryID: String
  /// The sequences of its accepted pushes, rising.
  public var sequences: [Int]

  public init(token: String, deliveryID: String, sequences: [Int]) {
    self.token = token
    self.deliveryID = deliveryID
    self.sequences = sequences
  }
}

public struct SimulatedCounts: Sendable, Equatable {
  /// Pushes recorded, accepted or not.
  public var received = 0
  public var accepted = 0
  /// Accepted pushes without their repeats.
  public var deliveries = 0
  /// Accepted pushes whose token and `delivery_id` had been accepted before.
  public var duplicates: Int { accepted - deliveries }

  public init() {}
}

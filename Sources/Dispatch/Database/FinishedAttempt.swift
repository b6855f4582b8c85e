import PushCore

import struct Foundation.UUID

/// An attempt that ended, as it goes into the ledger.
struct FinishedAttempt: Sendable {
  /// The reason of an attempt whose dispatcher was lost before it could record it.
  static let lostReason = "dispatcher_lost"

  var lane: HeldLaneID
  var provider: ProviderName
  var key: RowKey
  var device: DeviceKey
  var message: MessageID
  /// From 1.
  var attempt: Int
  var result: AttemptResult
  var startedAt: Timestamp
  var finishedAt: Timestamp
  /// When it is due again; nil where it has ended.
  var retryAt: Timestamp?
  var badge: Int64?
  /// Of the token that it was sent to; nil where nothing was sent.
  var tokenSHA256: String?
  /// Who sent it.
  var dispatcher: String
  /// Whose share of what is open it takes; nil: nobody's.
  var purse: Int?
}

/// A lane in one of the times that it was held.
struct HeldLaneID: Hashable, Sendable {
  var lane: Int16
  var epoch: Int64
}

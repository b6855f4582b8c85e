import PushCore

import struct Foundation.UUID

/// Makes the events of attempts.
///
/// Every part is typed, so the events need not pass `EventDoor` again; a test holds that they do
/// so unchanged.
enum AttemptEvents {
  /// The event `push.attempted`.
  static func attempted(_ attempt: FinishedAttempt) -> NewEvent {
    let result = attempt.result
    let data = JSON.object(present: [
      ("delivery_id", .string(text(attempt.key.delivery))),
      ("message_id", .string(attempt.message.rawValue)),
      ("user", .string(attempt.device.user.rawValue)),
      ("device", .string(attempt.device.device.rawValue)),
      ("attempt", .integer(attempt.attempt)),
      ("provider", .string(attempt.provider.rawValue)),
      ("outcome", .string(result.outcome.rawValue)),
      ("status", result.status.flatMap { (0...999).contains($0) ? .integer($0) : nil }),
      ("reason", result.reason.map { .string(clean($0)) }),
      ("provider_message_id", result.providerMessageID.map { .string(clean($0)) }),
      ("retry_at", attempt.retryAt.map { .string($0.description) }),
      ("started_at", .string(attempt.startedAt.description)),
      ("finished_at", .string(attempt.finishedAt.description)),
      ("badge", attempt.badge.flatMap { (0...Int64(Int32.max)).contains($0) ? .integer($0) : nil }),
      ("payload_sha256", result.payloadSHA256.map { .string(Hex.encode($0)) }),
      ("dispatcher", .string(attempt.dispatcher)),
    ])
    return NewEvent(
      id: DeliveryID.attemptEvent(
        delivery: attempt.key.delivery, attempt: Int64(attempt.attempt)),
      type: .pushAttempted, stream: .message(attempt.message), occurredAt: attempt.finishedAt,
      data: data.serialized(), content: nil)
  }

  /// The id that the event gets where the lane was lost before it was recorded. Nil where that
  /// makes no difference: whoever takes the lane says of a lost attempt the same.
  static func fencedID(_ attempt: FinishedAttempt) -> UUID? {
    if attempt.result.reason == FinishedAttempt.lostReason { return nil }
    return DeliveryID.attemptEvent(
      delivery: attempt.key.delivery, attempt: Int64(attempt.attempt),
      fencedBy: attempt.dispatcher)
  }

  /// The event `device.token_invalidated` of an attempt that learned it; nil for all others.
  static func tokenInvalidated(_ attempt: FinishedAttempt) -> NewEvent? {
    let result = attempt.result
    guard result.outcome == .tokenInvalid, let token = attempt.tokenSHA256, !token.isEmpty else {
      return nil
    }
    let data = JSON.object(present: [
      ("user", .string(attempt.device.user.rawValue)),
      ("device", .string(attempt.device.device.rawValue)),
      ("provider", .string(attempt.provider.rawValue)),
      ("reason", .string(clean(result.reason ?? result.outcome.rawValue))),
      ("token_sha256", .string(token)),
      ("invalid_since", result.invalidSince.map { .string($0.description) }),
      ("delivery_id", .string(text(attempt.key.delivery))),
    ])
    return NewEvent(
      id: DeliveryID.derivedEvent(
        "token_invalidated", of: attempt.key.delivery, attempt: Int64(attempt.attempt)),
      type: .tokenInvalidated,
      stream: .device(attempt.device.user, attempt.device.device),
      occurredAt: attempt.finishedAt, data: data.serialized(), content: nil)
  }

  private static func text(_ id: UUID) -> String { id.uuidString.lowercased() }

  /// A provider's words, cut to what the ledger takes and without control characters.
  static func clean(_ words: String) -> String {
    if words.utf8.count <= Limits.reasonBytes, words.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
      return words
    }
    var cleaned = ""
    for scalar in words.unicodeScalars where scalar.properties.generalCategory != .control {
      if cleaned.utf8.count + scalar.utf8.count > Limits.reasonBytes { break }
      cleaned.unicodeScalars.append(scalar)
    }
    return cleaned
  }
}

extension Unicode.Scalar {
  fileprivate var utf8: Unicode.UTF8.EncodedScalar {
    Unicode.UTF8.encode(self) ?? Unicode.UTF8.encodedReplacementCharacter
  }
}

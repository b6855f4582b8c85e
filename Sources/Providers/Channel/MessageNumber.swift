internal import PushCore

/// What a message is known by to providers: the same on all phones that it goes to, so that it may
/// go to many in one request, and the same in every attempt, so that a repeat replaces what a phone
/// shows already.
enum MessageNumber {
  /// For the vendors' `notify_id` and the like: 31 bits, of the sender's collapse id where there is
  /// one, else of the message's place in the ledger.
  static func notifyID(of request: PushRequest) -> Int64 {
    guard let collapseID = request.notification.collapseID, !collapseID.isEmpty else {
      return request.position & 0x7FFF_FFFF
    }
    // FNV-1a.
    var hash: UInt32 = 2_166_136_261
    for byte in collapseID.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return Int64(hash & 0x7FFF_FFFF)
  }

  /// What a vendor sends back with a receipt: the message's place in the ledger.
  static func receiptTag(of request: PushRequest) -> String { String(request.position) }

  /// - Returns: Nil for what is no tag of ours.
  static func position(ofReceiptTag tag: String) -> Position? {
    guard let position = Position(tag), position > 0 else { return nil }
    return position
  }
}

extension PushRequest {
  /// Whole seconds until it expires, rounded down, at least 1.
  func secondsToLive(at now: Timestamp) -> Int64 { max(1, expiresAt.seconds - now.seconds) }
}

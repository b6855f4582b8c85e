import Crypto
public import Foundation

/// Names that stay the same in every run and every rebuild.
public enum DeliveryID {
  /// The namespace of PushLedger's name-based ids; made once at random, never to change.
  private static let namespace: [UInt8] = [
    0x5E, 0x2D, 0x8A, 0x51, 0x0B, 0x6C, 0x4D, 0x1F, 0x9A, 0x37, 0xC4, 0xE8, 0x71, 0x06, 0xB3, 0x2A,
  ]

  /// The id of the delivery of `message` to one device: a UUID of version 5 (RFC 9562) over app,
  /// message, user and device, each followed by a zero byte, which no id can hold.
  ///
  /// - Parameter device: Nil for a decision that concerns the recipient and none of its devices.
  public static func make(
    app: AppID, message: MessageID, user: UserID, device: DeviceID?
  ) -> UUID {
    named([app.rawValue, message.rawValue, user.rawValue, device?.rawValue ?? ""])
  }

  /// The event id of an attempt's `push.attempted`: recording it twice stores it once.
  ///
  /// - Parameter fencedBy: The dispatcher whose lane was taken from it before it could record.
  public static func attemptEvent(
    delivery: UUID, attempt: Int64, fencedBy dispatcher: String? = nil
  ) -> UUID {
    named(["attempt", delivery.uuidString, String(attempt), dispatcher ?? ""])
  }

  /// The event id of what else is learned of a delivery, such as `token_invalidated`.
  public static func derivedEvent(_ what: String, of delivery: UUID, attempt: Int64) -> UUID {
    named([what, delivery.uuidString, String(attempt)])
  }

  static func named(_ parts: [String]) -> UUID {
    var name = namespace
    name.reserveCapacity(160)
    for part in parts {
      name.append(contentsOf: part.utf8)
      name.append(0)
    }
    var hash = Insecure.SHA1()
    hash.update(data: name)
    var bytes = Array(hash.finalize().prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x50
    bytes[8] = bytes[8] & 0x3F | 0x80
    return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
  }
}

/// Which of an app's lanes a user's deliveries go through.
public enum Lane {
  /// FNV-1a over the user's bytes, modulo `count` (1 to 64): the same in every process.
  public static func of(_ user: UserID, count: Int) -> Int16 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in user.rawValue.utf8 {
      hash ^= UInt64(byte)
      hash = hash &* 0x100_0000_01B3
    }
    // The low bits of FNV-1a are the weakest: fold the high half in.
    return Int16((hash ^ hash >> 32) % UInt64(max(1, count)))
  }
}

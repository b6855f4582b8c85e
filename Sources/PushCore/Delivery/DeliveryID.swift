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
    var ids = OfMessage(app: app, message: message)
    return ids.id(of: user, device)
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
    for part in parts { add(part, to: &name) }
    return uuid(of: name)
  }

  fileprivate static func add(_ part: String, to name: inout [UInt8]) {
    name.append(contentsOf: part.utf8)
    name.append(0)
  }

  fileprivate static func uuid(of name: [UInt8]) -> UUID {
    var hash = Insecure.SHA1()
    name.withUnsafeBytes { hash.update(bufferPointer: $0) }
    var id = hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
    id.6 = id.6 & 0x0F | 0x50
    id.8 = id.8 & 0x3F | 0x80
    return UUID(uuid: id)
  }

  /// The ids of one message's deliveries, of which the first half is written once.
  public struct OfMessage {
    private var name: [UInt8]
    private let shared: Int

    public init(app: AppID, message: MessageID) {
      name = namespace
      name.reserveCapacity(256)
      add(app.rawValue, to: &name)
      add(message.rawValue, to: &name)
      shared = name.count
    }

    /// See ``DeliveryID/make(app:message:user:device:)``.
    public mutating func id(of user: UserID, _ device: DeviceID?) -> UUID {
      name.removeSubrange(shared...)
      add(user.rawValue, to: &name)
      add(device?.rawValue ?? "", to: &name)
      return uuid(of: name)
    }
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

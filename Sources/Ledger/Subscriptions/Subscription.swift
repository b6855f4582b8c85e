public import PushCore

/// A place from which a program follows an app's events, kept for it.
public struct Subscription: Sendable, Equatable {
  public var name: SubscriptionName
  /// The types of events that are given; nil: all.
  public var types: [EventType]?
  /// The position after which it began.
  public var startedAfter: Position
  /// Its checkpoint: what is up to here was acknowledged.
  public var position: Position
  /// The last position given to the consumer.
  public var handedOut: Position
  public var head: Position
  /// For how long the oldest event that is not acknowledged has been in the ledger; 0 where all are.
  public var lagSeconds: Double
  /// Who reads it now, and until when nobody else may; nil while nobody does.
  public var holder: Holder?
  public var createdAt: Timestamp

  /// Positions after its checkpoint, events of other types among them.
  public var lagEvents: Int64 { max(0, head - position) }

  public struct Holder: Sendable, Equatable {
    public var consumer: String
    public var until: Timestamp
  }
}

/// What a consumer holds while it reads.
public struct SubscriptionLease: Sendable, Equatable {
  public var name: SubscriptionName
  /// Counts the leases of a subscription: the next one ends this.
  public var epoch: Int64
  /// What is up to here was acknowledged: the first event given is after it.
  public var position: Position
  public var types: [EventType]?
  public var seconds: Int64
}

/// Why a subscription cannot be used as wanted.
public enum SubscriptionError: Error, Sendable, Equatable {
  case unknown(SubscriptionName)
  /// It is there, with other types or another beginning.
  case differs(SubscriptionName)
  /// The app has as many as it may.
  case full
  /// The ledger ends before the position after which it is to begin.
  case beyondHead(SubscriptionName)
  /// Another consumer reads it.
  case held(SubscriptionName, Subscription.Holder)
  /// Another lease came after this one.
  case leaseLost(SubscriptionName, lease: Int64, now: Int64)
  /// More was acknowledged already.
  case acknowledgedFurther(Position, acknowledged: Position)
  /// The position was not given under this lease.
  case notHandedOut(Position, handedOut: Position)
}

/// A subscription's name: 1 to 64 of `a-z A-Z 0-9 - _ .`.
public struct SubscriptionName: Hashable, Sendable, CustomStringConvertible {
  public static let maximumBytes = 64

  public let rawValue: String

  public init(unchecked rawValue: String) { self.rawValue = rawValue }

  /// - Throws: ``PushCore/FieldError`` naming `field`.
  public init(validating text: String, field: String) throws(FieldError) {
    rawValue = try Self.checked(text, field: field)
  }

  public var description: String { rawValue }

  /// A text that is good as a name; consumers have the same form.
  public static func checked(_ text: String, field: String) throws(FieldError) -> String {
    let count = text.utf8.count
    guard (1...maximumBytes).contains(count) else {
      throw FieldError(
        count == 0 ? .tooShort : .tooLong, field,
        "has \(count) characters; give 1 to \(maximumBytes) of a-z A-Z 0-9 - _ .")
    }
    let isGood = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isGood else {
      throw FieldError(
        .badCharacter, field,
        "is \(FieldError.shown(text)); only a-z A-Z 0-9 - _ . are allowed.")
    }
    return text
  }
}

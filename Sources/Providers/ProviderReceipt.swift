public import PushCore

/// What a provider reports later of a push that it took.
public struct ProviderReceipt: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    /// It reached the phone.
    case delivered
    case opened
    /// The token is dead: the app is gone, or another one was given out.
    case tokenInvalid
    /// It did not reach the phone, or was not shown; the token stays.
    case notShown
  }

  public var kind: Kind
  /// The device token that the provider names: never to be logged.
  public var token: String
  /// The message's place in the app's ledger, as it was sent along; nil: the receipt is about the
  /// token alone.
  public var position: Position?
  /// When it happened, by the provider's clock.
  public var at: Timestamp?
  /// The provider's code, such as `status_6`.
  public var reason: String

  public init(
    _ kind: Kind, token: String, position: Position?, at: Timestamp? = nil, reason: String
  ) {
    self.kind = kind
    self.token = token
    self.position = position
    self.at = at
    self.reason = reason
  }
}

/// A call in which a provider sends receipts.
public struct ReceiptCall: Sendable {
  /// Names in lower case.
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public init(headers: [(name: String, value: String)], body: [UInt8]) {
    self.headers = headers
    self.body = body
  }

  /// The fields of a form's body.
  var form: [String: String] {
    var fields: [String: String] = [:]
    for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, let name = Self.decoded(sides[0]), let value = Self.decoded(sides[1])
      else { continue }
      fields[name] = value
    }
    return fields
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = rest.next(), let low = rest.next(),
          let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// What was read of a call with receipts, and what the provider wants to hear.
public struct ReceiptReading: Sendable {
  /// At most ``limit``, in the order of the call.
  public var receipts: [ProviderReceipt]
  /// The body of the answer that says "taken"; nil: an empty one.
  public var answer: JSON?

  /// No vendor sends more in one call.
  public static let limit = 10_000

  public init(_ receipts: [ProviderReceipt], answer: JSON? = nil) {
    self.receipts = receipts
    self.answer = answer
  }
}

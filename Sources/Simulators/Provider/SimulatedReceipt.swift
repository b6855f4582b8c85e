public import PushCore

/// What a provider tells its customer's server about a push, some time later.
public struct SimulatedReceipt: Sendable {
  /// `http:` or `https:`.
  public var url: String
  public var method: String
  public var headers: [(String, String)]
  public var body: [UInt8]
  /// From now until it is sent.
  public var delay: Duration

  public init(
    url: String, method: String = "POST", headers: [(String, String)] = [], body: [UInt8],
    delay: Duration = .zero
  ) {
    self.url = url
    self.method = method
    self.headers = headers
    self.body = body
    self.delay = delay
  }
}

/// A receipt that was sent, and what became of it.
public struct SentReceipt: Sendable, Equatable {
  public var url: String
  public var body: [UInt8]
  public var sentAt: Timestamp
  /// What the customer's server answered; nil where it did not.
  public var status: Int?
  /// Why there is no status.
  public var problem: String?
}

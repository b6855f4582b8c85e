import PushCore

/// An app as it is registered with Honor.
public struct HonorApp: Sendable, Equatable {
  public var appID: String
  public var clientID: String
  public var clientSecret: String
  /// Where receipts go; nil: there are none.
  public var receiptURL: String?
  public var requestsPerSecond: Int?
  /// Whether a push that not all tokens could be reached with is answered with 80100000 rather
  /// than with 200 and lists.
  public var saysPartly: Bool

  public init(
    appID: String, clientID: String, clientSecret: String, receiptURL: String? = nil,
    requestsPerSecond: Int? = nil, saysPartly: Bool = false
  ) {
    self.appID = appID
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.receiptURL = receiptURL
    self.requestsPerSecond = requestsPerSecond
    self.saysPartly = saysPartly
  }

  static func read(_ fields: Fields) throws(FieldError) -> HonorApp {
    try fields.refuse(otherThan: [
      "app_id", "client_id", "client_secret", "receipt_url", "requests_per_second", "says_partly",
    ])
    func text(_ name: String) throws(FieldError) -> String {
      try fields.required(name) { name throws(FieldError) in try fields.string(name) }
    }
    return HonorApp(
      appID: try text("app_id"), clientID: try text("client_id"),
      clientSecret: try text("client_secret"), receiptURL: try fields.string("receipt_url"),
      requestsPerSecond: try fields.integer("requests_per_second").map { Int($0) },
      saysPartly: try fields.bool("says_partly") ?? false)
  }
}

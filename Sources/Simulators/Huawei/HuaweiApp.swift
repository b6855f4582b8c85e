import PushCore

/// An app as it is registered with Huawei.
public struct HuaweiApp: Sendable, Equatable {
  public var clientID: String
  public var clientSecret: String
  /// The project that the app belongs to; nil: none is known, and `/v2/` leads nowhere.
  public var projectID: String?
  /// Where receipts go; nil: there are none.
  public var receiptURL: String?
  /// Receipt settings by their ids, which a message may name.
  public var receiptURLs: [String: String]
  public var requestsPerSecond: Int?

  public init(
    clientID: String, clientSecret: String, projectID: String? = nil, receiptURL: String? = nil,
    receiptURLs: [String: String] = [:], requestsPerSecond: Int? = nil
  ) {
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.projectID = projectID
    self.receiptURL = receiptURL
    self.receiptURLs = receiptURLs
    self.requestsPerSecond = requestsPerSecond
  }

  static func read(_ fields: Fields) throws(FieldError) -> HuaweiApp {
    try fields.refuse(otherThan: [
      "client_id", "client_secret", "project_id", "receipt_url", "receipt_urls",
      "requests_per_second",
    ])
    func text(_ name: String) throws(FieldError) -> String {
      try fields.required(name) { name throws(FieldError) in try fields.string(name) }
    }
    var urls: [String: String] = [:]
    for member in try fields.object("receipt_urls")?.members ?? [] {
      urls[member.key] = member.value.string
    }
    return HuaweiApp(
      clientID: try text("client_id"), clientSecret: try text("client_secret"),
      projectID: try fields.string("project_id"), receiptURL: try fields.string("receipt_url"),
      receiptURLs: urls,
      requestsPerSecond: try fields.integer("requests_per_second").map { Int($0) })
  }
}

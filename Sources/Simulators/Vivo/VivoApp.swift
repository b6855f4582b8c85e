import PushCore

/// An app as it is registered with vivo.
public struct VivoApp: Sendable, Equatable {
  public var appID: Int64
  public var appKey: String
  public var appSecret: String
  /// Whom pushes of test mode reach.
  public var testTokens: Set<String>
  public var requestsPerSecond: Int?
  public var operationPerDay: Int?
  public var systemPerDay: Int?
  /// Contents for lists of recipients.
  public var listsPerDay: Int?

  public init(
    appID: Int64, appKey: String, appSecret: String, testTokens: Set<String> = [],
    requestsPerSecond: Int? = nil, operationPerDay: Int? = nil, systemPerDay: Int? = nil,
    listsPerDay: Int? = nil
  ) {
    self.appID = appID
    self.appKey = appKey
    self.appSecret = appSecret
    self.testTokens = testTokens
    self.requestsPerSecond = requestsPerSecond
    self.operationPerDay = operationPerDay
    self.systemPerDay = systemPerDay
    self.listsPerDay = listsPerDay
  }

  static let controlMeaning =
    "one or an array: {app_id, app_key, app_secret, test_tokens?, requests_per_second?, "
    + "operation_per_day?, system_per_day?, lists_per_day?}"

  static func read(_ fields: Fields) throws(FieldError) -> VivoApp {
    try fields.refuse(otherThan: [
      "app_id", "app_key", "app_secret", "test_tokens", "requests_per_second",
      "operation_per_day", "system_per_day", "lists_per_day",
    ])
    func text(_ name: String) throws(FieldError) -> String {
      try fields.required(name) { name throws(FieldError) in try fields.string(name) }
    }
    func count(_ name: String) throws(FieldError) -> Int? {
      try fields.integer(name).map { Int($0) }
    }
    return VivoApp(
      appID: try fields.required("app_id") { key throws(FieldError) in
        try fields.integer(key, in: 1...Int64.max)
      },
      appKey: try text("app_key"), appSecret: try text("app_secret"),
      testTokens: Set(try fields.array("test_tokens", max: 1_000)?.compactMap(\.string) ?? []),
      requestsPerSecond: try count("requests_per_second"),
      operationPerDay: try count("operation_per_day"),
      systemPerDay: try count("system_per_day"), listsPerDay: try count("lists_per_day"))
  }
}

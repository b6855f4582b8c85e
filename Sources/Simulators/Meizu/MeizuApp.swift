import PushCore

/// An app as it is registered with Meizu.
public struct MeizuApp: Sendable, Equatable {
  public var appID: Int64
  public var appSecret: String
  public var requestsPerSecond: Int?
  /// Whether it is on Meizu's black list.
  public var isBanned: Bool

  public init(
    appID: Int64, appSecret: String, requestsPerSecond: Int? = nil, isBanned: Bool = false
  ) {
    self.appID = appID
    self.appSecret = appSecret
    self.requestsPerSecond = requestsPerSecond
    self.isBanned = isBanned
  }

  static let controlMeaning =
    "one or an array: {app_id, app_secret, requests_per_second?, banned?}"

  static func read(_ fields: Fields) throws(FieldError) -> MeizuApp {
    try fields.refuse(otherThan: ["app_id", "app_secret", "requests_per_second", "banned"])
    return MeizuApp(
      appID: try fields.required("app_id") { key throws(FieldError) in
        try fields.integer(key, in: 1...Int64.max)
      },
      appSecret: try fields.required("app_secret") { key throws(FieldError) in
        try fields.string(key)
      },
      requestsPerSecond: try fields.integer("requests_per_second").map { Int($0) },
      isBanned: try fields.bool("banned") ?? false)
  }
}

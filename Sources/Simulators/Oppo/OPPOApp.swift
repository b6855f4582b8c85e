import PushCore

/// An app as it is registered with OPPO.
public struct OPPOApp: Sendable, Equatable {
  public var appID: String
  public var appKey: String
  public var masterSecret: String
  /// Channels whose messages need a template, and don't count against the day's number.
  public var privateChannels: Set<String>
  public var requestsPerSecond: Int?
  public var pushesPerDay: Int?

  public init(
    appID: String = "30000001", appKey: String, masterSecret: String,
    privateChannels: Set<String> = [], requestsPerSecond: Int? = nil, pushesPerDay: Int? = nil
  ) {
    self.appID = appID
    self.appKey = appKey
    self.masterSecret = masterSecret
    self.privateChannels = privateChannels
    self.requestsPerSecond = requestsPerSecond
    self.pushesPerDay = pushesPerDay
  }

  static func read(_ fields: Fields) throws(FieldError) -> OPPOApp {
    try fields.refuse(otherThan: [
      "app_id", "app_key", "master_secret", "private_channels", "requests_per_second",
      "pushes_per_day",
    ])
    func text(_ name: String) throws(FieldError) -> String {
      try fields.required(name) { key throws(FieldError) in try fields.string(key) }
    }
    var app = OPPOApp(appKey: try text("app_key"), masterSecret: try text("master_secret"))
    app.appID = try fields.string("app_id") ?? app.appID
    app.privateChannels = Set(
      try fields.array("private_channels", max: 1_000)?.compactMap(\.string) ?? [])
    app.requestsPerSecond = try fields.integer("requests_per_second").map { Int($0) }
    app.pushesPerDay = try fields.integer("pushes_per_day").map { Int($0) }
    return app
  }
}

import PushCore

/// An app as it is registered with Xiaomi.
public struct XiaomiApp: Sendable, Equatable {
  public var appSecret: String
  public var packages: Set<String>
  /// The channels that were registered; nil: any id is one.
  public var channels: Set<String>?
  /// Those of them that were granted as private.
  public var privateChannels: Set<String>
  public var requestsPerSecond: Int?
  public var pushesPerDay: Int?

  public init(
    appSecret: String, packages: Set<String>, channels: Set<String>? = nil,
    privateChannels: Set<String> = [], requestsPerSecond: Int? = nil, pushesPerDay: Int? = nil
  ) {
    self.appSecret = appSecret
    self.packages = packages
    self.channels = channels
    self.privateChannels = privateChannels
    self.requestsPerSecond = requestsPerSecond
    self.pushesPerDay = pushesPerDay
  }

  static func read(_ fields: Fields) throws(FieldError) -> XiaomiApp {
    try fields.refuse(otherThan: [
      "app_secret", "packages", "channels", "private_channels", "requests_per_second",
      "pushes_per_day",
    ])
    func texts(_ name: String) throws(FieldError) -> Set<String>? {
      try fields.array(name, max: 1_000).map { Set($0.compactMap(\.string)) }
    }
    return XiaomiApp(
      appSecret: try fields.required("app_secret") { key throws(FieldError) in
        try fields.string(key)
      },
      packages: try fields.required("packages") { key throws(FieldError) in try texts(key) },
      channels: try texts("channels"), privateChannels: try texts("private_channels") ?? [],
      requestsPerSecond: try fields.integer("requests_per_second").map { Int($0) },
      pushesPerDay: try fields.integer("pushes_per_day").map { Int($0) })
  }
}

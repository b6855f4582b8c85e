public import PushCore

/// How an app wants its notifications.
public struct AppSettings: Sendable, Equatable {
  /// Lanes that the app's due pushes are spread over.
  public var lanes = 8
  /// Language of the placeholders for what has no text.
  public var language = MessageContent.Language.en
  /// A message to more recipients than this keeps its suppressed ones as counts, not as rows.
  public var suppressedRowsLimit = 20
  /// How long a push is tried when its message names no expiry; whole seconds.
  public var pushLifetime = Limits.pushLifetime
  /// Whether a due push is cancelled once its message is read.
  public var cancelsOnRead = true
  /// Whether a due push is cancelled once its device comes to the foreground.
  public var cancelsOnForeground = true

  /// Which other devices of a user a client's login logs out.
  public var loginPolicy = LoginPolicy.onePerPlatform
  /// Days after which a device that nothing was heard of counts as offline; nil: never.
  public var reachableDays: Int?

  public static let reachableDaysRange = 1...3_650
  public static let lanesRange = 1...64
  public static let suppressedRowsRange = 0...100_000
  /// In seconds.
  public static let pushLifetimeRange: ClosedRange<Int64> = 1...31_536_000

  public init() {}

  /// - Throws: ``PushCore/FieldError`` naming the setting that is out of range.
  public func check() throws(FieldError) {
    try Self.check(lanes, in: Self.lanesRange, "lanes")
    try Self.check(suppressedRowsLimit, in: Self.suppressedRowsRange, "suppressed_rows_limit")
    if let reachableDays {
      try Self.check(reachableDays, in: Self.reachableDaysRange, "reachable_days")
    }
    try Self.check(
      pushLifetime.components.seconds, in: Self.pushLifetimeRange, "push_lifetime_seconds")
  }

  private static func check<Number: BinaryInteger>(
    _ value: Number, in range: ClosedRange<Number>, _ field: String
  ) throws(FieldError) {
    guard range.contains(value) else {
      throw FieldError(
        .outOfRange, field, "is \(value); \(range.lowerBound) to \(range.upperBound) is expected.")
    }
  }
}

/// Which of a user's devices may be logged in at once.
public enum LoginPolicy: String, Sendable, CaseIterable {
  /// One on each platform.
  case onePerPlatform = "one_per_platform"
  /// A phone, a tablet and a desktop; browsers beside.
  case threePlatforms = "three_platforms"
  /// A phone or tablet, and a desktop; browsers beside.
  case twoPlatforms = "two_platforms"
  /// One device; browsers beside.
  case onePlatform = "one_platform"
  /// As many as there are.
  case any

  /// The platforms on which a login on `platform` logs the user's other devices out.
  public func kicked(by platform: DevicePlatform) -> [DevicePlatform] {
    let phones: [DevicePlatform] = [.ios, .android, .harmony]
    let desktops: [DevicePlatform] = [.windows, .mac, .linux]
    let kinds: [[DevicePlatform]] =
      switch self {
      case .any: []
      case .onePerPlatform: DevicePlatform.allCases.map { [$0] }
      case .threePlatforms: [phones, [.ipad], desktops, [.web], [.other]]
      case .twoPlatforms: [phones + [.ipad], desktops, [.web], [.other]]
      case .onePlatform: [phones + [.ipad] + desktops + [.other], [.web]]
      }
    return kinds.first { $0.contains(platform) } ?? []
  }
}

/// A tenant.
public struct App: Sendable, Equatable {
  public var id: AppID
  public var settings: AppSettings
  public var createdAt: Timestamp
}

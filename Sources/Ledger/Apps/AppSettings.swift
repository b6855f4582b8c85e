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

  public static let lanesRange = 1...64
  public static let suppressedRowsRange = 0...100_000
  /// In seconds.
  public static let pushLifetimeRange: ClosedRange<Int64> = 1...31_536_000

  public init() {}

  /// - Throws: ``PushCore/FieldError`` naming the setting that is out of range.
  public func check() throws(FieldError) {
    try Self.check(lanes, in: Self.lanesRange, "lanes")
    try Self.check(suppressedRowsLimit, in: Self.suppressedRowsRange, "suppressed_rows_limit")
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

/// A tenant.
public struct App: Sendable, Equatable {
  public var id: AppID
  public var settings: AppSettings
  public var createdAt: Timestamp
}

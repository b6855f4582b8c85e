import PushCore

/// What an app of a vendor in China may send: requests a second, and pushes a day, which starts at
/// midnight, UTC+8.
struct SendingLimits: Sendable {
  private static let eastOfUTC = Int64(8 * 3600)
  private static let daySeconds = Int64(24 * 3600)

  /// Nil: no limit.
  var requestsPerSecond: Int?
  var pushesPerDay: Int?

  private var second = Int64.min
  private var requests = 0
  private var day = Int64.min
  private var pushes = 0

  init(requestsPerSecond: Int?, pushesPerDay: Int?) {
    self.requestsPerSecond = requestsPerSecond
    self.pushesPerDay = pushesPerDay
  }

  /// - Returns: False where this second's number is used up.
  mutating func takeRequest(at now: Timestamp) -> Bool {
    if now.seconds != second { (second, requests) = (now.seconds, 0) }
    guard requests < requestsPerSecond ?? Int.max else { return false }
    requests += 1
    return true
  }

  /// - Returns: False where the day has not so many left; nothing is taken then.
  mutating func takePushes(_ count: Int, at now: Timestamp) -> Bool {
    let sent = pushesToday(at: now)
    guard sent + count <= pushesPerDay ?? Int.max else { return false }
    day = Self.day(of: now)
    pushes = sent + count
    return true
  }

  func pushesToday(at now: Timestamp) -> Int { day == Self.day(of: now) ? pushes : 0 }

  private static func day(of now: Timestamp) -> Int64 { (now.seconds + eastOfUTC) / daySeconds }
}

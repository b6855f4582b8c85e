import PushCore
import Testing

@testable import Providers

@Suite struct CountChinasDays {
  @Test(arguments: [
    ("2027-01-15T15:59:59Z", 1), ("2027-01-15T16:00:00Z", 86_400), ("2027-01-15T08:00:00Z", 28_800),
    ("2027-01-15T23:00:00Z", 61_200),
  ])
  func endAtMidnightThere(now: String, seconds: Int) throws {
    let now = try #require(Timestamp(iso8601: now))
    #expect(ChinaDay.untilMidnightInChina(at: now) == .seconds(seconds))
    #expect(
      ChinaDay.untilMidnightInChina(at: now + .milliseconds(250)) == .seconds(seconds)
        - .milliseconds(250))
  }
}

import PushCore
import Testing

@testable import Simulators

@Suite struct LimitVendors {
  @Test func theDayStartsAtMidnightInChina() throws {
    var limits = SendingLimits(requestsPerSecond: nil, pushesPerDay: 3)
    let evening = try #require(Timestamp(iso8601: "2027-01-15T15:59:59Z"))
    let first = limits.takePushes(2, at: evening)
    let second = limits.takePushes(2, at: evening)
    #expect(first && !second)
    #expect(limits.pushesToday(at: evening) == 2)
    let next = limits.takePushes(3, at: evening + .seconds(1))
    #expect(next)
    #expect(limits.pushesToday(at: evening + .seconds(1)) == 3)
  }

  @Test func everySecondHasItsRequests() {
    var limits = SendingLimits(requestsPerSecond: 2, pushesPerDay: nil)
    let now = Timestamp(microseconds: 1_800_000_000_000_000)
    let taken = [0, 999, 999, 1_000].map { limits.takeRequest(at: now + .milliseconds($0)) }
    #expect(taken == [true, true, false, true])
  }

  @Test func habitsAreReadFromAControlRequest() throws {
    let habits = try ReportingHabits.read(
      Array(#"{"delay_milliseconds":5,"twice":true,"reports_per_call":3}"#.utf8))
    #expect(habits.delay == .milliseconds(5))
    #expect(habits.comesTwice)
    #expect(habits.reportsPerCall == 3)
    #expect(throws: FieldError.self) { try ReportingHabits.read(Array(#"{"often":1}"#.utf8)) }
  }
}

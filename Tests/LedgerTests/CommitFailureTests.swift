import Postgres
import PushCore
import Testing

@testable import Ledger

@Suite struct TellCommitFailuresApart {
  private static let app = AppID(unchecked: "demo")
  private static let stream = StreamExpectation(
    .message(MessageID(unchecked: "1")), nothingAfter: 3)

  private static func failure(_ state: String, detail: String? = nil) -> CommitFailure {
    let error = PostgresError(
      PostgresError.Kind(sqlState: state), sqlState: state, message: "m", detail: detail)
    return CommitFailure(error, app: app, expectation: stream, limits: AppendLimits())
  }

  @Test(arguments: ["22P05", "22003", "23505", "23514", "23502", "LG003", "54000", "XX000"])
  func blamesAnEvent(state: String) {
    guard case .takeApart(.refused) = Self.failure(state) else {
      Issue.record("\(state) is an event's fault")
      return
    }
  }

  @Test(arguments: ["40001", "40P01", "55P03", "57014"])
  func triesAgain(state: String) { #expect(Self.failure(state) == .again) }

  @Test(arguments: ["57P01", "08006", "25006"])
  func connectsAgain(state: String) {
    #expect(Self.failure(state) == .reconnect(outcomeUnknown: false))
  }

  @Test func tellsTheCallerWhatItCanDoAbout() {
    #expect(Self.failure("LG001") == .all(.unknownApp(Self.app)))
    #expect(
      Self.failure("LG002", detail: "7")
        == .all(.conflict(stream: Self.stream.stream, expected: 3, actual: 7)))
    guard case .all(.unavailable) = Self.failure("53100"),
      case .all(.database) = Self.failure("42501")
    else {
      Issue.record("a full disk passes, a missing right does not")
      return
    }
  }
}

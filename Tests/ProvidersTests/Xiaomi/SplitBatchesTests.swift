import PushCore
import Testing

@testable import Providers

@Suite struct SplitBatches {
  private func pushes(_ count: Int) throws -> [PreparedPush] {
    try (0..<count).map {
      PreparedPush(
        try XiaomiRig.request("t\($0)", expiresAt: Timestamp(microseconds: 0)), content: [:])
    }
  }

  private func send(
    _ count: Int, parts: [Range<Int>]? = nil, refusing bad: Set<Int>
  ) async throws -> (verdicts: [Verdict], calls: Int) {
    var calls = 0
    let bad = Set(bad.map { "t\($0)" })
    let verdicts = await BatchSplit.send(
      try pushes(count), in: parts ?? [0..<count], concernsOne: { $0.kind == .tokenDead }
    ) { part in
      calls += 1
      return .whole(
        Verdict(part.contains { bad.contains($0.token) } ? .tokenDead : .accepted, reason: "1"))
    }
    return (verdicts, calls)
  }

  @Test func oneOfAThousandTakesAFewRequests() async throws {
    let (verdicts, calls) = try await send(1_000, refusing: [617])
    #expect(verdicts.indices.filter { verdicts[$0].kind == .tokenDead } == [617])
    #expect(verdicts.count { $0.kind == .accepted } == 999)
    #expect(calls <= 21)
  }

  @Test func whoIsLeftWithoutARequestWaits() async throws {
    let (verdicts, calls) = try await send(1_000, refusing: Set(0..<1_000))
    #expect(calls <= BatchSplit.calls)
    #expect(verdicts.count { $0.kind == .tokenDead } > MassGuard.believed)
    #expect(
      verdicts.allSatisfy { $0.kind == .tokenDead || $0.kind == .recipientThrottled })
    #expect(verdicts.allSatisfy { $0.reason == "1" })
  }

  @Test func everyPartIsSentHoweverManyThereAre() async throws {
    let parts = (0..<300).map { $0..<($0 + 1) }
    let (verdicts, calls) = try await send(300, parts: parts, refusing: [5])
    #expect(calls == 300)
    #expect(verdicts.indices.filter { verdicts[$0].kind == .tokenDead } == [5])
    #expect(verdicts.count { $0.kind == .accepted } == 299)
  }

  @Test func aRefusalOfAllIsNotAskedAboutAgain() async throws {
    let verdicts = await BatchSplit.send(
      try pushes(8), in: [0..<8], concernsOne: { _ in false }
    ) { _ in .whole(Verdict(.throttled)) }
    #expect(verdicts == [Verdict](repeating: Verdict(.throttled), count: 8))
  }
}

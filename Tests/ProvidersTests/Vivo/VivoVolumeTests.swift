import PushCore
import Simulators
import Testing

@testable import Providers

/// What a day allows of operation and of system messages.
@Suite struct KeepToVolumesOfVivo {
  private static let news: JSON = ["VIVOClassification": 0, "VIVOCategory": "NEWS"]
  private static let chat: JSON = ["VIVOClassification": 1, "VIVOCategory": "IM"]

  /// 16:00 in China: 8 hours to midnight.
  @Test func waitsForMidnightWithoutCallingAndLetsTheOthersThrough() async throws {
    try await VivoRig.with(app: { $0.operationPerDay = 1 }) { rig async throws in
      #expect(try await rig.send("reg-1", info: Self.news).outcome == .accepted)
      let first = try await rig.send("reg-2", info: Self.news)
      #expect(first.outcome == .retry)
      #expect(first.blame == .delivery)
      #expect(first.reason == "10070")
      #expect(first.retryAfter == .seconds(1))
      let received = rig.simulator.receivedCount
      let second = try await rig.send("reg-2", info: Self.news, attempt: 2)
      #expect(second.outcome == .retry)
      #expect(second.blame == .delivery)
      #expect(second.reason == "10070")
      #expect(second.retryAfter == .seconds(8 * 3600))
      #expect(rig.simulator.receivedCount == received)
      #expect(try await rig.send("reg-3", info: Self.chat).outcome == .accepted)
      rig.clock.advance(.seconds(8 * 3600 + 7 * 3600))
      #expect(try await rig.send("reg-2", info: Self.news, attempt: 3).outcome == .accepted)
    }
  }

  @Test func holdsForSystemMessagesToo() async throws {
    try await VivoRig.with(app: { $0.systemPerDay = 1 }) { rig async throws in
      #expect(try await rig.send("reg-1", info: Self.chat).outcome == .accepted)
      #expect(try await rig.send("reg-2", info: Self.chat).reason == "10073")
      #expect(
        try await rig.send("reg-2", info: Self.chat, attempt: 2).retryAfter == .seconds(8 * 3600))
      #expect(try await rig.send("reg-3", info: Self.news).outcome == .accepted)
    }
  }

  /// However many wait, the credential is not held up until the day ends.
  @Test func holdsUpTheCredentialOnlyForAMoment() async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.setFate("10070", of: "*")
      let results = try await withThrowingTaskGroup(of: AttemptResult.self) { group in
        for number in 1...40 {
          group.addTask { try await rig.send("reg-\(number)", info: Self.news) }
        }
        return try await group.reduce(into: [AttemptResult]()) { $0.append($1) }
      }
      for result in results {
        #expect(result.outcome == .retry)
        if result.blame == .pace { #expect(result.retryAfter == .seconds(1)) }
      }
    }
  }

  /// Pushes that were made ready before it was known are not sent after it.
  @Test func stopsWhatIsReadyToGo() async throws {
    try await VivoRig.with { rig async throws in
      let scope = try rig.scope()
      scope.credential.volumes.close(
        .messages(classification: 0, category: "NEWS"),
        .init(until: rig.clock.now + .seconds(60), code: "10070"), at: rig.clock.now)
      let push = PreparedPush(
        try rig.request("reg-1"), content: ["classification": 0, "category": "NEWS"])
      for pushes in [[push], [push, push]] {
        let verdicts = await VivoChannel.send(pushes, scope)
        #expect(verdicts.count == pushes.count)
        for verdict in verdicts {
          #expect(
            verdict == Verdict(.recipientThrottled, reason: "10070", retryAfter: .seconds(1)))
        }
      }
      #expect(rig.simulator.acceptedConnections == 0)
    }
  }

  /// Operation messages go from 7:00 to 23:00.
  @Test(arguments: [
    // 23:30 in China, and 1:00.
    ("2027-01-15T15:30:00Z", Duration.seconds(7 * 3600 + 1800)),
    ("2027-01-14T17:00:00Z", Duration.seconds(6 * 3600)),
  ])
  func waitsForTheMorning(_ time: String, _ wait: Duration) async throws {
    let start = try #require(Timestamp(iso8601: time))
    try await VivoRig.with(clock: ManualClock(start)) { rig async throws in
      #expect(try await rig.send("reg-1", info: Self.news).reason == "10071")
      let second = try await rig.send("reg-1", info: Self.news, attempt: 2)
      #expect(second.reason == "10071")
      #expect(second.retryAfter == wait)
      #expect(try await rig.send("reg-2", info: Self.chat).outcome == .accepted)
      rig.clock.advance(wait)
      #expect(try await rig.send("reg-1", info: Self.news, attempt: 3).outcome == .accepted)
    }
  }
}

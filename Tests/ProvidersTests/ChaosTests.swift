import PushCore
import Simulators
import Synchronization
import Testing

@testable import Providers

/// Random faults, many pushes: each has exactly one answer, and the answer is true.
@Suite(.timeLimit(.minutes(5))) struct SendThroughFaults {
  private typealias Fault = APNsSimulator.Fault

  private static func fault(_ random: inout SplitMix) -> Fault {
    let effect: Fault.Effect =
      switch random.next() % 12 {
      case 0: .goAway(.init(reason: "Shutdown", lastStream: .previous))
      case 1: .goAway(.init(reason: "Shutdown", lastStream: .this, frames: 2))
      case 2: .goAway(.init(reason: "IdleTimeout", lastStream: .previous, closes: false))
      case 3: .reset(code: 7)
      case 4: .reset(code: 8, accepted: random.next() % 2 == 0)
      case 5: .close(accepted: random.next() % 2 == 0)
      case 6: .silence(accepted: random.next() % 2 == 0)
      case 7: .halfDead(accepted: random.next() % 2 == 0)
      case 8: .answer(.init(.serviceUnavailable))
      case 9: .answer(.init(.badTopic))
      case 10: .answer(.init(.shutdown))
      default: .answer(.init(status: 502, body: "<html>bad gateway</html>"))
      }
    return Fault(effect, after: Int(random.next() % 1_200), times: 1)
  }

  /// G8, G11: accepted means taken once, refused means not taken, unknown means at most once.
  @Test(arguments: 1...6 as ClosedRange<UInt64>) func everyAnswerIsTrue(seed: UInt64) async throws {
    try await APNsRig.with(
      server: {
        $0.streamLimit = 50
        $0.latency = .milliseconds(1)
        $0.jitter = .milliseconds(2)
      },
      client: {
        $0.connections = 2
        $0.firstReconnect = .milliseconds(2)
        $0.pingWhenBusy = .milliseconds(100)
        $0.pingTimeout = .milliseconds(200)
      }
    ) { rig in
      var random = SplitMix(seed: seed)
      for _ in 0..<25 { rig.simulator.inject(Self.fault(&random)) }
      try await rig.simulator.change { $0.streamLimitAfterRefusal = 1 }
      let results = Results()
      await withDiscardingTaskGroup { group in
        for sender in 0..<60 {
          group.addTask {
            for push in 0..<25 {
              let request = rig.request(APNsRig.token(sender), badge: Int64(push))
              let result = await rig.provider.send(
                request, with: rig.credential, deadline: .seconds(2))
              results.all.withLock { $0[request.deliveryID.lowercaseText] = result }
            }
          }
        }
      }
      let found = results.all.withLock { $0 }
      #expect(found.count == 1_500)
      var accepted: [String: Int] = [:]
      for push in rig.simulator.received(limit: 10_000).pushes where push.isAccepted {
        accepted[push.apnsID, default: 0] += 1
      }
      for (id, result) in found {
        let times = accepted[id, default: 0]
        switch result.outcome {
        case .accepted: #expect(times == 1, "seed \(seed): accepted \(times) times")
        case .retry, .rejected:
          #expect(times == 0, "seed \(seed): \(result.reason ?? "") but accepted")
        case .unknown: #expect(times <= 1, "seed \(seed): unknown, \(times) times")
        case .tokenInvalid, .expired: Issue.record("seed \(seed): \(result.outcome)")
        }
      }
      #expect(found.values.count { $0.outcome == .accepted } > 500, "seed \(seed)")
      let status = try #require(await rig.status)
      #expect(status.inFlight == 0 && status.waiting == 0)
    }
  }
}

/// What came back for each push, by its id.
private final class Results: Sendable {
  let all = Mutex<[String: AttemptResult]>([:])
}

/// Random numbers that a seed repeats.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

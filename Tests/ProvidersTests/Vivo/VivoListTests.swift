import PushCore
import Simulators
import Testing

@testable import Providers

/// Pushes that go to many in one call.
@Suite struct PushToListsOfVivo {
  private static let many = (1...5).map { "reg-\($0)" }

  @Test func tellsEachRecipientItsOwn() async throws {
    try await VivoRig.with { rig async throws in
      for (token, fate) in [("reg-2", "dead"), ("reg-3", "gone"), ("reg-4", "stranger")] {
        rig.simulator.setFate(fate, of: token)
      }
      let verdicts = try await rig.sendTogether(Self.many)
      #expect(
        verdicts.map(\.kind)
          == [.accepted, .tokenDead, .tokenDead, .messageRefused, .accepted])
      #expect(
        verdicts.map(\.reason)
          == [nil, "invalid_user_1", "invalid_user_2", "invalid_user_4", nil])
      let received = rig.simulator.received()
      #expect(received.map(\.token) == Self.many)
      #expect(received.map(\.isAccepted) == [true, false, false, false, true])
      #expect(Set(received.map(\.id)).count == 1)
      #expect(verdicts.allSatisfy { $0.messageID == received.first?.id && $0.status == 200 })
    }
  }

  @Test func goesAsOneCallThroughTheEngine() async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.setFate("dead", of: "reg-3")
      let outcomes = try await withThrowingTaskGroup(of: (String, AttemptOutcome).self) { group in
        for token in Self.many { group.addTask { (token, try await rig.send(token).outcome) } }
        return try await group.reduce(into: [String: AttemptOutcome]()) { $0[$1.0] = $1.1 }
      }
      for token in Self.many {
        #expect(outcomes[token] == (token == "reg-3" ? .tokenInvalid : .accepted))
      }
      #expect(rig.simulator.acceptedCount == 4)
    }
  }

  /// A code for all that is about one is asked after until it is known whom it was about.
  @Test func findsTheOneThatACodeIsAbout() async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.setFate("10302", of: "reg-2")
      let verdicts = try await rig.sendTogether(Self.many)
      #expect(verdicts[1].kind == .tokenDead)
      #expect(verdicts.count { $0.kind == .accepted } == 4)
      #expect(rig.simulator.acceptedCount == 4)
    }
  }

  struct Refusal: CustomTestStringConvertible, Sendable {
    var path: String
    var effect: SimulatedFault.Effect
    var kind: OutcomeKind
    var reason: String
    var testDescription: String { "\(path) \(reason)" }
  }

  private static func code(_ code: Int64) -> SimulatedFault.Effect {
    .answer(.json(["result": .integer(code), "desc": ""]))
  }

  private static let save = "/message/saveListPayload"
  private static let list = "/message/pushToList"

  /// What was only put down rang nobody: of it nothing is in doubt.
  @Test(arguments: [
    Refusal(path: save, effect: code(10150), kind: .messageRefused, reason: "10150"),
    Refusal(path: save, effect: code(10072), kind: .throttled, reason: "10072"),
    Refusal(path: save, effect: code(10000), kind: .sessionRefused, reason: "10000"),
    Refusal(path: save, effect: code(0), kind: .serverFault, reason: "task_missing"),
    Refusal(
      path: save, effect: .answer(.text("<html>")), kind: .notTaken, reason: "answer_unreadable"),
    Refusal(path: save, effect: .close(), kind: .notTaken, reason: "connection_closed"),
    Refusal(path: list, effect: code(10155), kind: .messageRefused, reason: "10155"),
    Refusal(path: list, effect: code(10000), kind: .sessionRefused, reason: "10000"),
    Refusal(
      path: list, effect: .answer(.text("<html>", status: 502)), kind: .serverFault,
      reason: "http_502"),
    Refusal(
      path: list, effect: .answer(.text("<html>")), kind: .unknown, reason: "answer_unreadable"),
    Refusal(
      path: list, effect: .close(accepted: true), kind: .unknown, reason: "connection_closed"),
  ])
  func failsForAll(_ refusal: Refusal) async throws {
    try await VivoRig.with { rig async throws in
      rig.simulator.inject(SimulatedFault(refusal.effect, path: refusal.path))
      let verdicts = try await rig.sendTogether(Self.many)
      #expect(verdicts.map(\.kind) == Self.many.map { _ in refusal.kind })
      #expect(verdicts.map(\.reason) == Self.many.map { _ in refusal.reason })
    }
  }

  @Test func takesAThousand() async throws {
    try await VivoRig.with { rig async throws in
      let tokens = (1...VivoChannel.recipients).map { "reg-\($0)" }
      let verdicts = try await rig.sendTogether(tokens)
      #expect(verdicts.count { $0.kind == .accepted } == 1_000)
      #expect(rig.simulator.acceptedCount == 1_000)
    }
  }

  /// Every push goes alone until the day ends.
  @Test func goesAloneWhereListsAreUsedUp() async throws {
    try await VivoRig.with(app: { $0.listsPerDay = 1 }) { rig async throws in
      let first = try await rig.sendTogether(["a-1", "a-2"])
      #expect(first.map(\.kind) == [.accepted, .accepted])
      let verdicts = try await rig.sendTogether(["b-1", "b-2"])
      #expect(verdicts.map(\.kind) == [.recipientThrottled, .recipientThrottled])
      #expect(verdicts.map(\.reason) == ["10252", "10252"])
      #expect(verdicts.map(\.retryAfter) == [.seconds(1), .seconds(1)])
      let scope = try rig.scope()
      let alone = try VivoChannel.prepare(rig.request("b-1"), scope)
      #expect(alone.batch == nil)
      #expect(try await rig.send("b-1", attempt: 2).outcome == .accepted)
      rig.clock.advance(.seconds(8 * 3600))
      let tomorrow = try rig.scope()
      let together = try VivoChannel.prepare(rig.request("b-2"), tomorrow)
      #expect(together.batch != nil)
      let last = try await rig.sendTogether(["c-1", "c-2"])
      #expect(last.map(\.kind) == [.accepted, .accepted])
    }
  }
}

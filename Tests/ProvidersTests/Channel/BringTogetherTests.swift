import Foundation
import PushCore
import Synchronization
import Testing

@testable import Providers

@Suite struct BringTogether {
  private final class Wire: Sendable {
    let calls = Mutex([[String]]())

    var send: Batcher.Send {
      { pushes in
        self.calls.withLock { $0.append(pushes.map(\.token)) }
        return pushes.map { Verdict(.accepted, status: 200, messageID: $0.token) }
      }
    }
  }

  private func push(_ token: String, batch: [UInt8]? = [1]) -> PreparedPush {
    PreparedPush(
      PushRequest(
        app: AppID(unchecked: "chat"), deliveryID: UUID(), attempt: 1, token: token, topic: nil,
        environment: .production, notification: Notification(text: "Hello", threadID: ""),
        expiresAt: Timestamp(microseconds: 0)), content: ["text": "Hello"], batch: batch)
  }

  private func submit(
    _ pushes: [PreparedPush], to batcher: Batcher, _ wire: Wire
  ) async -> [String: Verdict] {
    await withTaskGroup(of: (String, Verdict).self) { group in
      for push in pushes {
        group.addTask { (push.token, await batcher.submit(push, wire.send)) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  @Test func aFullBatchGoesAtOnceAndEachLearnsItsOwn() async {
    let wire = Wire()
    let batcher = Batcher(recipients: 10, window: .seconds(3_600))
    let verdicts = await submit((0..<20).map { push("t\($0)") }, to: batcher, wire)
    #expect(wire.calls.withLock { $0.map(\.count) } == [10, 10])
    #expect(verdicts.allSatisfy { $0.key == $0.value.messageID })
  }

  @Test func aPartGoesAfterAMoment() async {
    let wire = Wire()
    let batcher = Batcher(recipients: 1_000, window: .milliseconds(50))
    let verdicts = await submit([push("a"), push("b")], to: batcher, wire)
    #expect(verdicts.count == 2)
    #expect(wire.calls.withLock { $0.joined().sorted() } == ["a", "b"])
  }

  @Test func differentContentsGoApart() async {
    let wire = Wire()
    let batcher = Batcher(recipients: 2, window: .seconds(3_600))
    _ = await submit(
      [push("a"), push("b", batch: [2]), push("c"), push("d", batch: [2])], to: batcher, wire)
    #expect(Set(wire.calls.withLock { $0.map { Set($0) } }) == [["a", "c"], ["b", "d"]])
  }

  @Test func aTokenStandsInARequestOnce() async {
    let wire = Wire()
    let batcher = Batcher(recipients: 2, window: .milliseconds(20))
    async let first = batcher.submit(push("a"), wire.send)
    async let second = batcher.submit(push("a"), wire.send)
    _ = await (first, second)
    #expect(wire.calls.withLock { $0 } == [["a"], ["a"]])
  }

  @Test func whatMustGoAloneDoes() async {
    let wire = Wire()
    let batcher = Batcher(recipients: 1_000, window: .seconds(3_600))
    _ = await submit([push("a", batch: nil), push("b", batch: nil)], to: batcher, wire)
    #expect(wire.calls.withLock { $0.count } == 2)
  }
}

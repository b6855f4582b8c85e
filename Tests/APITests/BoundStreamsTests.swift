import Foundation
import Ledger
import NIOCore
import PushCore
import Synchronization
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct BoundStreams {
  @Test("more streams than the server takes are refused, and told when to come again")
  func refusesTooMany() async throws {
    var setup = APIRig.Setup()
    setup.configuration.streams = 1
    try await APIRig.run(setup) { rig in
      for user in ["bob", "cid"] { try await rig.registerStream(user) }
      let first = try await rig.openStream("bob")
      #expect(first.status == 200)
      let refused = try await rig.get(APIRig.stream(of: "cid"))
      #expect(refused.status == 503 && refused.code == "too_busy")
      #expect(refused.header("Retry-After") == "3")
      #expect(try await rig.get("/metrics", key: .some(nil)).text.contains("pushledger_streams 1"))
      try await first.close()
      try await eventually {
        let second = try await rig.openStream("cid")
        defer { second.hangUp() }
        return second.status == 200
      }
    }
  }

  @Test("a stream on which nothing is told shows signs of life")
  func beats() async throws {
    var setup = APIRig.Setup()
    setup.configuration.streamTiming.heartbeat = .milliseconds(25)
    try await APIRig.run(setup) { rig in
      try await rig.registerStream()
      var stream = try await rig.openStream()
      var beats = 0
      while beats < 3, let line = await stream.line() {
        if line == ":" { beats += 1 }
      }
      #expect(beats == 3)
      try await rig.sendAndFold(["m1"])
      #expect(try await stream.event()?.message == "m1")
    }
  }

  @Test("G8: a connection that is gone gives its place back, and nothing is lost")
  func noticesHangUps() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      var stream = try await rig.openStream()
      #expect(await stream.line() == "retry: 3000")
      try await stream.close()
      try await eventually { try await rig.rows(of: "dispatch.streams") == 0 }
      try await rig.sendAndFold(["m1"])
      #expect(try await rig.rows(of: "dispatch.sent") == 0)
      var next = try await rig.openStream()
      #expect(try await next.event()?.message == "m1")
      #expect(try await rig.attempts() == [], "it was never sent before")
    }
  }

  private static func stream(cut: @escaping @Sendable () -> Void) -> NotificationStream {
    NotificationStream(
      app: APIRig.demo,
      device: DeviceKey(user: UserID(unchecked: "bob"), device: DeviceID(unchecked: "phone")),
      number: 1, cut: cut)
  }

  @Test("a stream too slow for what comes is cut, and gives back what it did not send")
  func cutsTheSlow() async throws {
    let stream = Self.stream {}
    func items(_ positions: ClosedRange<Position>) -> [NotificationStream.Item] {
      positions.map { NotificationStream.Item(position: $0, text: ByteBuffer()) }
    }
    stream.read(isLive: true)
    let most = Position(APILimits.streamNotifications)
    stream.offer(items(1...most))
    guard case .send(let first, asksOn: false) = await stream.next() else {
      Issue.record("It sends what it was offered.")
      return
    }
    #expect(first.map(\.position) == Array(1...most))
    stream.offer(items(most + 1...most * 2))
    stream.offer(items(most * 2 + 1...most * 2 + 1))
    guard case .end(.over) = await stream.next() else {
      Issue.record("It is cut.")
      return
    }
    #expect(stream.unsent == Array(most + 1...most * 2 + 1))
    stream.takeBack(first)
    #expect(stream.unsent == Array(1...most * 2 + 1))
  }

  @Test("a write that does not end is broken off with its connection")
  func cutsStuckWrites() async throws {
    let cuts = Atomic(0)
    let stream = Self.stream { cuts.add(1, ordering: .relaxed) }
    stream.beat(at: .now, limit: .seconds(30))
    guard case .heartbeat = await stream.next() else {
      Issue.record("It shows a sign of life.")
      return
    }
    // Its key may be asked for: that is no write.
    stream.beat(at: .now + .seconds(31), limit: .seconds(30))
    stream.beginWriting()
    stream.beat(at: .now, limit: .seconds(30))
    #expect(cuts.load(ordering: .relaxed) == 0)
    stream.beat(at: .now + .seconds(31), limit: .seconds(30))
    #expect(cuts.load(ordering: .relaxed) == 1)
  }
}

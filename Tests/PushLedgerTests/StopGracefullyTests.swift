import Foundation
import PushCore
import TestSupport
import Testing

@Suite("Stop gracefully", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct StopGracefully {
  private static let pushes = 60

  /// A message to each of many people.
  private static func history() throws -> [NewEvent] {
    var events: [NewEvent] = []
    func add(_ type: EventType, _ data: JSON, _ content: JSON? = nil) throws {
      events.append(
        try EventDoor.event(
          id: UUID(), type: type, occurredAt: Timestamp(microseconds: 1_750_000_000_000_000),
          data: data, content: content))
    }
    for index in 0..<pushes {
      let user = JSON.string("user-\(index)")
      let token = String(repeating: String(index + 0x100, radix: 16), count: 21) + "0"
      try add(
        .deviceRegistered,
        [
          "user": user, "device": "phone", "platform": "ios", "provider": "apns",
          "topic": .string(SigningPair.topic), "environment": "production",
        ], ["token": .string(token)])
      try add(
        .messageSent,
        ["message_id": .string("m\(index)"), "from": "bob", "conversation": ["user": user]],
        ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hello"]]]])
    }
    return events
  }

  @Test("G10: SIGTERM lets a dispatcher record what is on its way, and exit 0")
  func recordsWhatIsOnItsWay() async throws {
    try await CommandRig.run { rig in
      let apns = try await PlayedAPNs.start(rig, latency: 1_500)
      let watch = Task { await apns.watch() }
      try await append(rig)
      let dispatcher = try rig.start(
        ["dispatch"], environment: ["PUSHLEDGER_DISPATCH_IN_FLIGHT": "10"])
      await apns.delivered.reached(1)
      // At once: what arrived is answered only later.
      let stopped = await dispatcher.stop()
      #expect(stopped.status == 0, "\(stopped)")
      let early = try await apns.arrivals()
      let facts = try await LedgerFacts(
        of: AppID(unchecked: CommandRig.app), rig.pool, FoldSettings())
      facts.expectAttempts(early)
      #expect(facts.attempts.values.joined().allSatisfy { $0.outcome == .accepted })
      #expect(
        try await rig.number("select count(*) from dispatch.lanes where dispatcher is not null")
          == 0)
      let due = try await rig.number("select count(*) from dispatch.due")
      #expect(due == Int64(Self.pushes - Set(early.map(\.delivery)).count))
      #expect(due > 0, "what was not sent yet is left to others")
      let next = try rig.start(["dispatch"])
      await apns.delivered.reached(Self.pushes)
      let last = await next.stop()
      #expect(last.status == 0, "\(last)")
      #expect(try await apns.arrivals().count == Self.pushes, "none is sent twice")
      let simulator = await apns.process.stop()
      #expect(simulator.status == 0, "\(simulator)")
      #expect(await watch.value == Self.pushes)
    }
  }

  /// Imports the history and folds it, with a projector that is then told to stop.
  private func append(_ rig: CommandRig) async throws {
    let lines = try Self.history().map { event in
      JSON.object(present: [
        ("event_id", .string(event.id.uuidString)), ("type", .string(event.type.rawValue)),
        ("occurred_at", .string(event.occurredAt.description)),
        ("data", try JSON.parse(event.data)),
        ("content", try event.content.map { try JSON.parse($0) }),
      ]).text
    }
    let projector = try rig.start(["project"])
    _ = await projector.line(containing: "Projecting.")
    try await rig.succeed(
      "import", CommandRig.app, try rig.write("events.ndjson", lines.joined(separator: "\n")))
    let isFolded = try await eventually(within: .seconds(30)) {
      try await rig.number("select count(*) from dispatch.due") == Self.pushes
    }
    #expect(isFolded)
    let stopped = await projector.stop()
    #expect(stopped.status == 0, "\(stopped)")
    #expect(
      try await rig.number("select count(*) from ledger.checkpoints where owner is not null") == 0)
  }

  @Test func exitsZeroWhateverTheRole() async throws {
    try await CommandRig.run { rig in
      for (arguments, greeting) in [
        (["serve", "--port", "0"], "listens on"), (["project"], "Projecting."),
        (["dispatch"], "Dispatching."), (["react"], "Reacting."),
        (["up", "--port", "0"], "listens on"),
        (["simulate", "apns", "--port", "0", "--control-port", "0"], "is played on"),
        (["simulate", "all", "--port", "0"], "meizu is played on"),
      ] {
        for number in [SIGTERM, SIGINT] {
          let role = try rig.start(arguments)
          #expect(await role.line(containing: greeting) != nil, "\(arguments)")
          role.signal(number)
          let done = await role.finished()
          #expect(done.status == 0, "\(done)")
        }
      }
    }
  }
}

import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

/// Reading a few events and folding those decides what folding the whole ledger decides.
@Suite("Explain messages", .enabled(if: TestDatabase.isAvailable))
struct ExplainMessages {
  /// A decision without what depends on nothing else.
  private struct Decided: Equatable, CustomStringConvertible {
    var device: DeviceID?
    var verdict: Decision.Verdict

    var description: String { "\(device?.rawValue ?? "-") \(verdict)" }
  }

  /// Each message's decisions by recipient, as the whole fold makes them.
  private func decisions(
    of events: [NewEvent]
  ) throws -> [(message: MessageDecisions, byUser: [UserID: [Decided]])] {
    var fold = Fold()
    var all: [(message: MessageDecisions, byUser: [UserID: [Decided]])] = []
    for (index, event) in events.enumerated() {
      let outputs = fold.apply(
        try event.body(), at: Position(index + 1), occurredAt: event.occurredAt,
        recordedAt: event.occurredAt)
      fold.state.forgetChanges()
      for case .decided(let decided) in outputs {
        var byUser: [UserID: [Decided]] = [:]
        for decision in decided.decisions {
          byUser[decision.user, default: []].append(
            Decided(device: decision.device, verdict: decision.verdict))
        }
        all.append((decided, byUser))
      }
    }
    return all
  }

  private static let users = ["ann", "bob", "cho", "dee", "eve", "a/b%", "é", "e\u{301}"]
    .map(UserID.init(unchecked:))

  @Test(
    "gives every recipient's decision and badge as the whole fold does, from a few events",
    arguments: 0..<4)
  func equalsTheWholeFold(_ block: Int) async throws {
    try await ProjectionRig.run { rig in
      let explainer = Explainer(rig.pool)
      var pushes = 0
      for offset in 0..<14 {
        let seed = UInt64(block * 1_000 + offset)
        let app = AppID(unchecked: "random-\(seed)")
        try await rig.create(app)
        var random = SeededRandom(seed: seed ^ 0xE5)
        var history = RandomHistory(seed: seed, app: app)
        let count = Int.random(in: 60...400, using: &random)
        let events = try history.events(count).map { try EventDoor.event(from: $0) }
        try await rig.append(events, to: app)
        try await rig.project(app, batch: 1_000)
        let decided = try decisions(of: events)
        let kept = Set(decided.filter { $0.message.state != nil }.map(\.message.message.id))
        for (message, byUser) in decided
        where message.state != nil || !kept.contains(message.message.id) {
          let asked = Set(byUser.keys).union([random.pick(Self.users), message.message.sender])
          for user in asked.sorted() {
            let explained = try await explainer.explain(
              Explainer.Question(message.message.id, user: user), of: app)
            let explanation = try #require(explained)
            guard explanation.message.position == message.position else { continue }
            let recipient = try #require(explanation.recipients.first)
            let found = recipient.decisions.map { Decided(device: $0.device, verdict: $0.verdict) }
            let place = "seed \(seed), \(message.message.id) at \(message.position), \(user)"
            #expect(found == byUser[user] ?? [], "\(place)")
            #expect(explanation.agrees, "\(place): \(recipient.decisions.map(\.disagreements))")
            #expect((recipient.excluded == nil) == (byUser[user] != nil), "\(place)")
            pushes += found.count { if case .push = $0.verdict { true } else { false } }
          }
        }
      }
      #expect(pushes > 40, "\(pushes)")
    }
  }
}

/// Ann writes to Bob, who has a phone.
private enum Written {
  static func event(_ type: String, _ data: JSON, _ content: JSON? = nil) throws -> NewEvent {
    try EventDoor.event(
      from: .object(present: [
        ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
        ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
      ]))
  }

  static func phone() throws -> NewEvent {
    try event(
      "device.registered",
      ["user": "bob", "device": "phone", "platform": "ios", "provider": "apns"], ["token": "t"])
  }

  static func message(_ id: JSON, push: JSON? = nil) throws -> NewEvent {
    try event(
      "message.sent", ["message_id": id, "from": "ann", "conversation": ["user": "bob"]],
      .object(present: [
        ("elements", [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]),
        ("offline_push", push),
      ]))
  }
}

/// What was left out of the projection is left out of an explanation, too.
@Suite("Explain past skips", .enabled(if: TestDatabase.isAvailable))
struct ExplainPastSkips {
  /// Position 2 sends the app to the foreground and 4 is a message: both are left out.
  private static func events() throws -> [NewEvent] {
    try [
      Written.phone(),
      Written.event("device.foregrounded", ["user": "bob", "device": "phone"]),
      Written.message("m-1"), Written.message("m-2"),
    ]
      + [2, 4].map {
        try Written.event(
          "projection.event_skipped", ["projection": "notifications", "position": $0])
      }
  }

  @Test("decides without the events that were left out, as the projection did")
  func leavesOut() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try Self.events())
      try await rig.project(rig.app, batch: 1_000)
      let explained = try await Explainer(rig.pool).explain(
        Explainer.Question(MessageID(unchecked: "m-1")), of: rig.app)
      let explanation = try #require(explained)
      let decision = try #require(explanation.recipients.first?.decisions.first)
      #expect(decision.known?.state.word == "unreported")
      #expect(decision.status == .due)
      #expect(explanation.agrees, "\(decision.disagreements)")
    }
  }

  @Test("says of a message that was left out itself by which event, and decides nothing")
  func namesTheSkip() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try Self.events())
      try await rig.project(rig.app, batch: 1_000)
      let explainer = Explainer(rig.pool)
      let question = Explainer.Question(MessageID(unchecked: "m-2"))
      let explained = try await explainer.explain(question, of: rig.app)
      let explanation = try #require(explained)
      #expect(explanation.message.skipped?.position == 6)
      #expect(explanation.recipients.isEmpty && explanation.counts.isEmpty)
      #expect(explanation.agrees)
      #expect(explanation.json["skipped"]?["position"] == 6)
      // Sent once more, it is the first that is folded.
      try await rig.append([try Written.message("m-2")])
      try await rig.project(rig.app, batch: 1_000)
      let second = try #require(try await explainer.explain(question, of: rig.app))
      #expect(second.message.skipped == nil)
      #expect(second.message.position == 7)
      #expect(second.recipients.first?.decisions.first?.status == .due)
      #expect(second.agrees)
    }
  }
}

/// What the projection holds is held against the ledger.
@Suite("Explain what disagrees", .enabled(if: TestDatabase.isAvailable))
struct ExplainWhatDisagrees {
  @Test("disagrees where the projection holds an end that no attempt had")
  func disagreesAboutTheEnd() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append([
        try Written.phone(), try Written.message("m-1"),
      ])
      try await rig.project(rig.app, batch: 1_000)
      let id = try #require(try await rig.deliveries().first?.key)
      try await rig.append([
        try Written.event(
          "push.attempted",
          [
            "delivery_id": .string(id.uuidString), "message_id": "m-1", "user": "bob",
            "device": "phone", "attempt": 1, "provider": "apns", "outcome": "accepted",
            "started_at": "2026-01-01T12:00:01Z", "finished_at": "2026-01-01T12:00:02Z",
            "dispatcher": "d",
          ])
      ])
      try await rig.project(rig.app, batch: 1_000)
      for (status, agrees) in [("accepted", true), ("rejected", false)] {
        _ = try await rig.pool.query("update notifications_v1.deliveries set status = $1", [status])
        let explained = try await Explainer(rig.pool).explain(
          Explainer.Question(MessageID(unchecked: "m-1")), of: rig.app)
        #expect(explained?.agrees == agrees, "\(status)")
      }
    }
  }
}

/// What the projection has not come to is explained by the rules alone.
@Suite("Explain ahead of the projection", .enabled(if: TestDatabase.isAvailable))
struct ExplainAhead {
  @Test("tells no badge and no unread count, and where to look; all of it once it is there")
  func leavesBadgesOut() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append([
        try Written.phone(), try Written.message("m-1"),
      ])
      try await rig.project(rig.app, batch: 1_000)
      try await rig.append([
        try Written.message("m-2"), try Written.message("m-3", push: ["BadgeSetNum": 7]),
      ])
      let explainer = Explainer(rig.pool)
      func decision(_ id: String) async throws -> (ExplainedDecision, JSON?, KnownRecipient) {
        let explained = try await explainer.explain(
          Explainer.Question(MessageID(unchecked: id)), of: rig.app)
        let explanation = try #require(explained)
        let recipient = try #require(explanation.recipients.first)
        return (
          try #require(recipient.decisions.first),
          explanation.json["explained"]?.array?.first?["decisions"]?.array?.first,
          recipient.known
        )
      }
      let (ahead, json, known) = try await decision("m-2")
      #expect(ahead.badge == nil && ahead.known?.badge == nil && known.unread == nil)
      #expect(json?["decision"] == "push" && json?["badge"] == nil)
      #expect(json?["known"]?["state"] == "unreported" && json?["known"]?["badge"] == nil)
      #expect(ahead.known?.words.contains("badge") == false)
      #expect(ahead.pushTerm == "push" && ahead.pushWords == "by apns, sound default")
      #expect(ahead.conclusion.proves.contains("`pushledger projections status`"))
      #expect(!ahead.conclusion.proves.contains("waits"))
      // A message that says itself what the badge becomes needs no projection for it.
      #expect(try await decision("m-3").0.badge == 7)
      try await rig.project(rig.app, batch: 1_000)
      let (there, shown, since) = try await decision("m-2")
      #expect(there.badge == 2 && there.known?.badge == 1 && since.unread == 1)
      #expect(shown?["badge"] == 2 && shown?["known"]?["badge"] == 1)
      #expect(there.pushTerm == "push" && there.pushWords == "by apns, badge 2, sound default")
      #expect(there.conclusion.proves.contains("waits for its first attempt"))
    }
  }
}

@Suite("Explain as the oracle", .enabled(if: TestDatabase.isAvailable && SharedData.isAvailable))
struct ExplainAsTheOracle {
  @Test("gives the oracle's decision and reason for 1,000 pairs of real chat, each in milliseconds")
  func realChat() async throws {
    try await ProjectionRig.run { rig in
      try await rig.append(try SharedData.smallFile())
      try await rig.projector().catchUp(rig.app)
      let pairs = try SharedData.oracleDecisions(pairs: 1_000, seed: 7)
      #expect(pairs.count == 1_000)
      let explainer = Explainer(rig.pool)
      var times: [Duration] = []
      for pair in pairs {
        let start = ContinuousClock.now
        let explained = try await explainer.explain(
          Explainer.Question(pair.message, user: pair.user), of: rig.app)
        times.append(start.duration(to: .now))
        let explanation = try #require(explained)
        let recipient = try #require(explanation.recipients.first)
        #expect(
          recipient.decisions.map(Self.words) == pair.lines.map(Self.words),
          "\(pair.message), \(pair.user)")
        #expect(explanation.agrees, "\(pair.message), \(pair.user)")
      }
      times.sort()
      #expect(times[times.count / 2] < .milliseconds(100), "\(times[times.count / 2])")
    }
  }

  private static func words(_ decision: ExplainedDecision) -> String {
    let device = decision.device?.rawValue ?? "-"
    switch decision.verdict {
    case .suppressed(let reason): return "\(device) suppressed \(reason.rawValue)"
    case .push(let push): return "\(device) push \(push.provider.rawValue) \(push.badge)"
    }
  }

  private static func words(_ line: JSON) -> String {
    let device = line["device"]?.string ?? "-"
    if let reason = line["reason"]?.string { return "\(device) suppressed \(reason)" }
    return "\(device) push \(line["provider"]?.string ?? "") \(line["badge"]?.integer ?? -1)"
  }
}

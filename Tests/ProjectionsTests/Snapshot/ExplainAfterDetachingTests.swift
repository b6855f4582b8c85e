import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ExplainAfterDetaching {
  /// The explanations of messages, by their ids.
  private func explanations(
    of ids: [String], _ rig: DetachRig
  ) async throws -> [String: JSON] {
    var found: [String: JSON] = [:]
    for id in ids {
      found[id] = try await Explainer(rig.rig.pool).explain(
        Explainer.Question(MessageID(unchecked: id), limit: 100), of: rig.app)?.json
    }
    return found
  }

  private func pushes(_ explanations: [String: JSON]) -> Int {
    var pushes = 0
    for explanation in explanations.values {
      for recipient in explanation["explained"]?.array ?? [] {
        let decisions = recipient["decisions"]?.array ?? []
        pushes += decisions.count { $0["decision"] == "push" }
      }
    }
    return pushes
  }

  @Test(
    "explains what came later as before, and agrees while more is being detached", arguments: 0..<6)
  func changesNoExplanation(seed: Int) async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: UInt64(seed) + 700, app: rig.app)
      try await rig.append(&history, 240)
      try await rig.accept()
      let moment = try await rig.now()
      let end = try await rig.head()
      try await rig.append(&history, 480)
      try await rig.accept(leaving: 3)
      let later = try await rig.rows(
        "select message_id from pushledger.messages where position > \(end)")
      let before = try await explanations(of: later, rig)
      #expect(before.count > 10 && pushes(before) > 1, "\(before.count) \(pushes(before))")
      let report = try await rig.detach(before: moment)
      #expect(report.position == end && report.events > 0)
      let after = try await explanations(of: later, rig)
      for (id, explanation) in before {
        #expect(explanation["agrees"] == true, "seed \(seed), \(id)")
        #expect(after[id] == explanation, "seed \(seed), \(id)")
      }
      try await Snapshot(rig.rig.pool, app: rig.app).move(to: try await rig.head()) { _ in }
      for (id, explanation) in try await explanations(of: later, rig) {
        #expect(explanation["agrees"] == true, "seed \(seed), \(id)")
      }
    }
  }

  /// Bob's badge is what his app reports; cho's and, until the last message, dee's is derived. Eve's
  /// second message and the group's first go on after the archive's end.
  @Test("counts badges on from the snapshot, and says of a message that it is in the archive")
  func countsOn() async throws {
    try await DetachRig.run { rig in
      let talk = try await Talk(rig)
      try await talk.begin()
      let (moment, end) = (try await rig.now(), try await rig.head())
      try await talk.goOn()
      let here = ["bob-3", "bob-4", "cho-3", "dee-3", "dee-4", "eve-2", "g-1"]
      let before = try await explanations(of: here, rig)
      let badges = try here.map { id in
        let first = before[id]?["explained"]?.array?.first?["decisions"]?.array?.first
        return try #require(first?["badge"]?.integer, "\(id)")
      }
      #expect(badges == [3, 4, 3, 3, 4, 2, 3])
      #expect(try await rig.detach(before: moment).position == end)
      let after = try await explanations(of: here, rig)
      for id in here { #expect(after[id] == before[id], "\(id)") }

      for id in ["bob-1", "bob-2", "cho-2", "dee-1", "eve-1", "g-2"] {
        let place = try #require(
          try await rig.rig.pool.query(
            "select position, recorded_at from pushledger.messages where message_id = $1", [id]
          ).first)
        let position: Position = try place.get(0)
        let question = Explainer.Question(MessageID(unchecked: id))
        do {
          _ = try await Explainer(rig.rig.pool).explain(question, of: rig.app)
          Issue.record("\(id) is explained")
        } catch ExplainError.archived(let message) {
          #expect(message.id.rawValue == id && message.position == position)
          #expect(message.recordedAt == (try place.timestamp(1)))
          #expect(message.description.contains("pushledger restore"))
        }
      }
      // Sent again under another event id, it is not taken for the first.
      try await rig.rig.append([try talk.message("bob-1", ["user": "bob"])])
      try await rig.rig.project(rig.app, batch: 100)
      await #expect(throws: ExplainError.self) {
        _ = try await explanations(of: ["bob-1"], rig)
      }
    }
  }

  @Test("shows of a history what is here, in pages, and up to where messages are lacking")
  func showsHistories() async throws {
    try await DetachRig.run { rig in
      let talk = try await Talk(rig)
      try await talk.begin()
      let (moment, end) = (try await rig.now(), try await rig.head())
      try await talk.goOn()
      try await rig.detach(before: moment)
      let reader = TimelineReader(rig.rig.pool)
      func page(
        _ subject: TimelineSubject, _ place: TimelineReader.Place, limit: Int = 100
      ) async throws -> TimelineReader.Page {
        try await reader.page(subject, of: rig.app, place, limit: limit)
      }
      let bob = TimelineSubject.user(UserID(unchecked: "bob"))
      let whole = try await page(bob, .before(.max))
      #expect(whole.archivedUpTo == end)
      #expect(
        whole.entries.filter { !$0.deliveries.isEmpty }.map { $0.body?.messageID?.rawValue }
          == ["bob-3", "bob-4"])
      #expect(try await page(bob, .before(.max), limit: 2).archivedUpTo == nil)
      #expect(try await page(bob, .after(end)).archivedUpTo == nil)
      #expect(try await page(bob, .after(end - 1)).archivedUpTo == end)
      // Newer messages that are gone keep an older one from no page.
      let group = TimelineSubject.group(GroupID(unchecked: "g"))
      let last = try await page(group, .before(end + 1), limit: 1)
      #expect(last.entries.map { $0.body?.messageID?.rawValue } == ["g-1"])
      #expect(last.hasMore && last.archivedUpTo == end)
      await #expect(throws: ExplainError.self) {
        _ = try await page(.message(MessageID(unchecked: "bob-1")), .before(.max))
      }
      let kept = try await page(.message(MessageID(unchecked: "eve-2")), .before(.max))
      #expect(kept.entries.map(\.recorded.event.type.rawValue).last == "push.delivered")
      #expect(kept.archivedUpTo == nil)
    }
  }
}

/// A small history in two parts, between which an archive ends.
private struct Talk {
  let rig: DetachRig

  init(_ rig: DetachRig) async throws { self.rig = rig }

  private func event(_ type: String, _ data: JSON, _ content: JSON? = nil) throws -> NewEvent {
    try EventDoor.event(
      from: .object(present: [
        ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
        ("occurred_at", "2026-01-01T12:00:00Z"), ("data", data), ("content", content),
      ]))
  }

  func message(_ id: String, _ conversation: JSON) throws -> NewEvent {
    try event(
      "message.sent",
      ["message_id": .string(id), "from": "ann", "conversation": conversation],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
  }

  private func badge(_ user: JSON, _ source: JSON) throws -> NewEvent {
    try event("user.updated", ["user": user, "badge": source])
  }

  /// A receipt of eve's phone.
  private func delivered(_ message: String) throws -> NewEvent {
    let delivery = DeliveryID.make(
      app: rig.app, message: MessageID(unchecked: message), user: UserID(unchecked: "eve"),
      device: DeviceID(unchecked: "phone"))
    return try event(
      "push.delivered",
      [
        "delivery_id": JSON(delivery), "message_id": .string(message),
        "at": "2026-01-01T12:00:01Z",
      ])
  }

  private func append(_ events: [NewEvent]) async throws {
    try await rig.rig.append(events)
    try await rig.rig.project(rig.app, batch: 100)
    try await rig.accept()
  }

  func begin() async throws {
    var events: [NewEvent] = []
    for user in ["bob", "cho", "dee", "eve"] as [JSON] {
      events.append(
        try event(
          "device.registered",
          ["user": user, "device": "phone", "platform": "ios", "provider": "apns"],
          ["token": user]))
    }
    events += try [badge("cho", "derived"), badge("dee", "derived")]
    for user in ["ann", "eve"] as [JSON] {
      events.append(try event("group.member_added", ["group": "g", "user": user]))
    }
    for number in 1...2 {
      for user in ["bob", "cho", "dee", "eve"] {
        events.append(try message("\(user)-\(number)", ["user": .string(user)]))
      }
    }
    for number in 1...2 { events.append(try message("g-\(number)", ["group": "g"])) }
    try await append(events)
  }

  func goOn() async throws {
    try await append([
      delivered("eve-2"), delivered("g-1"), message("bob-3", ["user": "bob"]),
      message("bob-4", ["user": "bob"]), message("cho-3", ["user": "cho"]),
      message("dee-3", ["user": "dee"]), badge("dee", "reported"),
      message("dee-4", ["user": "dee"]),
    ])
  }
}

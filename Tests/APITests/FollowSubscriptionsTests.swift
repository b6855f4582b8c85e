import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct FollowSubscriptions {
  private static let path = "/v1/subscriptions/billing"

  private static func read(_ consumer: String, _ more: String = "") -> String {
    "/v1/events?subscription=billing&consumer=\(consumer)\(more)"
  }

  private static func positions(_ answer: Answer) throws -> [Int64] {
    try answer.text.split(separator: "\n").map {
      try JSON.parse(Array($0.utf8))["position"]?.integer ?? 0
    }
  }

  private static func lease(_ answer: Answer) throws -> Int64 {
    try #require(answer.header("PushLedger-Lease").flatMap { Int64($0) })
  }

  private func acknowledge(
    _ position: Int64, lease: Int64, release: Bool = false, _ rig: APIRig
  ) async throws -> Answer {
    try await rig.post(
      Self.path + "/acknowledgements",
      ["position": .integer(position), "lease": .integer(lease), "release": .bool(release)])
  }

  private func append(_ count: Int, from first: Int = 0, _ rig: APIRig) async throws {
    let many = JSON.array((first..<first + count).map { PostMessages.message("m\($0)") })
    #expect(try await rig.post("/v1/messages", many).status == 202)
  }

  /// Lets the time of the lease pass.
  private func expire(_ rig: APIRig) async throws {
    _ = try await rig.pool.query(
      """
      update ledger.subscriptions set leased_until = clock_timestamp() - interval '1 second'
      where leased_until is not null
      """)
  }

  @Test("G19: gives each event again until it is acknowledged, and then no more")
  func givesUntilAcknowledged() async throws {
    try await APIRig.run { rig in
      try await append(10, rig)
      #expect(try await rig.put(Self.path, [:]).status == 200)
      var lease: Int64 = 0
      for _ in 0..<2 {
        let page = try await rig.get(Self.read("one", "&limit=4"))
        #expect(try Self.positions(page) == [1, 2, 3, 4])
        lease = try Self.lease(page)
      }
      let done = try await acknowledge(2, lease: lease, rig)
      #expect(done.status == 200 && done.json["position"] == 2)
      #expect(done.json["lag_events"] == 8 && done.json["consumer"] == "one")
      let again = try await rig.get(Self.read("one", "&limit=2"))
      #expect(try Self.positions(again) == [3, 4])
      #expect(try await acknowledge(4, lease: try Self.lease(again), rig).status == 200)
      let rest = try await rig.get(Self.read("one"))
      #expect(try Self.positions(rest) == [5, 6, 7, 8, 9, 10])
      // An acknowledgement whose answer was lost is sent again.
      for _ in 0..<2 {
        #expect(try await acknowledge(10, lease: try Self.lease(rest), rig).json["position"] == 10)
      }
      #expect(try await rig.get(Self.read("one")).body.isEmpty)
    }
  }

  @Test("G19: refuses to acknowledge backwards, beyond what was given, or under an older lease")
  func refusesAWrongAcknowledgement() async throws {
    try await APIRig.run { rig in
      try await append(10, rig)
      _ = try await rig.put(Self.path, [:])
      let first = try await rig.get(Self.read("one", "&limit=5"))
      let lease = try Self.lease(first)
      let beyond = try await acknowledge(6, lease: lease, rig)
      #expect(beyond.status == 409 && beyond.code == "acknowledgement_refused")
      #expect(beyond.json["handed_out"] == 5 && beyond.field == "position")
      #expect(try await acknowledge(5, lease: lease, rig).status == 200)
      let back = try await acknowledge(4, lease: lease, rig)
      #expect(back.status == 409 && back.code == "acknowledgement_refused")
      #expect(back.json["position"] == 5)
      let next = try await rig.get(Self.read("one", "&limit=5"))
      let late = try await acknowledge(6, lease: lease, rig)
      #expect(late.status == 409 && late.code == "lease_lost")
      #expect(late.json["lease"] == .integer(try Self.lease(next)))
      #expect(try await acknowledge(6, lease: try Self.lease(next), rig).status == 200)
      let unknown = try await rig.post(
        "/v1/subscriptions/other/acknowledgements", ["position": 1, "lease": 1])
      #expect(unknown.status == 404 && unknown.code == "subscription_unknown")
    }
  }

  @Test("G19: one consumer at a time; a second is let in when the lease ends, and the first is out")
  func letsOneConsumerIn() async throws {
    try await APIRig.run { rig in
      try await append(6, rig)
      _ = try await rig.put(Self.path, [:])
      let first = try await rig.get(Self.read("one", "&limit=3"))
      let refused = try await rig.get(Self.read("two"))
      #expect(refused.status == 409 && refused.code == "subscription_held")
      #expect(refused.json["consumer"] == "one")
      #expect(refused.json["leased_until"]?.string?.hasSuffix("Z") == true)
      try await expire(rig)
      // Late, and nobody came meanwhile: it counts, and renews the lease.
      #expect(try await acknowledge(1, lease: try Self.lease(first), rig).status == 200)
      #expect(try await rig.get(Self.read("two")).status == 409)
      try await expire(rig)
      // The first is gone without a word: what it did not acknowledge comes again.
      let second = try await rig.get(Self.read("two"))
      #expect(try Self.positions(second) == [2, 3, 4, 5, 6])
      let lost = try await acknowledge(3, lease: try Self.lease(first), rig)
      #expect(lost.status == 409 && lost.code == "lease_lost")
      #expect(
        try await acknowledge(6, lease: try Self.lease(second), release: true, rig).status == 200)
      // Given back: the first comes at once.
      let third = try await rig.get(Self.read("one"))
      #expect(third.status == 200 && third.body.isEmpty)
    }
  }

  @Test("G19: followed it goes on as the ledger grows, and ends when another lease is taken")
  func follows() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put(Self.path, ["types": ["message.sent"]])
      try await append(1, rig)
      try await rig.follow(Self.read("one", "&follow=true&lease_seconds=5")) { lines in
        for index in 0..<10 {
          let line = try #require(try await lines.next())
          #expect(try JSON.parse(Array(line.utf8))["position"] == .integer(index + 1))
          try await append(1, from: index + 1, rig)
        }
        #expect(try await lines.next() != nil)
        // The same consumer, come again as it does after a crash, is let in at once.
        let again = try await rig.get(Self.read("one"))
        #expect(try Self.positions(again) == Array(1...11))
        try await append(1, from: 11, rig)
        #expect(try await lines.next() == nil, "nothing more under the older lease")
        #expect(try await acknowledge(11, lease: try Self.lease(again), rig).status == 200)
      }
      #expect(try Self.positions(try await rig.get(Self.read("one"))) == [12])
    }
  }

  @Test("its place is in the database: another server, and a restarted one, goes on")
  func survivesARestart() async throws {
    try await APIRig.run { rig in
      try await append(5, rig)
      _ = try await rig.put(Self.path, [:])
      let page = try await rig.get(Self.read("one", "&limit=3"))
      #expect(try await acknowledge(2, lease: try Self.lease(page), rig).status == 200)
      let other = Subscriptions(rig.pool)
      let name = SubscriptionName(unchecked: "billing")
      let known = try await other.subscription(name, of: APIRig.demo)
      #expect(known.position == 2 && known.handedOut == 3 && known.holder?.consumer == "one")
      let lease = try await other.take(name, of: APIRig.demo, for: "one", seconds: 30)
      let rest = try await other.page(
        lease, of: APIRig.demo, after: lease.position, limit: 10, renews: true)
      #expect(rest.events.map(\.position) == [3, 4, 5] && rest.isAtEnd)
      #expect(try await acknowledge(5, lease: lease.epoch, rig).status == 200)
    }
  }

  @Test("gives the types it was created for; events of others need no acknowledgement")
  func givesItsTypes() async throws {
    try await APIRig.run { rig in
      let user: JSON = ["type": "user.updated", "data": ["user": "ann"]]
      _ = try await rig.put(Self.path, ["types": ["user.updated"]])
      try await append(300, rig)
      #expect(try await rig.get(Self.read("one")).body.isEmpty)
      let items = try await rig.get("/v1/subscriptions").json["items"]?.array
      #expect(items?.first?["position"] == 300 && items?.first?["lag_events"] == 0)
      _ = try await rig.post("/v1/events", user)
      try await append(300, from: 300, rig)
      _ = try await rig.post("/v1/events", user)
      let page = try await rig.get(Self.read("one"))
      #expect(try Self.positions(page) == [301, 602])
      try await append(5, from: 600, rig)
      #expect(try await acknowledge(602, lease: try Self.lease(page), rig).status == 200)
      #expect(try await rig.get(Self.read("one")).body.isEmpty)
      let after = try await rig.get("/v1/subscriptions").json["items"]?.array?.first
      #expect(after?["position"] == 607)
    }
  }

  @Test("G19: a consumer that dies anywhere gets every event, in order", arguments: 0..<4)
  func givesEveryEvent(seed: Int) async throws {
    try await APIRig.run { rig in
      var random = SeededRandom(seed: UInt64(seed))
      _ = try await rig.put(Self.path, [:])
      var appended = 0
      var done: Int64 = 0
      var seen: Set<Int64> = []
      while done < 120 {
        if appended < 120 {
          try await append(12, from: appended, rig)
          appended += 12
        }
        let limit = Int.random(in: 1...9, using: &random)
        let page = try await rig.get(Self.read("one", "&limit=\(limit)"))
        let positions = try Self.positions(page)
        #expect(positions == (0..<positions.count).map { done + 1 + Int64($0) }, "seed \(seed)")
        seen.formUnion(positions)
        // It dies before it acknowledges, after a part, or after all.
        guard let last = positions.randomElement(using: &random), Bool.random(using: &random)
        else { continue }
        #expect(try await acknowledge(last, lease: try Self.lease(page), rig).status == 200)
        done = last
      }
      #expect(seen == Set(1...120))
    }
  }

  @Test("creates one once, lists it with its lag, and deletes it")
  func keepsSubscriptions() async throws {
    try await APIRig.run { rig in
      try await append(4, rig)
      let wanted: JSON = ["types": ["message.sent", "user.updated"], "after": 2]
      for _ in 0..<2 {
        let made = try await rig.put(Self.path, wanted)
        #expect(made.status == 200 && made.json["position"] == 2 && made.json["lag_events"] == 2)
      }
      for other: JSON in [[:], ["after": 2], ["types": ["message.sent"], "after": 2]] {
        let refused = try await rig.put(Self.path, other)
        #expect(refused.status == 409 && refused.code == "subscription_differs", "\(other)")
      }
      #expect(try await rig.put("/v1/subscriptions/now", ["after": "head"]).json["position"] == 4)
      #expect(try await rig.put("/v1/subscriptions/now", ["after": "head"]).status == 200)
      let names = try await rig.get("/v1/subscriptions").json["items"]?.array?.map { $0["name"] }
      #expect(names == ["billing", "now"])
      #expect(
        try await rig.get("/v1/subscriptions", key: rig.otherKey).json["items"]?.array == [])
      #expect(try await rig.get(Self.read("one"), key: rig.otherKey).status == 404)
      let lease = try Self.lease(try await rig.get(Self.read("one")))
      #expect(try await rig.delete(Self.path).json["name"] == "billing")
      #expect(try await rig.delete(Self.path).status == 404)
      // What was held of the one before is nothing to the one that comes after it.
      _ = try await rig.put(Self.path, [:])
      _ = try await rig.get(Self.read("one"))
      #expect(try await acknowledge(1, lease: lease, rig).code == "lease_lost")
    }
  }

  @Test("an app has a hundred, and no more")
  func boundsTheirNumber() async throws {
    try await APIRig.run { rig in
      for number in 0..<Subscriptions.perApp {
        #expect(try await rig.put("/v1/subscriptions/s\(number)", [:]).status == 200)
      }
      let refused = try await rig.put("/v1/subscriptions/more", [:])
      #expect(refused.status == 409 && refused.code == "too_many_subscriptions")
      #expect(try await rig.put("/v1/subscriptions/s7", [:]).status == 200)
      #expect(try await rig.put("/v1/subscriptions/more", [:], key: rig.otherKey).status == 200)
    }
  }

  @Test("refuses what is wrong with the field and the way out")
  func refusesBadInput() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put(Self.path, [:])
      for (path, code, field) in [
        ("/v1/events?subscription=billing", "missing", "consumer"),
        ("/v1/events?consumer=one", "missing", "subscription"),
        ("/v1/events?lease_seconds=5", "missing", "subscription"),
        (Self.read("one", "&after=3"), "unknown_field", "after"),
        (Self.read("one", "&stream=message%2F1"), "unknown_field", "stream"),
        (Self.read("one", "&lease_seconds=4"), "out_of_range", "lease_seconds"),
        (Self.read("a%20b"), "bad_character", "consumer"),
        (Self.read("", ""), "too_short", "consumer"),
        ("/v1/events?subscription=none&consumer=one", "subscription_unknown", nil),
      ] {
        let refused = try await rig.get(path)
        #expect(refused.code == code && refused.field == field, "\(path): \(refused.text)")
      }
      for (name, body, code, field) in [
        (String(repeating: "n", count: 65), [:], "too_long", "name"),
        ("a%2Fb", [:], "bad_character", "name"),
        ("x", ["types": []], "too_short", "types"),
        ("x", ["types": ["message.sung"]], "unknown_value", "types[0]"),
        ("x", ["after": -1], "out_of_range", "after"),
        ("x", ["after": "tail"], "unknown_value", "after"),
        ("x", ["after": 99], "out_of_range", "after"),
        ("x", ["from": 1], "unknown_field", "from"),
      ] as [(String, JSON, String, String)] {
        let refused = try await rig.put("/v1/subscriptions/\(name)", body)
        #expect(refused.code == code && refused.field == field, "\(body): \(refused.text)")
      }
      let read = try await rig.key([.read])
      #expect(try await rig.put(Self.path, [:], key: read).status == 403)
      #expect(try await rig.delete(Self.path, key: read).status == 403)
      #expect(try await rig.get(Self.read("one"), key: read).status == 200)
      #expect(try await rig.get(Self.path.replacing("/billing", with: ""), key: read).status == 200)
    }
  }
}

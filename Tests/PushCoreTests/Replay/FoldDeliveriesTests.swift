import PushCore
import TestSupport
import Testing

@Suite("Fold deliveries")
struct FoldDeliveries {
  @Test("G7: equals a plain fold of them, whatever happens", arguments: Array(UInt64(0)..<60))
  func equalsThePlainFold(seed: UInt64) throws {
    let rig = try ReplayRig.random(seed)
    var plain = DeliveryFold(app: RandomHistory.app)
    var fold = Fold()
    for event in rig.events {
      let outputs = fold.apply(
        try event.event.body(), at: event.position, occurredAt: event.event.occurredAt,
        recordedAt: event.recordedAt)
      for output in outputs { plain.apply(output) }
    }
    let table = try #require(rig.replay().deliveries)
    #expect(table.count == plain.deliveries.count)
    for place in 0..<table.count {
      let delivery = table[place]
      #expect(table.place(of: delivery.id) == place)
      let expected = try #require(plain.deliveries[delivery.id])
      #expect(
        delivery.message == expected.message && delivery.position == expected.position
          && delivery.conversation == expected.conversation && delivery.user == expected.user
          && delivery.device == expected.device && delivery.provider == expected.provider
          && delivery.badge == expected.badge && delivery.status == expected.status
          && delivery.reason == expected.reason && Int64(delivery.attempts) == expected.attempts,
        "seed \(seed): \(delivery), \(expected)")
    }
    #expect(table.counts().values.reduce(0, +) == table.count)
  }

  @Test("keeps suppressed decisions up to the limit of recipients, and none above it")
  func keepsSuppressed() throws {
    let rig = try ReplayRig.random(3)
    let replay = rig.replay(suppressedRowsLimit: .max)
    let kept = try #require(replay.deliveries?.counts()[.suppressed])
    let unkept = replay.counts.suppressed[.onlineOnly] ?? 0
    #expect(kept == replay.counts.suppressed.values.reduce(0, +) - unkept)
    #expect(rig.replay(suppressedRowsLimit: 0).deliveries?.counts()[.suppressed] == nil)
  }

  @Test("pages hold whole messages, each once and in order")
  func pages() throws {
    let table = try #require(try ReplayRig.random(5).replay().deliveries)
    var after: Position = 0
    var next = 0
    while let page = table.page(after: after, limit: 7) {
      #expect(page.places.lowerBound == next)
      for place in page.places {
        #expect(table[place].position > after && table[place].position <= page.upTo)
      }
      next = page.places.upperBound
      after = page.upTo
    }
    #expect(next == table.count)
    #expect(next > 0)
  }

  @Test("the first attempt, the end, the receipts and another way are told")
  func tellsTimes() throws {
    var rig = ReplayRig()
    try rig.register("bob")
    try rig.send("m1")
    let id = DeliveryID.make(
      app: RandomHistory.app, message: MessageID(unchecked: "m1"), user: UserID(unchecked: "bob"),
      device: DeviceID(unchecked: "phone"))
    func attempt(_ number: Int64, _ outcome: String, _ started: String) -> JSON {
      [
        "delivery_id": JSON(id), "message_id": "m1", "user": "bob", "device": "phone",
        "attempt": .integer(number), "provider": "apns", "outcome": .string(outcome),
        "started_at": .string(started), "finished_at": .string(started),
      ]
    }
    try rig.add("push.attempted", attempt(1, "retry", "2026-01-01T12:00:02Z"))
    try rig.add("push.attempted", attempt(2, "accepted", "2026-01-01T12:00:05Z"))
    for (type, at) in [
      ("push.delivered", "2026-01-01T12:00:09Z"), ("push.delivered", "2026-01-01T12:00:08Z"),
      ("push.opened", "2026-01-01T12:01:00Z"),
    ] {
      try rig.add(type, ["delivery_id": JSON(id), "message_id": "m1", "at": .string(at)])
    }
    let table = try #require(rig.replay().deliveries)
    let delivery = table[try #require(table.place(of: id))]
    #expect(delivery.status == .accepted)
    #expect(delivery.attempts == 2)
    #expect(delivery.firstAttemptAt == Timestamp(iso8601: "2026-01-01T12:00:02Z"))
    #expect(delivery.endedAt == Timestamp(iso8601: "2026-01-01T12:00:05Z"))
    #expect(delivery.deliveredAt == Timestamp(iso8601: "2026-01-01T12:00:08Z"))
    #expect(delivery.openedAt == Timestamp(iso8601: "2026-01-01T12:01:00Z"))
  }
}

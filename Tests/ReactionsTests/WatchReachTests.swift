import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Reactions

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct WatchReach {
  private static func watch(_ rig: ReactionRig, days: Int64) -> ReachWatch {
    let now = Timestamp.systemClock() + .seconds(86_400 * days)
    return ReachWatch(pool: rig.pool, appender: rig.appender, clock: { now })
  }

  private static func setDays(_ rig: ReactionRig, _ days: Int?) async throws {
    let apps = Apps(rig.pool)
    var settings = try await apps.app(ReactionRig.app).settings
    settings.reachableDays = days
    try await apps.update(ReactionRig.app, to: settings)
  }

  private static func offline(_ rig: ReactionRig) async throws -> [String] {
    try await rig.events(.deviceOffline).map(\.event.stream.rawValue).sorted()
  }

  @Test("a phone that nothing was heard of for seven days is offline, by an event, once")
  func givesUp() async throws {
    try await ReactionRig.run { rig in
      let states: [(String, EventType?)] = [
        ("killed", .deviceKilled), ("back", .deviceBackgrounded), ("open", .deviceForegrounded),
        ("out", .deviceLoggedOut), ("silent", nil),
      ]
      for (device, type) in states {
        let name: JSON = ["user": "bob", "device": .string(device)]
        try await rig.append(
          .deviceRegistered,
          name.setting("platform", to: "ios").setting("provider", to: "apns"),
          ["token": .string("aa" + device)])
        if let type { try await rig.append(type, name) }
      }
      try await rig.project()
      try await Self.watch(rig, days: 400).look()
      #expect(try await Self.offline(rig) == [], "an app without the setting waits for ever")
      try await Self.setDays(rig, 7)
      try await Self.watch(rig, days: 6).look()
      #expect(try await Self.offline(rig) == [])
      let late = Self.watch(rig, days: 8)
      async let first: Void = late.look()
      async let second: Void = late.look()
      _ = try await (first, second)
      let gone = ["device/bob/back", "device/bob/killed", "device/bob/silent"]
      #expect(try await Self.offline(rig) == gone)
      try await rig.project()
      try await late.look()
      #expect(try await Self.offline(rig) == gone, "once")
      try await rig.send("m1")
      try await rig.append(.deviceBackgrounded, ["user": "bob", "device": "back"])
      try await rig.send("m2")
      try await rig.project()
      let decided = try await rig.pool.query(
        """
        select m.message_id || ' ' || d.device_id || ' ' || coalesce(d.reason, 'push')
        from notifications_v1.deliveries d join notifications_v1.messages m using (app, position)
        order by 1
        """
      ).map { try $0.get(0, as: String.self) }
      #expect(
        decided == [
          "m1 back offline", "m1 killed offline", "m1 open foreground", "m1 out logged_out",
          "m1 silent offline", "m2 back push", "m2 killed offline", "m2 open foreground",
          "m2 out logged_out", "m2 silent offline",
        ])
    }
  }

  @Test("what was due for a device that is given up is called off")
  func callsOff() async throws {
    try await ReactionRig.run { rig in
      try await rig.append(
        .deviceRegistered,
        ["user": "bob", "device": "phone", "platform": "ios", "provider": "apns"],
        ["token": "aa"])
      try await rig.send("m1")
      try await rig.append(.deviceOffline, ["user": "bob", "device": "phone"])
      try await rig.project()
      let row = try await rig.pool.query(
        "select status, reason from notifications_v1.deliveries")
      #expect(try row.first?.get(0) == "cancelled" && row.first?.get(1) == "offline")
      #expect(try await rig.pool.query("select from dispatch.due").isEmpty)
    }
  }
}

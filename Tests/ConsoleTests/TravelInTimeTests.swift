import Foundation
import HTTPTypes
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Travel in time", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct TravelInTime {
  private static let bob = UserID(unchecked: "bob")

  @Test("a page of then shows what the functions say of then", arguments: [4, 9, 13] as [Position])
  func showsThen(position: Position) async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let facts = try await UserReader(pool: rig.pool).then(
        Self.bob, in: ConsoleRig.app, at: position, nil)
      let unread = try await rig.pool.query(
        """
        select group_id, peer, unread, receive, read_position
        from pushledger.unread_at('chat', 'bob', $1) order by unread desc, conversation
        """, [position])
      #expect(
        facts.unread
          == (try unread.map { row in
            UserFacts.Conversation(
              group: try row.optional(0), peer: try row.optional(1), unread: try row.get(2),
              receive: try row.get(3), readPosition: try row.get(4))
          }))
      let tokens = try await rig.pool.query(
        """
        select device_id, token_sha256 from pushledger.tokens
        where app = 'chat' and user_id = 'bob' and since_position <= $1
          and coalesce(until_position > $1, true) order by since_position desc
        """, [position])
      #expect(
        facts.tokens.map { [$0.device, $0.sha256] }
          == (try tokens.map { [try $0.get(0), try $0.get(1, as: String.self)] }))
      let page = try await rig.get(
        "/console/users/bob?at=\(position)", session: try await rig.signIn())
      #expect(page.status == 200)
      var known = 0
      for device in ["phone", "tablet"] {
        let rows = try await rig.pool.query(
          """
          select coalesce(state, '-'), token_sha256, app_version
          from pushledger.device_at('chat', 'bob', $1, $2)
          """, [device, position])
        let shown = facts.devices.first { $0.device == device }
        #expect(rows.isEmpty == (shown == nil))
        guard let row = rows.first, let shown else { continue }
        known += 1
        #expect(try row.get(0) == shown.state ?? "-" && row.optional(1) == shown.tokenSHA256)
        #expect(page.body.contains(try row.get(1, as: String.self)))
        #expect(page.body.contains(try row.get(2, as: String.self)))
      }
      #expect(facts.devices.count == known && known == (position < 8 ? 1 : 2))
      #expect(facts.deliveries.allSatisfy { $0.position <= position })
      #expect(facts.badges.allSatisfy { $0.position <= position })
      for shown in [
        "travel then", "Then, not now", "This is as of position \(position)",
        "As of position \(position), not now", "value=\"\(position)\"",
        "<a class=\"button\" "
          + "href=\"/console/users/bob\">Now</a>", "min=\"1\"", "max=\"15\"",
      ] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      // Nothing of what came later, and nothing that is only known of now.
      for hidden in ["data-live-from", "Bobby", "22:00", "killed", position < 12 ? "m12" : "?"] {
        #expect(hidden == "?" || !page.body.contains(hidden), "\(hidden)")
      }
    }
  }

  @Test("the ways to the events before and after lead there and say what they are")
  func steps() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let session = try await rig.signIn()
      let page = try await rig.get("/console/users/bob?at=11", session: session)
      #expect(
        page.body.contains(
          try Regex(#"at=10">← Previous event: <span class="what">conversation.read<"#)))
      #expect(
        page.body.contains(try Regex(#"at=12">Next event: <span class="what">message.sent<"#)))
      let now = try await rig.get("/console/users/bob", session: session)
      #expect(
        now.body.contains(try Regex(#"at=15">← Previous event: <span class="what">device.killed<"#))
      )
      #expect(!now.body.contains("Next event"))
    }
  }

  @Test("an attempt shows from when it was made, and what came of a push later does not")
  func showsAttempts() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let reader = UserReader(pool: rig.pool)
      func m6(_ position: Position) async throws -> UserFacts.Delivery? {
        try await reader.then(Self.bob, in: ConsoleRig.app, at: position, nil)
          .deliveries.first { $0.message == "m6" }
      }
      #expect(try await m6(5) == nil)
      let decided = try await m6(6)
      #expect(decided?.attempts == 0 && decided?.outcome == nil)
      let attempted = try await m6(7)
      #expect(attempted?.attempts == 1 && attempted?.outcome == "accepted")
      let session = try await rig.signIn()
      let page = try await rig.get("/console/users/bob?at=6", session: session)
      #expect(page.body.contains("no attempt yet") && !page.body.contains("st-accepted"))
      // The message to the open app was never to be pushed: that is sure at once.
      #expect(page.body.contains("st-suppressed"))
    }
  }

  @Test("a time leads to the last position by then")
  func takesTimes() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let session = try await rig.signIn()
      let rows = try await rig.pool.query(
        "select recorded_at from pushledger.events where app = 'chat' and position = 9")
      let time = Timestamp(
        microseconds: try rows[0].get(0, as: PostgresTimestamp.self).microseconds)
      for (at, position) in [
        (time.description, 9), ("2000-01-01T00:00:00Z", 0), ("9999-01-01T00:00:00+02:00", 15),
        ("9999-01-01 00:00:00Z", 15), (" 9 ", 9),
      ] {
        let path = PagePath.make("/users/bob", ["at": at])
        let page = try await rig.get(path, session: session)
        #expect(page.body.contains("This is as of position \(position)"), "\(at)")
      }
      // As a form writes a space.
      let form = try await rig.get(
        "/console/users/bob?at=9999-01-01+00%3A00%3A00Z", session: session)
      #expect(form.body.contains("This is as of position 15"))
      let empty = try await rig.get("/console/users/bob?at=", session: session)
      #expect(empty.status == 200 && !empty.body.contains("Then, not now"))
      let before = try await rig.get("/console/users/bob?at=0", session: session)
      #expect(before.body.contains("No device was known then."))
    }
  }

  @Test(
    "what is no position and no time is refused by name",
    arguments: [
      "16", "-1", "99999999999999999999", "yesterday", "2026-02-30T00:00:00Z", "1e3", "<b>",
      "2026-01-01T00:00:00", "1 2", "\u{202E}9",
    ])
  func refuses(at: String) async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let page = try await rig.get(
        PagePath.make("/users/bob", ["at": at]), session: try await rig.signIn())
      #expect(page.status == 400 && page.body.contains("at in the address is"), "\(at)")
      #expect(!page.body.contains("<b>"))
    }
  }

  @Test("of many devices some are folded, and the others can be asked for")
  func choosesDevices() async throws {
    try await ConsoleRig.run { rig in
      var history = UserHistory()
      for number in 1...20 { history.register("bob", "d\(number)", token: "t\(number)") }
      try await history.tell(rig)
      let session = try await rig.signIn()
      let page = try await rig.get("/console/users/bob?at=20", session: session)
      let row = { (device: String) in "<th scope=\"row\"><span class=\"id\" title=\"\(device)\">" }
      #expect(page.body.contains(row("d20")) && !page.body.contains(row("d1")))
      #expect(page.body.contains("/console/users/bob?at=20&amp;device=d1\""))
      let one = try await rig.get("/console/users/bob?at=20&device=d1", session: session)
      #expect(one.body.contains(row("d1")) && !one.body.contains(row("d20")))
      let none = try await rig.get("/console/users/bob?at=20&device=%00", session: session)
      #expect(none.status == 200 && none.body.contains("No device was known then."))
    }
  }

  @Test("another app's past is nobody's here")
  func keepsAppsApart() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await UserHistory.bob(app: other).tell(rig)
      var own = UserHistory()
      own.register("bob", "own-phone", token: "o")
      try await own.tell(rig)
      let page = try await rig.get("/console/users/bob?at=1", session: try await rig.signIn())
      #expect(page.body.contains("own-phone") && page.body.contains("max=\"1\""))
      for hidden in ["tablet", "team", "m4"] { #expect(!page.body.contains(hidden), "\(hidden)") }
    }
  }
}

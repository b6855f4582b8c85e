import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Show users", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct ShowUsers {
  @Test("a page shows devices, tokens, unread counts, badges, deliveries and events")
  func showsAUser() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let page = try await rig.get("/console/users/bob", session: try await rig.signIn())
      #expect(page.status == 200)
      for shown in [
        "Bobby", "22:00–07:00 UTC", "st-info", ">killed</span>", ">logged out</span>", "7.2",
        hash("third"), hash("first"), "replaced", "logged out", "/console/groups/team",
        "/console/users/ann", "/console/messages/m12?user=bob&amp;device=phone",
        "/console/deliveries?user=bob", "class=\"level\"", "<strong>2</strong> unread in 3",
        "device.killed", "/console/users/bob?at=15", "data-live-from=\"/console/live/users/bob\"",
      ] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      for hidden in ["Hello", "first\"", "second", "Then, not now", "/console/test?", "erase"] {
        #expect(!page.body.contains(hidden), "\(hidden)")
      }
    }
  }

  @Test("since when a device is as it is: the first of the events that say so")
  func saysSinceWhen() async throws {
    try await ConsoleRig.run { rig in
      var history = UserHistory()
      history.register("bob", "phone", token: "a")
      history.device("foregrounded", "bob", "phone")
      history.device("backgrounded", "bob", "phone", unread: 0)
      history.device("backgrounded", "bob", "phone", unread: 0)
      history.register("bob", "tablet", token: "b")
      history.register("eve", "phone", token: "b")
      try await history.tell(rig)
      let facts = try await UserReader(pool: rig.pool).now(
        UserID(unchecked: "bob"), in: ConsoleRig.app)
      let since = Dictionary(
        uniqueKeysWithValues: facts.devices.map { ($0.device, ($0.state, $0.stateSince)) })
      let events = try await rig.pool.query(
        "select recorded_at from pushledger.events where app = $1 order by position",
        [ConsoleRig.app.rawValue])
      let times = try events.map { try $0.get(0, as: PostgresTimestamp.self).microseconds }
      #expect(since["phone"]?.0 == "background" && since["phone"]?.1?.microseconds == times[2])
      // Its token was registered elsewhere.
      #expect(since["tablet"]?.0 == "logged_out" && since["tablet"]?.1?.microseconds == times[5])
    }
  }

  @Test("who may change things finds where to, and nobody else does")
  func linksToActions() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let page = try await rig.get("/console/users/bob", session: try await rig.signIn([.admin]))
      #expect(page.body.contains("/console/test?user=bob&amp;device=phone"))
      #expect(page.body.contains("/console/operate/erase?user=bob"))
    }
  }

  @Test("who was never spoken of is not found, by name; another app's users are nobody here")
  func findsNobody() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await UserHistory.bob().tell(rig)
      var foreign = UserHistory(app: other)
      foreign.register("zoe", "zoes-phone", token: "z")
      foreign.register("bob", "foreign-phone", token: "y")
      foreign.send("foreign-message", from: "zoe", to: ["user": "bob"])
      try await foreign.tell(rig)
      let session = try await rig.signIn()
      for path in ["/console/users/zoe", "/console/live/users/zoe", "/console/users/nobody"] {
        let page = try await rig.get(path, session: session)
        #expect(page.status == 404, "\(path)")
        #expect(page.body.contains(path.hasSuffix("zoe") ? "zoe" : "nobody"), "\(path)")
      }
      let page = try await rig.get("/console/users/bob", session: session)
      for hidden in ["foreign", "zoe"] { #expect(!page.body.contains(hidden), "\(hidden)") }
      #expect(try await rig.get("/console/users/bob").status == 303)
    }
  }

  @Test("an id shows as text whatever it holds", arguments: UserHistory.hostileIDs)
  func showsHostileIDs(id: String) async throws {
    try await ConsoleRig.run { rig in
      var history = UserHistory()
      history.join(id, id)
      history.register(id, id, token: "a")
      history.device("backgrounded", id, id, unread: 2)
      history.send(id, from: "ann", to: ["user": .string(id)])
      history.add("user.updated", ["user": .string(id)], ["nickname": .string("<i>\(id)")])
      try await history.tell(rig)
      let session = try await rig.signIn([.admin])
      for query in ["", "?at=4", "?at=4&device=" + PagePath.encode(id)] {
        let page = try await rig.get(PagePath.user(id) + query, session: session)
        #expect(page.status == 200, "\(query)")
        #expect(page.body.contains("title=\"" + SafeHTML().escapeText(id) + "\""), "\(query)")
        #expect(!page.body.contains("<b>") && !page.body.contains("<i>"))
        #expect(page.body.contains(PagePath.group(id)))
      }
      let live = LiveText(rig, PagePath.make("/live/users/" + PagePath.encode(id)), session)
      let parts = try await live.next { $0.contains("event: deliveries\n") }
      #expect(parts.contains("event: devices\n") && parts.contains("event: unread\n"))
      live.stop()
    }
  }

  @Test(
    "what can be no id is not found",
    arguments: [
      "%00", "a%0Ab", "%FF", "%", "%zz", String(repeating: "x", count: 129), "%C2%85",
    ])
  func refusesIDs(text: String) async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      for path in ["/console/users/", "/console/live/users/", "/console/groups/"] {
        let page = try await rig.get(path + text, session: session)
        #expect(page.status == 404 && page.body.contains("id"), "\(path)")
      }
    }
  }

  @Test("a deleted account is said to be one")
  func saysDeleted() async throws {
    try await ConsoleRig.run { rig in
      var history = UserHistory.bob()
      history.add("user.deleted", ["user": "bob"])
      try await history.tell(rig)
      let session = try await rig.signIn()
      let page = try await rig.get("/console/users/bob", session: session)
      #expect(page.body.contains("The account was deleted"))
      #expect(page.body.contains("No device is known."))
      let then = try await rig.get("/console/users/bob?at=12", session: session)
      #expect(then.body.contains("By now the account is deleted."))
      #expect(then.body.contains("tablet"))
    }
  }

  @Test("lists end, and say that there is more")
  func bounds() async throws {
    try await ConsoleRig.run { rig in
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.conversations
        select 'chat', 'group/g' || n, 'g' || n, null, null, 'G', null, null, n
        from generate_series(1, 150) n
        """)
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.members
        select 'chat', 'group/g' || n, 'bob', 'notify', null, 0, 0, 0, null, '[]'
        from generate_series(1, 150) n
        """)
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.devices (app, user_id, device_id, platform, environment, badge,
          token_valid, logged_out, offline, active_at, registered_at)
        select 'chat', 'bob', 'd' || n, 'ios', 'production', 0, true, false, false,
          now() - n * interval '1 min', now()
        from generate_series(1, 60) n
        """)
      var history = UserHistory()
      for number in 1...25 { history.register("bob", "phone", token: "t\(number)") }
      try await history.tell(rig)
      let page = try await rig.get("/console/users/bob", session: try await rig.signIn())
      #expect(page.body.contains("these are the 100 with the most unread"))
      #expect(page.body.contains("unread in 150 conversations"))
      #expect(page.body.contains(">g150<") && !page.body.contains(">g1<"))
      #expect(page.body.contains("There are more than 50 devices"))
      #expect(page.body.contains("these are the last 20 registrations"))
      #expect(page.body.contains(hash("t25")) && !page.body.contains(hash("t5")))
    }
  }

  @Test("no page holds what the browser is told to refuse, and every element has its end")
  func keepsThePolicy() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let session = try await rig.signIn([.admin])
      for path in ["/console/users/bob", "/console/users/bob?at=9", "/console/groups/team"] {
        let page = try await rig.get(path, session: session)
        for forbidden in [" style=", "<style", " onclick", "javascript:", "data:", "Optional("] {
          #expect(!page.body.contains(forbidden), "\(path) \(forbidden)")
        }
        for name in [
          "section", "table", "tr", "td", "th", "form", "p", "ul", "details", "a", "svg",
        ] {
          let begun = page.body.matches(of: try Regex("<\(name)[ >]")).count
          #expect(begun == page.body.components(separatedBy: "</\(name)>").count - 1, "\(name)")
        }
      }
    }
  }

  private func hash(_ token: String) -> String {
    (try? EventDoor.event(
      from: [
        "event_id": "00000000-0000-4000-8000-000000000001", "type": "device.registered",
        "occurred_at": "2026-03-02T08:00:00Z",
        "data": ["user": "u", "device": "d", "platform": "ios", "provider": "apns"],
        "content": ["token": .string(token)],
      ]
    ).body()).flatMap { body in
      if case .deviceRegistered(let new) = body { new.tokenSHA256 } else { nil }
    } ?? "no hash"
  }
}

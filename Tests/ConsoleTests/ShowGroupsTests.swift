import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Show groups", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct ShowGroups {
  @Test("a page shows the group, its members with what they have not read, and its messages")
  func showsAGroup() async throws {
    try await ConsoleRig.run { rig in
      var history = UserHistory.bob()
      history.add(
        "group.updated", ["group": "team", "kind": "Public", "owner": "ann"],
        ["name": "<b>The team"])
      history.join("team", "cho")
      history.send("m18", from: "bob", to: ["group": "team"])
      try await history.tell(rig)
      let page = try await rig.get("/console/groups/team", session: try await rig.signIn())
      #expect(page.status == 200)
      for shown in [
        "&lt;b&gt;The team", "Public", "/console/users/ann", "/console/users/cho", "notify",
        "/console/messages/m9", "/console/messages/m18", "/console/deliveries?group=team",
        "<dd>2</dd>",
      ] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      #expect(!page.body.contains("<b>") && !page.body.contains("Hello"))
      let counts = try await rig.pool.query(
        """
        select status, count(*) from pushledger.deliveries
        where app = 'chat' and message_id = 'm9' group by 1
        """)
      for row in counts {
        let words = "\(try row.get(1, as: Int64.self)) \(try row.get(0, as: String.self))"
        #expect(page.body.contains(words), "\(words)")
      }
      #expect(!counts.isEmpty)
    }
  }

  @Test("members come a hundred at a time, each once")
  func pages() async throws {
    try await ConsoleRig.run { rig in
      let users = (0..<230).map { "user-\(1_000 + $0)<" }
      var history = UserHistory()
      history.join("hall", "user-1000<")
      try await history.tell(rig)
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.members
        select 'chat', 'group/hall', 'user-' || (1000 + n) || '<', 'silent', null, 0, 0, 0, null,
          '[]'
        from generate_series(1, 229) n
        """)
      let session = try await rig.signIn()
      var found: [String] = []
      var path: String? = "/console/groups/hall"
      while let next = path {
        let page = try await rig.get(next, session: session)
        #expect(page.status == 200)
        found += page.body.matches(of: /<bdi>(user-\d+)&lt;<\/bdi>/).map { String($0.1) + "<" }
        path = page.body.firstMatch(of: /<a href="([^"]*)">Next 100 members/).map { String($0.1) }
        #expect(page.body.contains("First members") == (next != "/console/groups/hall"))
        #expect(page.body.contains("<dd>230</dd>"))
      }
      #expect(found == users)
      let after = try await rig.get("/console/groups/hall?after=zzz", session: session)
      #expect(after.body.contains("No member comes after that id."))
    }
  }

  @Test(
    "deliveries of a message to many are not counted here, and what is counted already is shown")
  func boundsCounts() async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      _ = try await rig.pool.query(
        "update notifications_v1.messages set recipients = 5000 where message_id = 'm9'")
      _ = try await rig.pool.query(
        "insert into notifications_v1.suppressed_counts values ('chat', 9, 'muted', 4321)")
      let page = try await rig.get("/console/groups/team", session: try await rig.signIn())
      for shown in ["5,000", "4,321 suppressed", "The message&#39;s page counts its pushes."] {
        #expect(page.body.contains(shown), "\(shown)")
      }
    }
  }

  @Test("a group that was never spoken of, and another app's, are not found")
  func findsNothing() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await UserHistory.bob(app: other).tell(rig)
      try await UserHistory().tell(rig)
      let session = try await rig.signIn()
      for name in ["team", "nothing"] {
        let page = try await rig.get("/console/groups/\(name)", session: session)
        #expect(page.status == 404 && page.body.contains(name), "\(name)")
      }
      #expect(try await rig.get("/console/groups/team").status == 303)
    }
  }

  @Test("a page's beginning that is no id is refused by name", arguments: ["%00", "a%0A"])
  func refuses(after: String) async throws {
    try await ConsoleRig.run { rig in
      try await UserHistory.bob().tell(rig)
      let page = try await rig.get(
        "/console/groups/team?after=\(after)", session: try await rig.signIn())
      #expect(page.status == 400 && page.body.contains("after in the address"))
    }
  }

  @Test("an id shows as text whatever it holds", arguments: UserHistory.hostileIDs)
  func showsHostileIDs(id: String) async throws {
    try await ConsoleRig.run { rig in
      var history = UserHistory()
      history.join(id, id)
      history.send(id, from: id, to: ["group": .string(id)])
      try await history.tell(rig)
      let page = try await rig.get(PagePath.group(id), session: try await rig.signIn())
      #expect(page.status == 200)
      #expect(page.body.contains("title=\"" + SafeHTML().escapeText(id) + "\""))
      #expect(!page.body.contains("<b>"))
      #expect(page.body.contains(PagePath.user(id)) && page.body.contains(PagePath.message(id)))
    }
  }
}

import Foundation
import HTTPTypes
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("List deliveries", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct ListDeliveries {
  private typealias Row = DeliveryHistory.Row

  private static let rows = [
    Row(message: "m1", position: 1, ago: 3_000),
    Row(message: "m2", position: 2, ago: 300, conversation: "group/chess"),
    Row(message: "m3", position: 3, ago: 200, user: "cy", status: "due"),
    Row(
      message: "m4", position: 4, ago: 120, platform: "android", version: "6.0", provider: "fcm",
      status: "rejected", reason: "SENDER_ID_MISMATCH"),
    Row(
      message: "m5", position: 5, ago: 60, status: "token_invalid", reason: "Unregistered"),
    Row(
      message: "m6", position: 6, ago: 30, platform: nil, version: nil, provider: nil,
      status: "suppressed", reason: "muted"),
    Row(message: "m7", position: 7, ago: 5, status: "cancelled", reason: "read"),
  ]

  @Test("each filter finds what it says, the newest first, and nothing of another app")
  func filters() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await DeliveryHistory(rig: rig).add(Self.rows)
      try await DeliveryHistory(rig: rig, app: other)
        .add([Row(message: "foreign", position: 1, user: "mallory", status: "due")])
      let session = try await rig.signIn()
      let from = DeliveryHistory.time(4_000)
      for (query, expected) in [
        ("", ["m7", "m6", "m5", "m4", "m3", "m2"]),
        ("from=\(from)", ["m7", "m6", "m5", "m4", "m3", "m2", "m1"]),
        (
          "from=\(from.description.prefix(16))&until="
            + DeliveryHistory.time(250).description.prefix(16), ["m2", "m1"]
        ),
        ("provider=fcm", ["m4"]), ("provider=apns", ["m7", "m5", "m3", "m2"]),
        ("status=due", ["m3"]), ("status=refused", ["m5", "m4"]),
        ("status=rejected", ["m4"]), ("status=expired", []),
        ("status=pushed", ["m7", "m5", "m4", "m3", "m2"]), ("status=suppressed", ["m6"]),
        ("reason=Unregistered", ["m5"]), ("reason=unregistered", []),
        ("status=refused&reason=Unregistered&provider=apns", ["m5"]),
        ("version=6.0", ["m4"]), ("platform=android", ["m4"]), ("group=chess", ["m2"]),
        ("group=ghost", []), ("user=cy", ["m3"]), ("user=cy&group=chess", []),
        ("user=bob&group=chess", ["m2"]), ("user=bob&status=refused", ["m5", "m4"]),
      ] {
        let page = try await rig.get(
          "/console/deliveries" + (query.isEmpty ? "" : "?\(query)"), session: session)
        #expect(page.status == 200, "\(query)")
        #expect(page.messages == expected, "\(query)")
        #expect(!page.body.contains("foreign") && !page.body.contains("mallory"), "\(query)")
        #expect(page.body.contains("class=\"none\"") == expected.isEmpty, "\(query)")
      }
    }
  }

  @Test("what was left empty does not stand in the address, which is the saved list")
  func keepsTheAddress() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      let asked = try await rig.get(
        "/console/deliveries?from=&until=&status=due&reason=a+b%26c&user=&group=", session: session)
      #expect(asked.status == 303)
      #expect(asked.headers[.location] == "/console/deliveries?status=due&reason=a%20b%26c")
      let page = try await rig.get("/console/deliveries?status=due&user=%3Cb%3E", session: session)
      #expect(page.body.contains(#"<option value="due" selected>"#))
      #expect(page.body.contains(#"name="user" value="&lt;b&gt;""#))
    }
  }

  @Test("what a parameter cannot be is refused by its name")
  func refuses() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      for (query, name) in [
        ("from=yesterday", "from"), ("until=2026-13-01T00:00", "until"),
        ("from=2026-02-02T00:00&until=2026-02-01T00:00", "from"), ("provider=pigeon", "provider"),
        ("status=lost", "status"), ("platform=vax", "platform"),
        ("reason=" + String(repeating: "x", count: 257), "reason"),
        ("version=" + String(repeating: "x", count: 129), "version"),
        ("group=a%00b", "group"), ("user=%FF%FE", "user"), ("before=x", "before"),
        ("before=12.nothing", "before"), ("before=0", "before"),
        ("before=99999999999999999999", "before"),
      ] {
        for path in ["deliveries", "deliveries.csv", "deliveries.ndjson"]
        where path == "deliveries" || name != "before" {
          let page = try await rig.get("/console/\(path)?\(query)", session: session)
          #expect(page.status == 400, "\(query)")
          #expect(page.body.contains("parameter \(name) "), "\(query)")
        }
      }
    }
  }

  @Test("a walk from page to page shows each row once, though new ones come in the meantime")
  func walks() async throws {
    try await ConsoleRig.run { rig in
      let history = DeliveryHistory(rig: rig)
      // Many of one message stand at one position.
      try await history.add(
        (0..<130).map { index in
          Row(
            message: "m\(index / 60)", position: Int64(index / 60 + 1),
            ago: 100 - Int64(index / 60), user: "u\(index)")
        })
      let session = try await rig.signIn()
      for query in ["", "?provider=apns", "?status=pushed&version=5.1"] {
        var path: String? = "/console/deliveries" + query
        var users: [String] = []
        var pages = 0
        while let next = path, pages < 10 {
          let page = try await rig.get(next, session: session)
          users += page.body.matches(of: /href="\/console\/users\/(u\d+)"/).map { String($0.1) }
          pages += 1
          path = page.link("Older")
          try await history.add([
            Row(
              message: "new\(query)\(pages)",
              position: 1_000 + Int64(pages) + Int64(query.utf8.count) * 100, ago: 1,
              user: "late")
          ])
        }
        #expect(pages == 3, "\(query)")
        #expect(users.count == 130 && Set(users).count == 130, "\(query)")
        _ = try await rig.pool.query(
          "delete from notifications_v1.deliveries where user_id = 'late'")
      }
    }
  }

  @Test("what is rare is found by the hours that have any, or by going on where a page ended")
  func findsWhatIsRare() async throws {
    try await ConsoleRig.run { rig in
      let history = DeliveryHistory(rig: rig)
      try await history.add([
        Row(message: "old", position: 1, ago: 600, status: "cancelled", reason: "recalled")
      ])
      try await history.addMany(14_000, from: 10, lastAgo: 300)
      let session = try await rig.signIn()
      let skipped = try await rig.get("/console/deliveries?reason=recalled", session: session)
      #expect(skipped.messages == ["old"])
      #expect(skipped.body.contains("1 in "))
      // A user has no hours in the statistics, and this one has nothing newer: found at once.
      let bob = try await rig.get("/console/deliveries?user=bob", session: session)
      #expect(bob.messages == ["old"])
      // Now there is one in the hour that is full, where nothing can be skipped.
      _ = try await rig.pool.query(
        """
        update notifications_v1.deliveries set status = 'cancelled', reason = 'recalled'
        where app = 'chat' and position = 11
        """)
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.hourly_deliveries
        select 'chat', pushledger.hour_of(decided_at), 'fcm', 'android', '5.0', 'cancelled',
          'recalled', 1, 1, 0, 0, 0
        from notifications_v1.deliveries where app = 'chat' and position = 11
        """)
      let first = try await rig.get("/console/deliveries?reason=recalled", session: session)
      #expect(first.messages.isEmpty)
      #expect(first.body.contains("deliveries were looked at"))
      let next = try #require(first.link("Go on from here"))
      let second = try await rig.get(next, session: session)
      #expect(second.messages == ["many11", "old"])
    }
  }

  @Test("hostile ids and reasons stand as text")
  func showsHostileText() async throws {
    try await ConsoleRig.run { rig in
      let hostile = "<script>alert(1)</script>\"' \u{202E}=1+1"
      try await DeliveryHistory(rig: rig).add([
        Row(
          message: hostile, position: 1, user: hostile, device: hostile, version: hostile,
          status: "rejected", reason: hostile)
      ])
      let session = try await rig.signIn([.read, .admin])
      let page = try await rig.get(
        "/console/deliveries?reason=" + PagePath.encode(hostile), session: session)
      #expect(page.messages.count == 1)
      #expect(!page.body.contains("<script>alert"))
      #expect(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"))
    }
  }

  @Test("who may change something chooses rows, and nobody else sees a box or a button")
  func offersOrders() async throws {
    try await ConsoleRig.run { rig in
      try await DeliveryHistory(rig: rig).add(Self.rows)
      let reader = try await rig.get("/console/deliveries", session: try await rig.signIn())
      #expect(!reader.body.contains("/console/operate/deliveries"))
      #expect(!reader.body.contains("type=\"checkbox\""))
      let admin = try await rig.get(
        "/console/deliveries", session: try await rig.signIn([.read, .admin]))
      #expect(admin.formToken != nil)
      #expect(admin.body.contains(#"method="post" action="/console/operate/deliveries""#))
      for order in ["retry", "cancel"] {
        #expect(admin.body.contains("name=\"order\" value=\"\(order)\""))
      }
      let boxes = admin.body.matches(of: /name="id\.([0-9a-f-]{36})" value="on"/)
        .map { String($0.1) }
      let expected = [("m7", "bob"), ("m5", "bob"), ("m4", "bob"), ("m3", "cy")].map {
        DeliveryHistory.id($0, $1, "phone").uuidString.lowercased()
      }
      #expect(boxes == expected)
      let accepted = try await rig.get(
        "/console/deliveries?status=accepted", session: try await rig.signIn([.read, .admin]))
      #expect(!accepted.body.contains("type=\"checkbox\""))
    }
  }

  @Test("the overview's reasons and numbers lead to their lists")
  func isLinked() async throws {
    try await ConsoleRig.run { rig in
      try await DeliveryHistory(rig: rig).add(Self.rows)
      let session = try await rig.signIn()
      let overview = try await rig.get("/console", session: session)
      for (status, reason, message) in [
        ("token_invalid", "Unregistered", "m5"), ("suppressed", "muted", "m6"),
      ] {
        let links = overview.body.matches(of: /href="([^"]*\/deliveries\?[^"]*)"/)
          .map { String($0.1).replacing("&amp;", with: "&") }
        let link = try #require(
          links.first { $0.contains("status=\(status)&reason=\(reason)") }, "\(links)")
        #expect(try await rig.get(link, session: session).messages == [message])
      }
      let due = try #require(
        overview.body.firstMatch(of: /href="([^"]*status=due[^"]*)" aria-label="1 due, apns"/))
      let list = try await rig.get(String(due.1).replacing("&amp;", with: "&"), session: session)
      #expect(list.messages == ["m3"])
    }
  }

  @Test("suppressed decisions that have no row are told of, with their messages")
  func tellsOfCounts() async throws {
    try await ConsoleRig.run { rig in
      try await DeliveryHistory(rig: rig).add([Row(message: "big", position: 1)])
      _ = try await rig.pool.query(
        "insert into notifications_v1.suppressed_counts values ('chat', 1, 'muted', 4321)")
      let session = try await rig.signIn()
      let page = try await rig.get("/console/deliveries?status=suppressed", session: session)
      #expect(page.messages.isEmpty)
      #expect(page.body.contains("4,321") && page.body.contains("/console/messages/big"))
      let quiet = try await rig.get(
        "/console/deliveries?status=suppressed&reason=quiet", session: session)
      #expect(!quiet.body.contains("4,321"))
    }
  }
}

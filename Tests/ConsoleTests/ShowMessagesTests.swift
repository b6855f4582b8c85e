import Foundation
import HTTPTypes
import Ledger
import Postgres
import Projections
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Show messages", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ShowMessages {
  private static let hostile =
    "<script>alert(1)</script>\"'&amp;\u{202E}\u{1F469}\u{200D}\u{1F680}{{csrf}}"

  /// Bob's phone is tried twice and opened; his tablet is in the foreground.
  private static func pushed(reason: String = "ServiceUnavailable") -> MessageHistory {
    var history = MessageHistory()
    history.device("bob", "phone")
    history.device("bob", "tablet", platform: "ipad")
    history.add("device.foregrounded", ["user": "bob", "device": "tablet"])
    history.message("m-1")
    history.attempt(1, "retry", at: 1.2, of: "m-1", "bob", "phone", status: 503, reason: reason)
    history.attempt(2, "accepted", at: 4, of: "m-1", "bob", "phone", status: 200)
    history.receipt("push.delivered", at: 6, of: "m-1", "bob", "phone")
    history.receipt("push.opened", at: 60, of: "m-1", "bob", "phone")
    return history
  }

  @Test("from sent to opened: counts, a lane for each device, the rules, the looks, the payload")
  func showsOne() async throws {
    try await ConsoleRig.run { rig in
      try await rig.record(Self.pushed())
      let page = try await rig.get("/console/messages/m-1", session: try await rig.signIn())
      #expect(page.status == 200)
      for shown in [
        #"href="/console/users/ann""#, #"href="/console/users/bob""#, "1 recipient<",
        #"href="/console/messages/m-1?user=bob&amp;device=phone""#, "attempt 1", "attempt 2",
        "opened</span> <bdi>accepted by apns</bdi>", "suppressed</span> <bdi>foreground</bdi>",
        "(503 ServiceUnavailable)",
        "st-opened", "span-pause", "span-attempt", "span-waited", "logarithmic scale",
        "2.13: Nothing stood against it", "2.12: The app was in the foreground",
        "The user opened the notification: it was shown.", "by apns, badge 1",
        "phone ios", MessageHistory.text, #"&quot;thread_id&quot;: &quot;user/ann&quot;"#,
        #"&quot;message_id&quot;: &quot;m-1&quot;"#,
        #"data-live-from="/console/live/messages/m-1""#,
      ] { #expect(page.body.contains(shown), "\(shown)") }
      for hidden in ["secret-token", "phone droid", "Disagrees", "disagrees", "after=first"] {
        #expect(!page.body.contains(hidden), "\(hidden)")
      }
      // What a mark leads to is there, once.
      for match in page.body.matches(of: /href="#(step-[0-9-]+)"/) {
        #expect(page.body.components(separatedBy: "id=\"\(match.1)\"").count == 2)
      }
      #expect(page.body.components(separatedBy: #"<div class="lane">"#).count == 3)
    }
  }

  @Test("of what the projection has not come to: what the rules say, no badge, nothing due")
  func showsWhatIsAhead() async throws {
    try await ConsoleRig.run { rig in
      var history = MessageHistory()
      history.device("bob", "phone")
      try await rig.record(history)
      var later = MessageHistory()
      later.message("m-1")
      try await rig.append(later)
      let page = try await rig.get("/console/messages/m-1", session: try await rig.signIn())
      #expect(page.status == 200)
      for shown in [
        "not projected</span>", "The projection has not come to this message",
        "pushledger projections status", "by apns, sound default",
      ] { #expect(page.body.contains(shown), "\(shown)") }
      for hidden in ["badge 0", "badge 1", "waits for its first attempt", "st-due"] {
        #expect(!page.body.contains(hidden), "\(hidden)")
      }
    }
  }

  @Test("one device alone, where it is asked for, and says so where it is not known")
  func showsOneDevice() async throws {
    try await ConsoleRig.run { rig in
      try await rig.record(Self.pushed())
      let session = try await rig.signIn()
      let one = try await rig.get(
        "/console/messages/m-1?user=bob&device=tablet", session: session)
      #expect(one.status == 200 && !one.body.contains("attempt 1"))
      #expect(one.body.contains(#"<a href="/console/messages/m-1">Show the whole message"#))
      #expect(
        one.body.contains(
          #"data-live-from="/console/live/messages/m-1?user=bob&amp;device=tablet""#)
      )
      let missing = try await rig.get("/console/messages/m-1?device=none", session: session)
      #expect(missing.status == 200 && missing.body.contains("No such device at position"))
      #expect(missing.body.contains("pushledger timeline --device bob/none --app chat"))
      let sender = try await rig.get("/console/messages/m-1?user=ann", session: session)
      #expect(sender.body.contains("This user sent the message"))
    }
  }

  @Test("of a group of many: counts, the first twenty, and each delivery on demand")
  func showsMany() async throws {
    try await ConsoleRig.run { rig in
      var history = MessageHistory()
      for number in 1...130 {
        history.add("group.member_added", ["group": "crew", "user": .string("user-\(number)")])
        if number <= 120 {
          history.device("user-\(number)", "phone", platform: "android", provider: "fcm")
        }
      }
      history.message("m-1", from: "user-130", to: ["group": "crew"])
      history.attempt(1, "accepted", at: 2, of: "m-1", "user-7", "phone", provider: "fcm")
      try await rig.record(history)
      let session = try await rig.signIn()
      let page = try await rig.get("/console/messages/m-1", session: session)
      for shown in [
        "129 recipients", ">119<", "no_device", "2.8: The recipient has no device.",
        "109 more recipients are not explained here", #"href="/console/groups/crew""#,
        "after=first#rows", "phone droid",
      ] { #expect(page.body.contains(shown), "\(shown)") }
      #expect(!page.body.contains("phone ios") && !page.body.contains("Next deliveries"))
      var path = "/console/messages/m-1?after=first"
      var users: Set<String> = []
      for (rows, isLast) in [(50, false), (50, false), (20, true)] {
        let rowsPage = try await rig.get(path, session: session)
        let found = rowsPage.body.matches(
          of: /<tr><th scope="row"><a class="id" href="[^"]*user=(user-[0-9]+)&amp;device=phone"/)
        #expect(found.count == rows)
        users.formUnion(found.map { String($0.1) })
        let next = rowsPage.body.firstMatch(of: /href="([^"]*)#rows">Next deliveries/)
        #expect((next == nil) == isLast)
        path = next.map { String($0.1) } ?? path
      }
      #expect(users.count == 120)
    }
  }

  @Test("what was erased is not shown, and what was left out says by what")
  func showsErased() async throws {
    try await ConsoleRig.run { rig in
      var history = Self.pushed()
      history.message("m-2")
      history.add("message.recalled", at: 2, ["message_id": "m-2"])
      history.message("m-3")
      history.add(
        "projection.event_skipped", at: 2,
        ["projection": "notifications", "position": .integer(history.events.count)])
      try await rig.record(history)
      _ = try await Eraser(rig.pool).run(
        .message(MessageID(unchecked: "m-1")), in: ConsoleRig.app, reason: nil)
      try await rig.fold()
      let session = try await rig.signIn()
      let erased = try await rig.get("/console/messages/m-1", session: session)
      #expect(erased.body.contains("[erased]") && erased.body.contains("Erased: "))
      #expect(!erased.body.contains(MessageHistory.text))
      let recalled = try await rig.get("/console/messages/m-2", session: session)
      #expect(recalled.body.contains("Recalled: at position"))
      #expect(recalled.body.contains("2, called off: The message was recalled."))
      let skipped = try await rig.get("/console/messages/m-3", session: session)
      #expect(skipped.body.contains("Skipped: projection.event_skipped at"))
      #expect(skipped.body.contains("Nothing was decided for anybody."))
    }
  }

  @Test("what is in the archive says so, and how to get at it")
  func namesTheArchive() async throws {
    try await ConsoleRig.run { rig in
      try await rig.record(Self.pushed())
      let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let later = Timestamp(microseconds: .max / 4)
      _ = try await Archiver(rig.pool).run(ConsoleRig.app, before: later, to: folder)
      _ = try await Detacher(rig.pool).run(ConsoleRig.app, archive: try ArchiveReader(folder))
      let page = try await rig.get("/console/messages/m-1", session: try await rig.signIn())
      #expect(page.status == 410)
      #expect(page.body.contains("pushledger restore") && page.body.contains("m-1"))
    }
  }

  @Test("another app's message and delivery are as unknown as none")
  func keepsAppsApart() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await rig.record(Self.pushed())
      let session = try await rig.signIn(of: other)
      let id = Self.pushed().delivery("m-1", "bob", "phone").uuidString.lowercased()
      for path in [
        "/console/messages/m-1", "/console/messages/m-1?user=bob&device=phone",
        "/console/live/messages/m-1", "/console/messages/none", "/console/deliveries/\(id)",
      ] {
        let page = try await rig.get(path, session: session)
        #expect(page.status == 404, "\(path)")
        #expect(!page.body.contains("bob"))
      }
      let unknown = try await rig.get("/console/messages/m%201%3C", session: session)
      #expect(unknown.body.contains("The app has no message \u{2068}m 1&lt;\u{2069}."))
    }
  }

  @Test("a delivery leads to its message, a wrong id nowhere")
  func findsDeliveries() async throws {
    try await ConsoleRig.run { rig in
      var history = MessageHistory()
      history.device("b/b", "phone 1")
      history.message("m/1", to: ["user": "b/b"])
      try await rig.record(history)
      let session = try await rig.signIn()
      let id = history.delivery("m/1", "b/b", "phone 1")
      let found = try await rig.get("/console/deliveries/\(id.uuidString)", session: session)
      #expect(found.status == 303)
      let path = try #require(found.headers[.location])
      #expect(path == "/console/messages/m%2F1?user=b%2Fb&device=phone%201")
      let page = try await rig.get(path, session: session)
      #expect(page.status == 200 && page.body.contains("st-due") && page.body.contains("by apns"))
      #expect(page.body.contains("The app has no credential for apns"))
      let unknown = try await rig.get("/console/deliveries/\(UUID().uuidString)", session: session)
      #expect(unknown.status == 404)
      #expect(try await rig.get("/console/deliveries/m-1", session: session).status == 400)
    }
  }

  @Test("text that means something to a browser stands as text, wherever it comes from")
  func showsHostileText() async throws {
    try await ConsoleRig.run { rig in
      let hostile = Self.hostile
      let long = hostile + "\r\n" + String(repeating: "long", count: 2_500)
      var history = MessageHistory()
      history.add(
        "user.updated", ["user": .string(hostile)], ["nickname": .string(hostile + "\n")])
      history.add("group.updated", ["group": .string(hostile)], ["name": .string(hostile)])
      for user in [hostile, "bob" + hostile] {
        history.add("group.member_added", ["group": .string(hostile), "user": .string(user)])
      }
      history.device("bob" + hostile, hostile)
      history.device("bob" + hostile, "a" + hostile, platform: "android", provider: "fcm")
      history.message(
        hostile, from: hostile, to: ["group": .string(hostile)], text: long,
        push: ["Title": .string(long), "Ext": .string(long)])
      for (number, device) in [(1, hostile), (2, "a" + hostile)] {
        history.attempt(
          1, "rejected", at: Double(number), of: hostile, "bob" + hostile, device,
          provider: number == 1 ? "apns" : "fcm", status: 400, reason: hostile)
      }
      try await rig.record(history)
      let session = try await rig.signIn()
      let path = PagePath.message(hostile)
      for path in [path, path + "?after=first", path + "?user=" + PagePath.encode("bob" + hostile)]
      {
        let page = try await rig.get(path, session: session)
        #expect(page.status == 200)
        #expect(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;"))
        for forbidden in ["<script>alert", " style=", "<style", "javascript:", "data:"] {
          #expect(!page.body.contains(forbidden), "\(forbidden)")
        }
        #expect(!page.body.utf8.contains(UInt8(ascii: "\r")))
        #expect(page.body.contains("phone ios") && page.body.contains("phone droid"))
      }
    }
  }

  @Test(
    "a wrong address is refused by name",
    arguments: [
      ("m-1?after=x", "`after`"), ("m-1?user=", "`user`"), ("m-1?device=%00", "`device`"),
      ("crew?device=phone", "`device`"), ("%FF%", "percent"),
      (String(repeating: "m", count: 200), "at most 128"),
    ])
  func refusesAddresses(path: String, named: String) async throws {
    try await ConsoleRig.run { rig in
      var history = MessageHistory()
      history.message("m-1")
      history.message("crew", to: ["group": "crew"])
      try await rig.record(history)
      let session = try await rig.signIn()
      for start in ["/console/messages/", "/console/live/messages/"] {
        let page = try await rig.get(start + path, session: session)
        #expect(page.status == 400, "\(path)")
        #expect(page.body.contains(named), "\(page.body)")
      }
    }
  }

  @Test("parts are sent as they change, until nothing more is to come")
  func followsAMessage() async throws {
    try await ConsoleRig.run { rig in
      var history = MessageHistory()
      history.device("bob", "phone")
      history.message("m-1")
      try await rig.record(history)
      let session = try await rig.signIn()
      let stream = LiveText(rig, "/console/live/messages/m-1", session)
      let first = try await stream.next { $0.contains("event: decisions\n") }
      for part in ["counts", "rows", "timeline"] { #expect(first.contains("event: \(part)\n")) }
      #expect(first.contains("due</span> <bdi>by apns</bdi>"))
      var more = MessageHistory()
      more.attempt(1, "accepted", at: 100, of: "m-1", "bob", "phone")
      try await rig.record(more)
      _ = try await stream.next { $0.contains("accepted</span> <bdi>by apns</bdi>") }
      stream.stop()
      // An hour later, when all has ended, it changes no more.
      let later = ConsoleRig(
        pool: rig.pool,
        console: try Console(
          ConsoleDependencies(
            pool: rig.pool, keys: APIKeys(rig.pool), work: rig.work, version: "1.2.3",
            clock: { Timestamp.systemClock() + .seconds(3_700) }),
          logger: TestDatabase.logger), work: rig.work)
      let page = try await later.get("/console/messages/m-1", session: session)
      #expect(page.status == 200 && !page.body.contains("data-live-from"))
      let ended = try await later.get("/console/live/messages/m-1", session: session)
      #expect(ended.body.contains("event: timeline\ndata: "))
      #expect(ended.body.hasSuffix("event: end\ndata: \n\n"))
    }
  }
}

import Foundation
import HTTPTypes
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Serve pages", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct ServePages {
  @Test("every answer keeps the browser from running or showing what is not from here")
  func limitsTheBrowser() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      let css = "/console/assets/\(Assets.version)/console.css"
      for (path, status) in [
        ("/console", 200), ("/console?span=year", 400), ("/console/nowhere", 404),
        ("/console/sign-in", 303), (css, 200), ("/console/assets/0/console.css", 404),
      ] {
        let answer = try await rig.get(path, session: session)
        #expect(answer.status == status, "\(path)")
        let policy = answer.headers[.contentSecurityPolicy] ?? ""
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "\(path)")
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        let isAsset = path == css
        #expect((answer.headers[.cacheControl] ?? "").contains("immutable") == isAsset)
        if !isAsset { #expect(answer.headers[.cacheControl] == "no-store") }
        // What the policy forbids is in no page.
        for forbidden in [" style=", "<style", " onclick", "javascript:", "data:"] {
          #expect(isAsset || !answer.body.contains(forbidden), "\(path) \(forbidden)")
        }
      }
    }
  }

  @Test("shows what became of messages, and nothing of another app")
  func showsTheOverview() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      for (app, reason, count) in [("chat", "BadDeviceToken", 41), ("other", "Unregistered", 97)] {
        _ = try await rig.pool.query(
          """
          insert into notifications_v1.hourly_deliveries
          select '\(app)', pushledger.hour_of(now()), 'apns', 'ios', '', s.status, s.reason,
            s.number, s.number, 0, 0, 0
          from (values ('accepted', '', 1234), ('token_invalid', '\(reason)', \(count)),
            ('suppressed', 'foreground', 77)) as s (status, reason, number)
          """)
      }
      let page = try await rig.get("/console", session: try await rig.signIn())
      #expect(page.status == 200)
      for shown in ["1,234", "BadDeviceToken", "41", "foreground", "96.8 %", "<h1>Overview</h1>"] {
        #expect(page.body.contains(shown), "\(shown)")
      }
      for hidden in ["Unregistered", ">97<", "other"] {
        #expect(!page.body.contains(hidden), "\(hidden)")
      }
    }
  }

  @Test("the funnel is that of SQL, and the reasons are those of most deliveries")
  func countsAsSQLDoes() async throws {
    try await ConsoleRig.run { rig in
      let now = Timestamp.systemClock()
      let start = OverviewSpan.week.start(at: now)
      let end = start + .seconds(OverviewSpan.week.stepSeconds * Int64(OverviewSpan.week.steps))
      let bounds: PostgresParameters = [
        "chat", PostgresTimestamp(microseconds: start.microseconds),
        PostgresTimestamp(microseconds: end.microseconds),
      ]
      // An hour before the span and one after it, too, which count for nothing.
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.hourly_deliveries
        select $1, h.hour, p.provider, 'ios', v.version, s.status, s.reason,
          1 + (h.number * 31 + s.place * 7) % 50, s.place % 40, s.place % 30, s.place % 20, 0
        from generate_series($2::timestamptz - interval '1 hour', $3, interval '1 hour')
          with ordinality as h (hour, number)
        cross join (values ('apns'), ('fcm')) as p (provider)
        cross join (values ('1'), ('2')) as v (version)
        cross join (
          select status, status || '-' || n, n * cardinality(list) + at
          from (values (array['accepted', 'due', 'cancelled', 'expired', 'rejected',
            'token_invalid'])) as l (list)
          cross join unnest(list) with ordinality as u (status, at)
          cross join generate_series(1, 6) as n) as s (status, reason, place)
        """, bounds)
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.hourly_deliveries
        select $1, h.hour, '', 'ios', '', 'suppressed', s.reason, s.number, 0, 0, 0, 0
        from generate_series($2::timestamptz, $3, interval '5 hours') as h (hour)
        cross join (values ('muted', 3), ('foreground', 9)) as s (reason, number)
        """, bounds)
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.hourly_messages
        select $1, h.hour, 11, 22
        from generate_series($2::timestamptz, $3, interval '7 hours') as h (hour)
        """, bounds)
      let facts = try await OverviewReader(pool: rig.pool)
        .read(AppID(unchecked: "chat"), .week, from: start)
      let rows = try await rig.pool.query(
        """
        select stage, number, share_of_previous::float8 from pushledger.funnel($1, $2, $3)
        order by place
        """, bounds)
      #expect(rows.count == facts.funnel.count)
      for (row, stage) in zip(rows, facts.funnel) {
        #expect(try row.get(0) == stage.name)
        #expect(try row.get(1) == stage.number)
        let share = try row.optional(2, as: Double.self)
        #expect((share == nil) == (stage.share == nil))
        #expect(abs((share ?? 0) - (stage.share ?? 0)) < 0.000_1)
      }
      let reasons = try await rig.pool.query(
        """
        select reason, provider, status, sum(deliveries)::bigint
        from pushledger.hourly_deliveries
        where app = $1 and hour >= $2 and hour < $3
          and status in ('rejected', 'token_invalid', 'expired')
        group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit 10
        """, bounds)
      #expect(facts.failures.count == 10)
      for (row, reason) in zip(reasons, facts.failures) {
        #expect(try row.get(0) == reason.reason && row.get(1) == reason.provider)
        #expect(try row.get(2) == reason.status && row.get(3) == reason.number)
      }
      #expect(facts.suppressions.map(\.reason) == ["foreground", "muted"])
      #expect(facts.suppressions.allSatisfy { $0.sentence != nil })
    }
  }

  @Test("text that means something to a browser stands as text")
  func showsHostileText() async throws {
    try await ConsoleRig.run { rig in
      let hostile =
        "a\r\revent: now\r\n\"\u{301} onfocus=x <b>\u{338}</b><script>alert(1)</script>'\u{202E}&amp;"
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.hourly_deliveries
        values ('chat', pushledger.hour_of(now()), 'apns', 'ios', '', 'rejected', $1, 5, 5, 0, 0, 0)
        """, [hostile])
      _ = try await rig.pool.query(
        """
        insert into dispatch.refused_credentials
        values ('d', 'chat', 'apns', 'key', $1, 'infinity')
        """, [hostile])
      let body = try await rig.get("/console", session: try await rig.signIn()).body
      #expect(!body.utf8.elementsEqual("".utf8) && !body.contains("<script>alert"))
      #expect(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;&#39;"))
      // What turns the direction of writing turns none of the sentence around it.
      #expect(body.contains("The credential <bdi>key</bdi> of apns cannot be used: <bdi>"))
      // Told apart by bytes: to Swift a quotation mark with an accent is one character.
      let raw = Array("\"\u{301}".utf8)
      #expect(body.utf8.count > 0 && !Array(body.utf8).contains(raw))
      #expect(!body.utf8.contains(UInt8(ascii: "\r")))
    }
  }

  @Test("what is live is sent at once, and again as it changes")
  func sendsWhatIsLive() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      let signedOut = try await rig.get("/console/live/overview")
      #expect(signedOut.status == 200 && signedOut.body == "event: end\ndata: \n\n")
      let stream = LiveText(rig, "/console/live/overview?span=day", session)
      let first = try await stream.next { $0.contains("event: reasons\n") }
      for part in ["now", "span", "providers", "reasons"] {
        #expect(first.contains("event: \(part)\ndata: "), "\(part)")
      }
      #expect(!first.contains("4,321"))
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.hourly_messages
        values ('chat', pushledger.hour_of(now()), 4321, 4321)
        """)
      let second = try await stream.next { $0.contains("4,321") }
      #expect(second.contains("event: span\n") && !second.contains("event: reasons\n"))
      _ = try await rig.pool.query("update ledger.api_keys set revoked_at = now()")
      _ = try await stream.next { $0 == "event: end\ndata: \n\n" }
    }
  }

  @Test("no more pages are followed than there are places, and one that ends gives its place back")
  func limitsFollowers() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      var streams: [LiveText] = []
      for _ in 0..<50 {
        let stream = LiveText(rig, "/console/live/overview", session)
        _ = try await stream.next { $0.contains("event: now") }
        streams.append(stream)
      }
      // No body of an answer that nobody reads is begun: its place comes back all the same.
      for _ in 0..<3 {
        #expect(try await rig.head("/console/live/overview", session: session).status == 503)
      }
      let last = streams.removeLast()
      last.stop()
      await last.ended()
      #expect(try await rig.head("/console/live/overview", session: session).status == 200)
      #expect(try await rig.head("/console/live/overview", session: session).status == 200)
      for stream in streams { stream.stop() }
    }
  }

  @Test("templates are all carried, and none lets text through unescaped")
  func carriesItsTemplates() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Console/Templates")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".mustache") }.map { String($0.dropLast(9)) }
    #expect(Templates.all.map(\.name) == files.sorted())
    for template in Templates.all {
      #expect(!template.text.contains("{{{") && !template.text.contains("{{&"), "\(template.name)")
      #expect(!template.text.contains("CONTENT_TYPE"))
    }
  }
}

@Suite("Escape text")
struct EscapeText {
  @Test("byte by byte, whatever a mark of it is combined with")
  func escapes() {
    let safe = SafeHTML()
    #expect(safe.escapeText("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;")
    for mark in ["<", ">", "&", "\"", "'"] {
      let escaped = Array(safe.escapeText(mark + "\u{301}").utf8)
      #expect(!escaped.starts(with: mark.utf8) || mark == "&" && escaped.starts(with: "&amp;".utf8))
    }
    #expect(safe.escapeText("a\u{0}\u{1B}\tb\n") == "a\u{FFFD}\u{FFFD}\tb\n")
  }
}

import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Show what waits", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct ShowWaiting {
  /// A message that is due to one device by APNs and to another by FCM.
  private static func history() -> MessageHistory {
    var history = MessageHistory()
    history.device("bob", "phone")
    history.device("bob", "tablet", platform: "android", provider: "fcm")
    history.message("m-1")
    return history
  }

  private static let none = "The app has no credential for apns: it goes out once one is added."

  @Test("each delivery that is due says what holds it back, until nothing does")
  func saysWhy() async throws {
    try await ConsoleRig.run { rig in
      try await rig.record(Self.history())
      let session = try await rig.signIn()
      func page(_ address: String = "m-1") async throws -> String {
        try await rig.get("/console/messages/" + address, session: session).body
      }
      var shown = try await page()
      #expect(shown.contains(Self.none))
      #expect(shown.contains("The app has no credential for fcm"))
      #expect(try await !page("m-1?user=bob&device=tablet").contains(Self.none))
      _ = try await rig.pool.query(
        """
        insert into ledger.provider_credentials
          (app, provider, credential_id, sealed, key_id, created_at, topics)
        select 'chat', p, 'k', convert_to(repeat('x', 40), 'UTF8'), '0123456789abcdef', now(), t
        from (values ('apns', array['org.a', 'org.b']), ('fcm', '{}')) as v (p, t)
        """)
      shown = try await page()
      #expect(shown.contains("By apns: topic missing."))
      #expect(!shown.contains("for fcm") && !shown.contains("By fcm"))
      _ = try await rig.pool.query(
        """
        insert into dispatch.circuits
          (dispatcher, provider, host, state, failures, retry_at, valid_until)
        values ('d', 'fcm', 'fcm.example', 'open', 0, now(), now() + interval '1 hour')
        """)
      #expect(try await page().contains("A circuit of fcm is open"))
      _ = try await rig.pool.query(
        "insert into dispatch.pauses (app, provider, paused_at) values ('chat', 'fcm', now())")
      shown = try await page()
      #expect(shown.contains("Pushes by fcm are paused"))
      #expect(!shown.contains("A circuit of") && !shown.contains("Pushes by apns are paused"))
    }
  }
}

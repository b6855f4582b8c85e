import Foundation
import HTTPTypes
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Search", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct Search {
  private static let token = "AB12cd34"
  private static let apnsID = "5E2D8A51-0B6C-4D1F-9A37-C4E87106B32A"

  /// A delivery with an attempt, a group, and a device, of one app.
  private static func fill(_ rig: ConsoleRig, _ app: AppID, _ prefix: String) async throws {
    try await DeliveryHistory(rig: rig, app: app).add([
      .init(
        message: prefix + "message", position: 1, user: prefix + "user", device: prefix + "phone")
    ])
    let delivery = DeliveryHistory.id(prefix + "message", prefix + "user", prefix + "phone", app)
    _ = try await rig.pool.query(
      """
      insert into notifications_v1.attempts (app, position, delivery_id, attempt, provider, outcome,
        provider_message_id, started_at, finished_at, fenced)
      values ($1, 2, $2, 1, 'apns', 'accepted', $3, now(), now(), false)
      """, [app.rawValue, delivery, prefix + apnsID.lowercased()])
    _ = try await rig.pool.query(
      """
      insert into notifications_v1.conversations (app, conversation, group_id, sequence)
      values ($1, 'group/' || $2, $2, 1)
      """, [app.rawValue, prefix + "group"])
    for (user, device, token) in [
      (prefix + "user", prefix + "phone", prefix + token),
      (prefix + "owner1", prefix + "shared", prefix + "t1"),
      (prefix + "owner2", prefix + "shared", prefix + "t2"),
    ] {
      _ = try await rig.pool.query(
        """
        insert into notifications_v1.devices (app, user_id, device_id, platform, provider,
          token_sha256, environment, badge, token_valid, logged_out, offline, active_at,
          registered_at)
        values ($1, $2, $3, 'ios', 'apns', $4, 'production', 0, true, false, false, now(), now())
        """,
        [app.rawValue, user, device, DeviceRegistration.fingerprint(.string(token))])
    }
  }

  private static func find(
    _ rig: ConsoleRig, _ session: String, _ text: String
  ) async throws -> ConsoleRig.Answer {
    try await rig.get("/console/search?q=" + PagePath.encode(text), session: session)
  }

  @Test("every kind of id leads to its page, with space around it and in the case it was pasted in")
  func findsEachKind() async throws {
    try await ConsoleRig.run { rig in
      try await Self.fill(rig, ConsoleRig.app, "")
      let session = try await rig.signIn()
      let delivery = DeliveryHistory.id("message", "user", "phone").uuidString
      let page = "/console/deliveries/\(delivery.lowercased())"
      for (text, location) in [
        ("message", "/console/messages/message"),
        ("  message\u{00A0} ", "/console/messages/message"),
        ("user", "/console/users/user"), ("group", "/console/groups/group"),
        ("phone", "/console/users/user#device-phone"), (delivery.lowercased(), page),
        (delivery.uppercased(), page), (Self.apnsID, page), (Self.apnsID.lowercased(), page),
        (Self.token, "/console/users/user#device-phone"),
        (
          DeviceRegistration.fingerprint(.string(Self.token)).uppercased(),
          "/console/users/user#device-phone"
        ), ("owner1", "/console/users/owner1"), ("ann", "/console/users/ann"),
      ] {
        let answer = try await Self.find(rig, session, text)
        #expect(answer.status == 303, "\(text)")
        #expect(answer.headers[.location] == location, "\(text)")
      }
    }
  }

  @Test("an event's position leads to what its stream is of; a token's past holders are found")
  func findsEvents() async throws {
    try await ConsoleRig.run { rig in
      let events = """
        [{"type": "device.registered", "data": {"user": "ann/b", "device": "tab", "platform": "ios",
           "provider": "apns"}, "content": {"token": "\(Self.token)"}},
         {"type": "group.updated", "data": {"group": "chess"}, "content": {"name": "Chess"}},
         {"type": "user.updated", "data": {"user": "cy"}, "content": {"nickname": "Cy"}}]
        """
      _ = try await rig.pool.query(
        "select pushledger.append($1, $2)",
        [ConsoleRig.app.rawValue, PostgresJSONB(Array(events.utf8))])
      let session = try await rig.signIn()
      for (text, location) in [
        ("1", "/console/users/ann%2Fb#device-tab"), ("2", "/console/groups/chess"),
        ("3", "/console/users/cy"), (Self.token, "/console/users/ann%2Fb#device-tab"),
      ] {
        let answer = try await Self.find(rig, session, text)
        #expect(answer.headers[.location] == location, "\(text)")
      }
      #expect(try await Self.find(rig, session, "4").status == 404)
    }
  }

  @Test("several that it may be are shown, each with what it is; a token is not shown again")
  func showsSeveral() async throws {
    try await ConsoleRig.run { rig in
      try await Self.fill(rig, ConsoleRig.app, "")
      try await DeliveryHistory(rig: rig).add([
        .init(message: "user", position: 5), .init(message: "group", position: 6),
      ])
      _ = try await rig.pool.query(
        "update notifications_v1.devices set token_sha256 = $1",
        [DeviceRegistration.fingerprint(.string("secret-token"))])
      let session = try await rig.signIn()
      let shared = try await Self.find(rig, session, "shared")
      #expect(shared.status == 200)
      for user in ["owner1", "owner2"] {
        #expect(shared.body.contains("/console/users/\(user)#device-shared"))
        #expect(shared.body.contains("of \(user), ios"))
      }
      let user = try await Self.find(rig, session, "user")
      #expect(user.body.contains("/console/messages/user"))
      #expect(user.body.contains("/console/users/user\""))
      let token = try await Self.find(rig, session, "secret-token")
      #expect(token.status == 200 && token.body.contains("holds the token now"))
      #expect(!token.body.contains("secret-token"))
    }
  }

  @Test("what is nowhere is said for each kind, and another app's things are nowhere")
  func findsNothingOfOthers() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await Self.fill(rig, other, "f-")
      let session = try await rig.signIn()
      let delivery = DeliveryHistory.id("f-message", "f-user", "f-phone", other).uuidString
      for text in [
        "f-message", "f-user", "f-group", "f-phone", "f-shared", delivery, "1", "f-" + Self.token,
        "f-" + Self.apnsID.lowercased(), DeviceRegistration.fingerprint(.string("f-" + Self.token)),
        "nobody", "0", "99999999999999999999",
      ] {
        let answer = try await Self.find(rig, session, text)
        #expect(answer.status == 404, "\(text)")
        #expect(answer.body.contains(#"<p class="sought"><bdi>\#(text)</bdi></p>"#), "\(text)")
        for kind in SearchKind.allCases {
          #expect(answer.body.contains("<dt>\(kind.rawValue)</dt>"), "\(text) \(kind)")
        }
        #expect(!answer.body.contains("other"))
      }
    }
  }

  @Test("hostile text stands as text, and what is no text or too long is refused")
  func refuses() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      let hostile = "\"><script>alert(1)</script>' or 1=1 -- \u{202E}%_\\"
      let answer = try await Self.find(rig, session, hostile)
      #expect(answer.status == 404 && !answer.body.contains("<script>alert"))
      #expect(answer.body.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;"))
      for (query, words) in [
        (String(repeating: "x", count: 301), "at most 300 are allowed"),
        (String(repeating: "%F0%9F%90%88", count: 76), "at most 300 are allowed"),
        ("a%00b", "control character U+0"), ("a%0D%0Ab", "control character U+D"),
        ("%C3%28", "no text in UTF-8"),
      ] {
        let refused = try await rig.get("/console/search?q=\(query)", session: session)
        #expect(refused.status == 400, "\(query)")
        #expect(refused.body.contains("parameter q ") && refused.body.contains(words), "\(query)")
      }
      let longest = try await rig.get(
        "/console/search?q=" + String(repeating: "x", count: 300), session: session)
      #expect(longest.status == 404 && longest.body.contains("at most 128 bytes"))
      for query in ["", "?q=", "?q=++"] {
        let empty = try await rig.get("/console/search" + query, session: session)
        #expect(empty.status == 200 && empty.body.contains("What is found"), "\(query)")
      }
    }
  }
}

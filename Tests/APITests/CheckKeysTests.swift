import Foundation
import HTTPTypes
import Ledger
import NIOHTTP1
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CheckKeys {
  /// A request that a route would answer, or refuse for what it is about.
  static func path(_ route: Route) -> String {
    route.path
      .replacing("{id}", with: "m1").replacing("{user}", with: "ann")
      .replacing("{device}", with: "d").replacing("{group}", with: "g")
      .replacing("{peer}", with: "bob").replacing("{name}", with: "orders")
  }

  @Test("every route asks for a good key with its scope")
  func asksForKeys() async throws {
    try await APIRig.run { rig in
      let revoked = try await rig.key([.admin])
      let keys = APIKeys(rig.pool)
      let id = try #require(try await keys.list(of: APIRig.demo).last?.id)
      try await keys.revoke(id, of: APIRig.demo)
      for route in rig.routes {
        guard let scope = route.scope else { continue }
        let path = Self.path(route)
        let method = HTTPMethod(rawValue: route.method.rawValue)
        let body: [UInt8]? = route.operation.body == nil ? nil : Array("{}".utf8)
        let none = try await rig.send(method, path, body, key: .some(nil))
        #expect(none.status == 401)
        #expect(none.code == "key_missing")
        #expect(none.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
        for wrong in [
          "x", "plk_demo.aaaaaaaaaaaa_" + String(repeating: "b", count: 43), revoked,
          rig.key + "x", String(repeating: "k", count: 5000),
        ] {
          let refused = try await rig.send(method, path, body, key: wrong)
          #expect(refused.status == 401)
          #expect(refused.code == "key_unknown")
          #expect(!refused.text.contains(wrong.suffix(20)) || wrong == "x")
        }
        let others = Set(APIScope.allCases).subtracting([scope, .admin])
        let without = try await rig.send(method, path, body, key: try await rig.key(others))
        #expect(without.status == 403)
        #expect(without.code == "scope_missing")
        #expect(without.header("WWW-Authenticate")?.contains(scope.rawValue) == true)
        let with = try await rig.send(method, path, body, key: try await rig.key([scope]))
        #expect(with.status != 401 && with.status < 500)
        #expect(with.status != 403)
      }
    }
  }

  @Test("what has no end ends once its key is revoked, and tells nothing more")
  func endsWithTheKey() async throws {
    try await APIRig.run { rig in
      try await rig.registerStream()
      let key = try await rig.key([.read, .device])
      let keys = APIKeys(rig.pool)
      let id = try #require(try await keys.list(of: APIRig.demo).last?.id)
      var stream = try await rig.openStream(key: key)
      var feed = try await StreamClient(
        "/v1/events?follow=true", port: rig.port, authorization: "Bearer \(key)")
      #expect(feed.status == 200)
      try await rig.sendAndFold(["m0"])
      #expect(try await stream.event()?.message == "m0")
      try await keys.revoke(id, of: APIRig.demo)
      var told = 0
      repeat {
        told += 1
        try await rig.sendAndFold(["m\(told)"])
      } while try await stream.event() != nil
      // What it was not told of counts as not sent.
      try await eventually {
        let sent = try await rig.pool.query("select count(*) from dispatch.sent")
        return try sent[0].get(0, as: Int.self) == told
      }
      let head = try await rig.head()
      try await rig.sendAndFold(["after"])
      var last: Position = 0
      while let line = await feed.line() {
        last = (try? JSON.parse(Array(line.utf8))["position"]?.integer) ?? last
      }
      #expect(last > 0 && last <= head)
      #expect(try await rig.openStream(key: key).status == 401)
    }
  }

  @Test("takes a key in other spellings of Bearer, and no other scheme")
  func readsTheHeader() async throws {
    try await APIRig.run { rig in
      for (header, status) in [
        ("bearer \(rig.key)", 200), ("BEARER \(rig.key)", 200), ("Bearer  \(rig.key)", 401),
        ("Basic \(rig.key)", 401), (rig.key, 401), ("Bearer", 401), ("Bearer ", 401),
      ] {
        let answer = try await rig.send(
          .GET, "/v1/status", key: .some(nil), headers: [("Authorization", header)])
        #expect(answer.status == status)
      }
    }
  }

  @Test("G12: an app sees and changes nothing of another")
  func keepsAppsApart() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/bob/devices/phone", ReportMessages.registration)
      let sent = try await rig.post("/v1/messages", PostMessages.message("m1"))
      _ = try await rig.get("/v1/users/bob/unread?at_least=\(sent.position ?? 0)")
      let other = rig.otherKey
      #expect(try await rig.get("/v1/messages/m1", key: other).status == 404)
      #expect(try await rig.get("/v1/messages/m1/timeline", key: other).status == 404)
      #expect(try await rig.delete("/v1/messages/m1", key: other).status == 404)
      #expect(try await rig.get("/v1/events", key: other).body.isEmpty)
      #expect(try await rig.get("/v1/events?stream=message%2Fm1", key: other).body.isEmpty)
      #expect(try await rig.get("/v1/users/bob/unread", key: other).json["total"] == 0)
      #expect(try await rig.get("/v1/users/bob/devices", key: other).json["devices"] == [])
      #expect(try await rig.get("/v1/status", key: other).json["head"] == 0)
      let same = try await rig.post("/v1/messages", PostMessages.message("m1"), key: other)
      #expect(same.json == ["id": "m1", "position": 1, "new": true])
      #expect(try await rig.head() == 2)
      let events = try await rig.events(of: APIRig.other)
      #expect(events.map(\.app) == [APIRig.other])
    }
  }
}

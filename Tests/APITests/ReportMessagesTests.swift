import Foundation
import Ledger
import Projections
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ReportMessages {
  static let device = "/v1/users/bob/devices/phone"
  static let registration: JSON = [
    "platform": "ios", "provider": "apns", "token": "aabbcc", "topic": "com.example",
  ]

  @Test("shows every delivery with its status and reason, right after it was sent")
  func showsDeliveries() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put(Self.device, Self.registration)
      _ = try await rig.put(
        "/v1/users/bob/devices/tablet", Self.registration.setting("token", to: "d"))
      _ = try await rig.put("/v1/users/bob/devices/tablet/state", ["state": "foreground"])
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      let report = try await rig.get("/v1/messages/m1")
      #expect(report.status == 200)
      #expect(report.json["kept"] == true)
      #expect(report.json["from"] == "ann")
      #expect(report.json["to"] == ["user": "bob"])
      #expect(report.json["recipients"] == 1)
      #expect(
        report.json["counts"] == [
          ["status": "due", "count": 1],
          ["status": "suppressed", "reason": "foreground", "count": 1],
        ])
      let deliveries = try #require(report.json["deliveries"]?.array)
      #expect(deliveries.count == 2)
      let phone = try #require(deliveries.first { $0["device"] == "phone" })
      #expect(phone["status"] == "due")
      #expect(phone["provider"] == "apns")
      #expect(phone["badge"] == 1)
      let id = DeliveryID.make(
        app: APIRig.demo, message: MessageID(unchecked: "m1"), user: UserID(unchecked: "bob"),
        device: DeviceID(unchecked: "phone"))
      #expect(phone["delivery_id"] == JSON(id))
      #expect(!report.text.contains("Hello"))
      #expect(!report.text.contains("aabbcc"))
    }
  }

  @Test("shows deliveries in pages, and the counts of a message to many")
  func showsPages() async throws {
    try await APIRig.run { rig in
      let members = (0..<30).map { JSON.object([.init("user", .string("u\($0)"))]) }
      _ = try await rig.post("/v1/groups/g/members", ["add": .array(members)])
      for index in 0..<5 {
        _ = try await rig.put(
          "/v1/users/u\(index)/devices/d",
          Self.registration.setting("token", to: .string("a\(index)")))
      }
      _ = try await rig.post(
        "/v1/messages", PostMessages.message("m1", to: ["group": "g"]))
      var seen: Set<String> = []
      var path = "/v1/messages/m1?limit=2"
      for page in 0..<3 {
        let report = try await rig.get(path)
        #expect(
          report.json["counts"] == [
            ["status": "due", "count": 5],
            ["status": "suppressed", "reason": "no_device", "count": 25],
          ])
        let deliveries = report.json["deliveries"]?.array ?? []
        #expect(deliveries.count == (page < 2 ? 2 : 1))
        seen.formUnion(deliveries.compactMap { $0["delivery_id"]?.string })
        let next = report.json["next"]?.string
        #expect((next == nil) == (page == 2))
        path = "/v1/messages/m1?limit=2&after=\(next ?? "")"
      }
      #expect(seen.count == 5)
    }
  }

  @Test("a message that was not kept is still known")
  func reportsWhatWasNotKept() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post(
        "/v1/messages", PostMessages.message("m1").setting("online_only", to: true))
      let report = try await rig.get("/v1/messages/m1")
      #expect(report.status == 200)
      #expect(report.json["kept"] == false)
      #expect(report.json["deliveries"] == [])
    }
  }

  @Test("tells the timeline in order, in pages")
  func tellsTheTimeline() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      _ = try await rig.delete("/v1/messages/m1?by=ann")
      let timeline = try await rig.get("/v1/messages/m1/timeline")
      #expect(timeline.status == 200)
      let types = timeline.json["events"]?.array?.compactMap { $0["type"]?.string }
      #expect(types == ["message.sent", "message.recalled"])
      #expect(timeline.json["next"] == nil)
      let first = try await rig.get("/v1/messages/m1/timeline?limit=1")
      #expect(first.json["next"] == 1)
      let second = try await rig.get("/v1/messages/m1/timeline?limit=1&after=1")
      #expect(second.json["events"]?.array?.first?["type"] == "message.recalled")
      #expect(second.json["next"] == nil)
      #expect(try await rig.get("/v1/messages/m2/timeline").status == 404)
    }
  }

  @Test("a read waits for the projection, and says so when it does not come")
  func waitsForTheProjection() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/ann", ["nickname": "Ann"])
      for count in 1...20 {
        let sent = try await rig.post("/v1/messages", PostMessages.message("m\(count)"))
        let position = try #require(sent.position)
        let unread = try await rig.get("/v1/users/bob/unread?at_least=\(position)")
        #expect(unread.status == 200)
        #expect(unread.json["total"] == .integer(count))
      }
      let beyond = try await rig.get("/v1/users/bob/unread?at_least=1000000")
      #expect(beyond.status == 400)
      #expect(beyond.code == "out_of_range")
      #expect(beyond.field == "at_least")
    }
    var setup = APIRig.Setup()
    setup.projects = false
    try await APIRig.run(setup) { rig in
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      let behind = try await rig.get("/v1/users/bob/unread?at_least=1")
      #expect(behind.status == 504)
      #expect(behind.code == "projection_behind")
      #expect(behind.json["lag_events"] == 1)
      #expect(behind.header("Retry-After") == "1")
      #expect(
        behind.detail.hasSuffix("at 0, 1 event behind. Retry, or ask without at_least."))
      // Nothing was named here that could be left out.
      for path in ["/v1/messages/m1", "/v1/messages/m1/explanation"] {
        let message = try await rig.get(path)
        #expect(message.status == 504)
        #expect(
          message.detail.hasSuffix(
            "1 event behind. Retry; if it stays behind, see pushledger projections status."))
      }
    }
  }
}

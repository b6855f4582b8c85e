import Foundation
import Ledger
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct TakeReceipts {
  @Test("takes the first receipt of each kind, by delivery")
  func takesReceipts() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/bob/devices/phone", ReportMessages.registration)
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      let report = try await rig.get("/v1/messages/m1")
      let delivery = try #require(report.json["deliveries"]?.array?.first?["delivery_id"])
      let first = try await rig.post(
        "/v1/receipts",
        ["delivery_id": delivery, "event": "delivered", "at": "2026-01-31T09:30:00Z"])
      #expect(first.status == 202)
      #expect(first.json == ["position": 3, "events": 1, "new": 1])
      let both = try await rig.post(
        "/v1/receipts",
        [
          ["delivery_id": delivery, "event": "delivered"],
          ["delivery_id": delivery, "event": "opened", "at": "2026-01-31T09:31:00Z"],
        ])
      #expect(both.json == ["position": 4, "events": 2, "new": 1])
      let event = try await rig.events()[2].event
      #expect(event.stream.rawValue == "message/m1")
      #expect(
        try JSON.parse(event.data) == [
          "at": "2026-01-31T09:30:00Z", "source": "app", "message_id": "m1",
          "delivery_id": delivery,
        ])
      let after = try await rig.get("/v1/messages/m1?at_least=4")
      let shown = try #require(after.json["deliveries"]?.array?.first)
      #expect(shown["delivered_at"] == "2026-01-31T09:30:00Z")
      #expect(shown["opened_at"] == "2026-01-31T09:31:00Z")
    }
  }

  @Test("G12: refuses a delivery that the app has not, all or none")
  func refusesUnknownDeliveries() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/bob/devices/phone", ReportMessages.registration)
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      let report = try await rig.get("/v1/messages/m1")
      let delivery = try #require(report.json["deliveries"]?.array?.first?["delivery_id"])
      let known: JSON = ["delivery_id": delivery, "event": "opened"]
      let unknown: JSON = ["delivery_id": JSON(UUID()), "event": "opened"]
      let refused = try await rig.post("/v1/receipts", [known, unknown])
      #expect(refused.status == 404)
      #expect(refused.code == "delivery_unknown")
      #expect(refused.field == "[1].delivery_id")
      let other = try await rig.post("/v1/receipts", known, key: rig.otherKey)
      #expect(other.status == 404)
      #expect(other.field == "delivery_id")
      #expect(try await rig.head() == 2)
      #expect(try await rig.head(of: APIRig.other) == 0)
    }
  }
}

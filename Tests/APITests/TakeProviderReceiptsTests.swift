import Foundation
import Ledger
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct TakeProviderReceipts {
  /// Of Huawei, in the form that its documents give.
  private static func report(_ statuses: [(token: String, status: Int64)]) -> JSON {
    [
      "statuses": .array(
        statuses.map {
          [
            "biTag": "2", "appid": "100", "token": .string($0.token),
            "status": .integer($0.status), "timestamp": 1_700_000_000_000, "requestId": "1",
          ]
        })
    ]
  }

  /// A device of bob's with a token of Huawei's, a message to him at position 2, and the door.
  private func run(
    _ body: @escaping @Sendable (APIRig, String) async throws -> Void
  ) async throws {
    try await APIRig.run { rig in
      let device: JSON = ["platform": "android", "provider": "huawei", "token": "t1"]
      _ = try await rig.put("/v1/users/bob/devices/phone", device)
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      try await ProviderCredentials(rig.pool, keys: .random()).add(
        "10022", provider: .huawei, of: APIRig.demo, secret: "s")
      let secret = try await ReceiptDoors(rig.pool).open(
        "10022", provider: .huawei, of: APIRig.demo)
      _ = try await rig.get("/v1/messages/m1?at_least=2")
      try await body(rig, "/v1/provider-receipts/" + secret)
    }
  }

  @Test("a delivery that arrived is delivered, once")
  func delivers() async throws {
    try await run { rig, door in
      for _ in 0..<2 {
        let answer = try await rig.post(
          door, Self.report([("t1", 0), ("nobody's", 0)]), key: .some(nil))
        #expect(answer.status == 200)
        #expect(answer.json["code"] == "0")
      }
      let event = try #require(try await rig.events().last?.event)
      #expect(event.type == .pushDelivered)
      #expect(try JSON.parse(event.data)["source"] == "provider")
      #expect(try await rig.head() == 3)
      let shown = try await rig.get("/v1/messages/m1?at_least=3").json["deliveries"]?.array?.first
      #expect(shown?["delivered_at"] == "2023-11-14T22:13:20Z")
    }
  }

  @Test("what was taken and not shown says why")
  func tellsWhatWasNotShown() async throws {
    try await run { rig, door in
      let answer = try await rig.post(door, Self.report([("t1", 6)]), key: .some(nil))
      #expect(answer.status == 200)
      let event = try #require(try await rig.events().last?.event)
      #expect(event.type == .pushNotShown)
      let shown = try await rig.get("/v1/messages/m1?at_least=3").json["deliveries"]?.array?.first
      #expect(shown?["not_shown_at"] == "2023-11-14T22:13:20Z")
      #expect(shown?["not_shown_reason"]?.string?.contains("6") == true)
      #expect(shown?["delivered_at"] == nil)
    }
  }

  @Test("a dead token is invalidated by its hash, and stands nowhere")
  func invalidatesTokens() async throws {
    try await run { rig, door in
      let answer = try await rig.post(door, Self.report([("t1", 2)]), key: .some(nil))
      #expect(answer.status == 200)
      let event = try #require(try await rig.events().last?.event)
      #expect(event.type == .tokenInvalidated)
      let data = try JSON.parse(event.data)
      #expect(data["user"] == "bob" && data["device"] == "phone")
      #expect(data["token_sha256"]?.string?.count == 64)
      #expect(!String(decoding: event.data, as: UTF8.self).contains("\"t1\""))
    }
  }

  @Test("an address that was made anew opens no longer, nor does any other")
  func knowsItsDoors() async throws {
    try await run { rig, door in
      _ = try await ReceiptDoors(rig.pool).open(
        "10022", provider: .huawei, of: APIRig.demo)
      for path in [door, "/v1/provider-receipts/plr_x", "/v1/provider-receipts/x"] {
        let answer = try await rig.post(path, Self.report([("t1", 0)]), key: .some(nil))
        #expect(answer.status == 404)
      }
      #expect(try await rig.head() == 2)
    }
  }

  @Test("what is no report is refused, and nothing of it is kept")
  func refusesWhatIsNone() async throws {
    try await run { rig, door in
      for body: JSON in [[:], ["statuses": "x"], []] {
        let answer = try await rig.post(door, body, key: .some(nil))
        #expect(answer.status == 400, "\(answer.text)")
      }
      #expect(try await rig.head() == 2)
    }
  }
}

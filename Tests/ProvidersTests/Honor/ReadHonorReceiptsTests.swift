import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ReadHonorReceipts {
  private static let url = HonorRig.receiptURL

  private static let fates: [(String?, ProviderReceipt.Kind, String)] =
    [
      (nil, .delivered, "status_40000002"), ("status_40000001", .delivered, "status_40000001"),
      ("dead_later", .tokenInvalid, "status_3"), ("status_4", .tokenInvalid, "status_4"),
      ("muted", .notShown, "status_5"),
    ]
    // 2 is a dead token at Huawei's, and none here.
    + [2, 6, 9, 13, 14, 15, 16].map { ("status_\($0)", .notShown, "status_\($0)") }

  @Test func whatBecameOfAPushIsRead() async throws {
    try await HonorRig.with(app: { $0.receiptURL = Self.url }) { rig async throws in
      for (index, (fate, kind, reason)) in Self.fates.enumerated() {
        if let fate { rig.simulator.setFate(fate, of: "t\(index)") }
        #expect(try await rig.send("t\(index)").outcome == .accepted)
        let receipts = try await rig.receipts(index + 1, contentType: "application/json")
        let receipt = try #require(receipts.first { $0.token == "t\(index)" })
        #expect(
          receipt
            == ProviderReceipt(
              kind, token: "t\(index)", position: 7, at: rig.clock.now, reason: reason))
      }
    }
  }

  @Test func honorHearsThatTheyWereTaken() throws {
    let reading = try HonorChannel.readReceipts(
      ReceiptCall(headers: [], body: Array(#"{"statuses":[{"token":"a","status":"3"}]}"#.utf8)))
    #expect(
      reading.receipts == [
        ProviderReceipt(.tokenInvalid, token: "a", position: nil, reason: "status_3")
      ])
    #expect(reading.answer == ["code": "0", "message": "success"])
  }

  @Test(arguments: ["", "[]", #"{"statuses":7}"#])
  func whatIsNoneOfHonorsIsRefused(body: String) {
    let error = #expect(throws: FieldError.self) {
      try HonorChannel.readReceipts(ReceiptCall(headers: [], body: Array(body.utf8)))
    }
    #expect(error?.field == "statuses")
  }
}

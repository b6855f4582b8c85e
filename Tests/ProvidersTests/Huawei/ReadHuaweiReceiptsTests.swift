import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ReadHuaweiReceipts {
  private static let url = HuaweiRig.receiptURL

  private static let fates: [(String?, ProviderReceipt.Kind, String)] =
    [
      (nil, .delivered, "status_0"), ("dead_later", .tokenInvalid, "status_2"),
      ("status_5", .tokenInvalid, "status_5"), ("muted", .notShown, "status_6"),
    ]
    + [10, 14, 15, 22, 27, 31, 51, 102, 144, 201, 256, 3, 4, 40_000_002].map {
      ("status_\($0)", .notShown, "status_\($0)")
    }

  @Test func whatBecameOfAPushIsRead() async throws {
    try await HuaweiRig.with(app: { $0.receiptURL = Self.url }) { rig async throws in
      for (index, (fate, kind, reason)) in Self.fates.enumerated() {
        if let fate { rig.simulator.setFate(fate, of: "t\(index)") }
        #expect(try await rig.send("t\(index)").outcome == .accepted)
        await rig.simulator.waitForReceipts(index + 1)
        let receipt = try #require(try read(rig).first { $0.token == "t\(index)" })
        #expect(
          receipt
            == ProviderReceipt(
              kind, token: "t\(index)", position: 7, at: rig.clock.now, reason: reason))
      }
    }
  }

  private func read(_ rig: HuaweiRig) throws -> [ProviderReceipt] {
    try rig.simulator.receipts.flatMap {
      try HuaweiChannel.readReceipts(ReceiptCall(headers: [], body: $0.body)).receipts
    }
  }

  @Test func aHundredComeInOneCallAndMayComeTwice() async throws {
    var habits = ReportingHabits()
    habits.reportsPerCall = 100
    habits.comesTwice = true
    try await HuaweiRig.with(reporting: habits, app: { $0.receiptURL = Self.url }) {
      rig async throws in
      _ = try await rig.sendTogether(try (0..<100).map { try rig.request("t\($0)") })
      let receipts = try await rig.receipts(2, contentType: "application/json")
      #expect(receipts.count == 200)
      #expect(Set(receipts.map(\.token)).count == 100)
    }
  }

  @Test func theSettingChoosesWhereTheyGo() async throws {
    let settings: [(String, JSON)] = [("receipt_id", "RCP7")]
    try await HuaweiRig.with(
      settings: settings, app: { $0.receiptURLs = ["RCP7": Self.url + "/7"] }
    ) { rig async throws in
      let result = try await rig.send("t1")
      #expect(result.outcome == .accepted)
      await rig.simulator.waitForReceipts(1)
      #expect(rig.simulator.receipts.first?.url == Self.url + "/7")
    }
  }

  @Test func huaweiHearsThatTheyWereTaken() throws {
    let reading = try HuaweiReceipts.read(
      ReceiptCall(headers: [], body: Array(#"{"statuses":[]}"#.utf8)))
    #expect(reading.receipts == [])
    #expect(reading.answer == ["code": "0", "message": "success"])
  }

  @Test func numbersMayBeTextsAndMuchMayBeMissing() throws {
    let body = """
      {"statuses":[{"token":"a","status":"2","timestamp":"1563105451261","biTag":"9"},
       {"token":"b","status":0,"biTag":"other"},{"token":"","status":0},{"status":0},
       {"token":"c"},7]}
      """
    let reading = try HuaweiReceipts.read(ReceiptCall(headers: [], body: Array(body.utf8)))
    #expect(
      reading.receipts == [
        ProviderReceipt(
          .tokenInvalid, token: "a", position: 9,
          at: Timestamp(microseconds: 1_563_105_451_261_000), reason: "status_2"),
        ProviderReceipt(.delivered, token: "b", position: nil, reason: "status_0"),
      ])
  }

  @Test(arguments: ["", "[]", "{}", #"{"statuses":{}}"#, #"{"statuses":"#])
  func whatIsNoneOfHuaweisIsRefused(body: String) {
    let error = #expect(throws: FieldError.self) {
      try HuaweiReceipts.read(ReceiptCall(headers: [], body: Array(body.utf8)))
    }
    #expect(error?.field == "statuses")
  }
}

import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ReadOPPOReceipts {
  private static let fates: [(String?, ProviderReceipt.Kind, String)] = [
    (nil, .delivered, "push_arrive"), ("dead", .tokenInvalid, "regid_invalid"),
    ("muted", .notShown, "user_daily_limit"),
  ]

  @Test func whatBecameOfAPushIsRead() async throws {
    for (fate, kind, reason) in Self.fates {
      try await OPPORig.with(settings: [("receipt_url", .string(OPPORig.receiptURL))]) {
        rig async throws in
        if let fate { rig.simulator.setFate(fate, of: "CN_1") }
        #expect(try await rig.send("CN_1").outcome == .accepted)
        let receipts = try await rig.receipts(1, contentType: "application/json")
        #expect(
          receipts == [
            ProviderReceipt(kind, token: "CN_1", position: 7, at: rig.clock.now, reason: reason)
          ])
      }
    }
  }

  @Test func aBatchIsReportedInOneCall() async throws {
    try await OPPORig.with(settings: [("receipt_url", .string(OPPORig.receiptURL))]) {
      rig async throws in
      rig.simulator.setFate("dead_later", of: "CN_2")
      _ = try await rig.sendTogether(try (1...3).map { try rig.request("CN_\($0)") })
      let receipts = try await rig.receipts(1, contentType: "application/json")
      #expect(rig.simulator.receipts.count == 1)
      #expect(receipts.map(\.token) == ["CN_1", "CN_2", "CN_3"])
      #expect(receipts.map(\.kind) == [.delivered, .tokenInvalid, .delivered])
    }
  }

  private func read(_ body: String) throws(FieldError) -> [ProviderReceipt] {
    try OPPOReceipts.read(ReceiptCall(headers: [], body: Array(body.utf8))).receipts
  }

  @Test func severalTokensMayShareARowAndMuchMayBeMissing() throws {
    #expect(
      try read(#"[{"eventType":"push_arrive","registrationIds":"a,b","eventTime":"soon"}]"#) == [
        ProviderReceipt(.delivered, token: "a", position: nil, reason: "push_arrive"),
        ProviderReceipt(.delivered, token: "b", position: nil, reason: "push_arrive"),
      ])
    #expect(try read(#"[{"eventType":"other","registrationIds":"a"},{"eventType":1},7]"#) == [])
  }

  @Test(arguments: ["{}", "", "data=1"]) func whatIsNoneOfOPPOsIsRefused(body: String) {
    let error = #expect(throws: FieldError.self) { try read(body) }
    #expect(error?.code == .malformed)
  }
}

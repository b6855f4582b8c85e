import PushCore
import Simulators
import Testing

@testable import Providers

/// What vivo reports later.
@Suite struct ReadReceiptsOfVivo {
  private func read(_ body: [UInt8]) throws -> ReceiptReading {
    try #require(ProviderRegistry.kind(of: .vivo)).readReceipts(
      ReceiptCall(headers: [], body: body))
  }

  @Test(
    arguments: [
      (nil, ProviderReceipt.Kind.delivered, "ack_0"), ("ack_101", .notShown, "ack_101"),
      ("ack_103", .notShown, "ack_103"), ("ack_104", .notShown, "ack_104"),
      ("ack_1000", .notShown, "ack_1000"),
    ] as [(String?, ProviderReceipt.Kind, String)])
  func saysWhatBecameOfAPush(
    _ fate: String?, _ kind: ProviderReceipt.Kind, _ reason: String
  ) async throws {
    // Nobody listens there; what was to be sent is kept all the same.
    let url = JSON.string("https://localhost:1/receipts")
    try await VivoRig.with(settings: [("receipt_url", url)]) { rig async throws in
      if let fate { rig.simulator.setFate(fate, of: "reg-1") }
      #expect(try await rig.send("reg-1").outcome == .accepted)
      await rig.simulator.waitForReceipts(1)
      let sent = try #require(rig.simulator.receipts.first)
      let reading = try read(sent.body)
      #expect(
        reading.receipts == [
          ProviderReceipt(
            kind, token: "reg-1", position: 7, at: rig.clock.now, reason: reason)
        ])
      #expect(reading.answer == nil)
    }
  }

  @Test func takesSeveralAndPassesOverWhatItDoesNotKnow() throws {
    let body = """
      {"t-1":{"param":"9","targets":"a,b","ackTime":"1800000000000","ackType":0},
       "t-2":{"param":"none of ours","targets":"c","ackType":"0"},
       "t-3":{"param":"9","targets":"d","ackType":"77"},"t-4":7}
      """
    let at = Timestamp(microseconds: 1_800_000_000_000_000)
    #expect(
      try read(Array(body.utf8)).receipts == [
        ProviderReceipt(.delivered, token: "a", position: 9, at: at, reason: "ack_0"),
        ProviderReceipt(.delivered, token: "b", position: 9, at: at, reason: "ack_0"),
        ProviderReceipt(.delivered, token: "c", position: nil, reason: "ack_0"),
      ])
  }

  @Test(arguments: ["", "[]", "data=1"]) func refusesWhatIsNone(_ body: String) {
    #expect(throws: FieldError.self) { try read(Array(body.utf8)) }
  }
}

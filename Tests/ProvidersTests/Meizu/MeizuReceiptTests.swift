import PushCore
import Simulators
import Testing

@testable import Providers

/// What Meizu reports later.
@Suite struct ReadReceiptsOfMeizu {
  private func read(_ body: [UInt8]) throws -> ReceiptReading {
    try #require(ProviderRegistry.kind(of: .meizu)).readReceipts(
      ReceiptCall(headers: [], body: body))
  }

  /// Nobody listens at this address, and what Meizu could not say it never says again.
  @Test func saysOnceWhatBecameOfAPush() async throws {
    let url = JSON.string("https://localhost:1/receipts")
    try await MeizuRig.with(settings: [("receipt_url", url)]) { rig async throws in
      for (token, fate) in [("id-2", "clicked"), ("id-3", "dead"), ("id-4", "silent")] {
        rig.simulator.setFate(fate, of: token)
      }
      _ = try await rig.sendTogether((1...4).map { "id-\($0)" })
      await rig.simulator.waitForReceipts(1)
      let sent = rig.simulator.receipts
      let receipts = try sent.flatMap { try read($0.body).receipts }
        .sorted { ($0.reason, $0.token) < ($1.reason, $1.token) }
      #expect(
        receipts == [
          ProviderReceipt(.delivered, token: "id-1", position: 7, reason: "type_1"),
          ProviderReceipt(.delivered, token: "id-2", position: 7, reason: "type_1"),
          ProviderReceipt(.opened, token: "id-2", position: 7, reason: "type_2"),
        ])
    }
  }

  @Test func passesOverWhatItDoesNotKnow() throws {
    let body =
      "cb=%7B%22m-1%22%3A%7B%22param%22%3A%22x%22%2C%22type%22%3A%221%22%2C%22targets%22%3A%5B"
      + "%22a%22%2C7%5D%7D%2C%22m-9%22%3A%7B%22type%22%3A9%2C%22targets%22%3A%5B%22b%22%5D%7D%7D"
    #expect(
      try read(Array(body.utf8)).receipts == [
        ProviderReceipt(.delivered, token: "a", position: nil, reason: "type_1")
      ])
  }

  @Test(arguments: ["", "{}", "cb=", "cb=%5B%5D", "data=1"])
  func refusesWhatIsNone(_ body: String) {
    #expect(throws: FieldError.self) { try read(Array(body.utf8)) }
  }
}

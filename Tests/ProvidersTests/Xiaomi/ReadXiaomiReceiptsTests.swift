import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ReadXiaomiReceipts {
  private static let fates: [(String?, [(ProviderReceipt.Kind, String)])] = [
    (nil, [(.delivered, "type_1")]), ("opened", [(.delivered, "type_1"), (.opened, "type_2")]),
    ("dead_later", [(.tokenInvalid, "type_16")]), ("muted", [(.notShown, "type_32")]),
    ("filtered", [(.notShown, "type_64")]),
  ]

  @Test func whatBecameOfAPushIsRead() async throws {
    for (fate, expected) in Self.fates {
      try await XiaomiRig.with(settings: [("receipt_url", .string(XiaomiRig.receiptURL))]) {
        rig async throws in
        if let fate { rig.simulator.setFate(fate, of: "reg1") }
        #expect(try await rig.send("reg1").outcome == .accepted)
        let receipts = try await rig.receipts(expected.count, contentType: XiaomiRig.formType)
        let wanted = expected.map {
          ProviderReceipt($0, token: "reg1", position: 7, at: rig.clock.now, reason: $1)
        }
        #expect(receipts.sorted { $0.reason < $1.reason } == wanted)
      }
    }
  }

  @Test func severalMessagesAndTokensComeInOneCall() async throws {
    var habits = ReportingHabits()
    habits.reportsPerCall = 2
    habits.comesTwice = true
    try await XiaomiRig.with(
      reporting: habits, settings: [("receipt_url", .string(XiaomiRig.receiptURL))]
    ) { rig async throws in
      _ = try await rig.sendTogether([try rig.request("reg1"), try rig.request("reg2")])
      #expect(try await rig.send(rig.request("reg3", position: 8)).outcome == .accepted)
      let receipts = try await rig.receipts(2, contentType: XiaomiRig.formType)
      #expect(rig.simulator.receipts.count == 2)
      #expect(receipts.map(\.token) == ["reg1", "reg2", "reg3", "reg1", "reg2", "reg3"])
      #expect(receipts.prefix(3).map(\.position) == [7, 7, 8])
    }
  }

  @Test func nobodyIsToldWhereNobodyAsks() async throws {
    try await XiaomiRig.with { rig async throws in
      #expect(try await rig.send("reg1").outcome == .accepted)
      #expect(rig.simulator.receipts.isEmpty)
    }
  }

  private func read(_ data: String) throws -> [ProviderReceipt] {
    try XiaomiReceipts.read(
      ReceiptCall(headers: [], body: Array(("data=" + URLText.formEncoded(data)).utf8))
    ).receipts
  }

  @Test func numbersMayBeTextsAndMuchMayBeMissing() throws {
    #expect(
      try read(#"{"m":{"type":"128","targets":"a"},"n":{"type":1024,"targets":"b","param":"x"}}"#)
        == [
          ProviderReceipt(.notShown, token: "a", position: nil, reason: "type_128"),
          ProviderReceipt(.notShown, token: "b", position: nil, reason: "type_1024"),
        ])
    #expect(try read(#"{"m":{"type":4,"targets":"a"},"n":{"targets":"a"},"o":7}"#) == [])
  }

  @Test(arguments: ["data=%5B%5D", "data=%7B", "more=1", ""])
  func whatIsNoneOfXiaomisIsRefused(body: String) {
    let error = #expect(throws: FieldError.self) {
      try XiaomiReceipts.read(ReceiptCall(headers: [], body: Array(body.utf8)))
    }
    #expect(error?.field == "data")
  }
}

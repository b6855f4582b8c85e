import Foundation
import NIOHTTP1
import Postgres
import PushCore
import TestSupport
import Testing

/// Real chat, through APNs and FCM at the same time: each push that became due arrives once, at the
/// provider of its device, and nothing else arrives.
@Suite(
  "Send each once", .enabled(if: TestDatabase.isAvailable && Oracle.isAvailable),
  .timeLimit(.minutes(5))
)
struct SendEachOnce {
  /// How many events of the file: what a test has time for. `pushledger bench --only ids` takes all.
  private static let events = 1_500
  private static let leastPushes = 1_500
  private static let settings = FoldSettings(cancelsOnRead: false, cancelsOnForeground: false)

  @Test("G8, G11: by the ids of the deliveries, where nothing dies")
  func byID() async throws {
    try await CommandRig.run(appOptions: ["--no-cancel-on-read", "--no-cancel-on-foreground"]) {
      rig in
      let due = try await decide(rig)
      for provider in [ProviderName.apns, .fcm] {
        #expect(due[provider.rawValue]?.count ?? 0 >= Self.leastPushes)
      }
      let arrived = Arrived()
      let apns = try await PlayedAPNs.start(rig, latency: 2, arrived)
      let fcm = try await PlayedProvider.startFCM(rig, latency: 2)
      try await fcm.call(
        .POST, "/settings", ["device_per_minute": 1_000_000, "device_per_hour": 1_000_000])
      let androids = Task { await fcm.watch(arrived) }
      let iPhones = Task { await apns.watch() }
      let dispatcher = try rig.start(["dispatch"])
      await arrived.count.reached(due.values.reduce(0) { $0 + $1.count })
      let isRecorded = try await eventually(within: .seconds(60)) {
        try await rig.number("select count(*) from dispatch.due") == 0
      }
      #expect(isRecorded)
      let stopped = await dispatcher.stop()
      #expect(stopped.status == 0, "\(stopped)")
      let onIPhones = try await apns.arrivals().map(\.delivery)
      for process in [fcm.process, apns.process] { await process.killAndWait() }
      expect(onIPhones, due["apns"] ?? [], "APNs")
      expect(await androids.value.compactMap(\.delivery), due["fcm"] ?? [], "FCM")
      _ = await iPhones.value
      let facts = try await LedgerFacts(
        of: AppID(unchecked: CommandRig.app), rig.pool, Self.settings)
      #expect(Set(facts.attempts.keys) == due.values.reduce(into: []) { $0.formUnion($1) })
      #expect(facts.attempts.values.allSatisfy { $0.map(\.outcome) == [.accepted] })
    }
  }

  /// Imports a part of the chat and decides it.
  ///
  /// - Returns: The deliveries that are due, by their provider.
  private func decide(_ rig: CommandRig) async throws -> [String: Set<UUID>] {
    let lines = try Oracle.lines(of: Oracle.chatFile, limit: Self.events)
    try await rig.succeed(
      "import", CommandRig.app, try rig.write("part.ndjson", lines + [UInt8(ascii: "\n")]))
    let projector = try rig.start(["project"])
    let isDecided = try await eventually(within: .seconds(60)) {
      try await rig.number(
        "select sum(lag_events)::bigint from pushledger.projection_status") == 0
    }
    #expect(isDecided)
    let stopped = await projector.stop()
    #expect(stopped.status == 0, "\(stopped)")
    var due: [String: Set<UUID>] = [:]
    for row in try await rig.pool.query("select provider, delivery_id from dispatch.due") {
      due[try row.get(0), default: []].insert(try row.get(1))
    }
    return due
  }

  private func expect(_ arrived: [UUID], _ due: Set<UUID>, _ provider: String) {
    let once = Set(arrived)
    #expect(due.subtracting(once).isEmpty, "some never arrived by \(provider)")
    #expect(once.subtracting(due).isEmpty, "some were never due by \(provider)")
    #expect(arrived.count == once.count, "some arrived twice by \(provider)")
  }
}

import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Kill rebuilds", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(4)))
struct KillRebuilds {
  private static let apps = (1...8).map { "app-\($0)" }
  private static let eventsPerRound = 120

  private func importEvents(_ round: Int, _ rig: CommandRig) async throws {
    for (number, app) in Self.apps.enumerated() {
      var history = RandomHistory(
        seed: UInt64(round * 100 + number), app: AppID(unchecked: app))
      let lines = history.events(Self.eventsPerRound).map { $0.text + "\n" }.joined()
      try await rig.succeed("import", app, try rig.write("events.ndjson", lines))
    }
  }

  @Test("G6: a rebuild killed at any moment goes on, while events come and are folded beside")
  func goesOn() async throws {
    try await CommandRig.run { rig in
      for app in Self.apps { try await rig.succeed("apps", "create", app) }
      try await importEvents(0, rig)
      let projector = try rig.start(["project"])
      let done =
        "select coalesce(sum(position), 0)::bigint from ledger.checkpoints "
        + "where projection = 'notifications/next'"
      for round in 1...6 {
        let before = try await rig.number(done)
        let rebuild = try rig.start(["projections", "rebuild", "notifications", "--no-swap"])
        // Dies as its tables are made, or while it folds one more app than the time before.
        if round > 1 {
          _ = try await eventually(within: .seconds(30)) { try await rig.number(done) > before }
        }
        await rebuild.killAndWait()
        try await importEvents(round, rig)
        // What the killed one held is free for others after its lease.
        _ = try await rig.pool.query(
          "update ledger.checkpoints set leased_until = now() where projection like '%/next'")
      }
      #expect(try await rig.number(done) > 0)
      let swapped = try await eventually(within: .seconds(90)) {
        try await rig.run("projections", "rebuild", "notifications").status == 0
      }
      #expect(swapped)
      let follows = try await eventually(within: .seconds(30)) {
        try await rig.number(
          "select sum(lag_events)::bigint from pushledger.projection_status") == 0
      }
      #expect(follows)
      #expect(await projector.stop().status == 0)
      for app in Self.apps {
        let drift = try await rig.run("replay", "--app", app, "--diff")
        #expect(drift.status == 0, "\(drift)")
      }
    }
  }
}

import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct DetachMessages {
  @Test(
    "what questions about later events rest on stays as it was, and a rebuild gives the same rows",
    arguments: 0..<6)
  func changesNoAnswer(seed: Int) async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: UInt64(seed) + 700, app: rig.app)
      try await rig.append(&history, 240)
      try await rig.accept(leaving: 3)
      let moment = try await rig.now()
      let end = try await rig.head()
      try await rig.append(&history, 200)
      try await rig.accept()
      let before = try await rig.lasting(after: end)
      let events = try await rig.events()
      let deliveries = try await rig.rig.deliveries()

      let report = try await rig.detach(before: moment)
      #expect(report.position == end && report.heldBy == nil)
      #expect(report.events > 0)
      #expect(try await rig.drift() == [])
      rig.expectSame(before, try await rig.lasting(after: end))
      let kept = try await rig.rig.deliveries()
      #expect(kept.allSatisfy { deliveries[$0.key] == $0.value })
      #expect(kept.count < deliveries.count)

      try await rig.rebuild()
      #expect(try await rig.drift() == [])
      rig.expectSame(before, try await rig.lasting(after: end))
      #expect(try await rig.rig.deliveries() == kept)

      try await rig.append(&history, 200)
      try await rig.accept()
      #expect(try await rig.drift() == [])
      let later = try await rig.detach()
      #expect(later.position > end)
      #expect(try await rig.drift() == [])
      try await rig.rebuild()
      #expect(try await rig.drift() == [])

      let restored = try await Restorer(rig.rig.pool)
        .run(try ArchiveReader(rig.folder), into: rig.app)
      #expect(restored.needsRebuild && restored.events == report.events + later.events)
      #expect(Array(try await rig.events().prefix(events.count)) == events)
      try await rig.rebuild()
      #expect(try await rig.drift() == [])
      let back = try await rig.rig.deliveries()
      #expect(deliveries.keys.allSatisfy { back[$0] != nil })
    }
  }
}

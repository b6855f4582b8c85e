import PushCore
import Testing

@testable import PushDispatch

extension OnADatabase {
  /// `dispatch.record` and its sisters, called as a dispatcher calls them.
  @Suite struct RecordInOneStep {
    private func held(
      _ rig: DispatchRig, _ database: DispatchDatabase
    ) async throws -> (lane: HeldLaneID, row: ListedRow) {
      try await rig.project([.device("ann"), .message("m1", to: "ann")])
      let lane = try #require(
        try await database.takeLanes(of: DispatchRig.app, providers: [.apns], held: []).first
      ).id
      let request = ListRequest(lane: lane.lane, provider: .apns, after: .before(0), limit: 10)
      let rows = try await database.list([request], of: DispatchRig.app)
      return (lane, try #require(rows.first?.first))
    }

    private func attempt(
      _ number: Int, _ result: AttemptResult, of row: ListedRow, in lane: HeldLaneID,
      retryAt: Timestamp? = nil
    ) -> FinishedAttempt {
      FinishedAttempt(
        lane: lane, provider: .apns, key: row.key, device: row.device,
        message: MessageID(unchecked: "m1"), attempt: number, result: result,
        startedAt: row.dueAt, finishedAt: row.dueAt, retryAt: retryAt, dispatcher: "one")
    }

    @Test("G8: an end that comes under the number of an earlier attempt ends nothing")
    func keepsWhatIsDue() async throws {
      try await DispatchRig.run { rig in
        let database = DispatchDatabase(pool: rig.pool, dispatcher: "one", lease: .seconds(15))
        let (lane, row) = try await held(rig, database)
        let retry = attempt(
          1, AttemptResult(.retry, status: 503), of: row, in: lane, retryAt: row.dueAt)
        #expect(try await database.record([retry], of: DispatchRig.app) == [])
        // Found expired while the attempt above was being recorded.
        let stale = attempt(1, AttemptResult(.expired), of: row, in: lane)
        _ = try await database.record([stale], of: DispatchRig.app)
        #expect(try await rig.due() == 1)
        let expired = attempt(2, AttemptResult(.expired), of: row, in: lane)
        _ = try await database.record([expired], of: DispatchRig.app)
        #expect(try await rig.due() == 0)
        #expect(try await rig.attempts().map(\.outcome) == [.retry, .expired])
      }
    }

    @Test("G4, G10: to record the same again changes nothing")
    func isIdempotent() async throws {
      try await DispatchRig.run { rig in
        let database = DispatchDatabase(pool: rig.pool, dispatcher: "one", lease: .seconds(15))
        let (lane, row) = try await held(rig, database)
        let attempts = [
          attempt(1, AttemptResult(.retry, status: 503), of: row, in: lane, retryAt: row.dueAt),
          attempt(2, AttemptResult(.accepted, status: 200), of: row, in: lane),
        ]
        for _ in 0..<3 {
          for attempt in attempts {
            #expect(try await database.record([attempt], of: DispatchRig.app) == [])
          }
        }
        #expect(try await rig.attempts().map(\.outcome) == [.retry, .accepted])
        #expect(try await rig.due() == 0)
      }
    }

    @Test("G10: a hand-out that comes late does not hide what was handed out since")
    func ordersHandOuts() async throws {
      try await DispatchRig.run(lanes: 1) { rig in
        let database = DispatchDatabase(pool: rig.pool, dispatcher: "one", lease: .seconds(15))
        let (lane, first) = try await held(rig, database)
        try await rig.project([.message("m2", to: "ann")])
        let request = ListRequest(lane: lane.lane, provider: .apns, after: first.key, limit: 10)
        let rows = try await database.list([request], of: DispatchRig.app)
        let second = try #require(rows.first?.first)
        func handOut(_ number: Int64, _ rows: [ListedRow]) async throws {
          let loaded = try await database.handOut(
            HandOutRequest(
              app: DispatchRig.app, number: number, lanes: [lane],
              rows: rows.map { row in
                HandOutRequest.Row(
                  lane: 0, provider: .apns, key: row.key, attempt: 1, device: row.device)
              }))
          #expect(loaded.map(\.key) == rows.map(\.key))
        }
        try await handOut(2, [first, second])
        try await handOut(1, [first])
        #expect(try await rig.unrecorded() == [first.key.delivery, second.key.delivery])
        try await handOut(3, [second])
        #expect(try await rig.unrecorded() == [second.key.delivery])
      }
    }
  }
}

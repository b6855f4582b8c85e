import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct AppendEvents {
    /// G1: what was answered is there, on another connection, at its position.
    @Test func answersAfterEventsAreDurable() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender { appender in
          let events = [NewEvent.message("1"), .recall("1"), .message("2")]
          let positions = try await appender.append(events, to: rig.app)
          #expect(positions == [1, 2, 3])
          let stored = try await rig.events()
          #expect(stored.map(\.position) == [1, 2, 3])
          #expect(stored.map(\.event.id) == events.map(\.id))
          #expect(stored.map(\.event.stream) == events.map(\.stream))
          #expect(stored.map(\.event.occurredAt) == events.map(\.occurredAt))
          #expect(stored.map(\.event.content) == events.map(\.content))
          let given = try JSON.parse(events[0].data).sorted()
          #expect(try JSON.parse(stored[0].event.data) == given)
          expect(try await rig.reader.head(of: rig.app), is: 3)
        }
      }
    }

    /// G2: many writers, through the appender, through SQL and in transactions that roll back,
    /// leave positions without gap or repeat, in rising recorded_at.
    @Test func numbersWithoutGapUnderManyWriters() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender { appender in
          try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<16 {
              group.addTask {
                for round in 0..<20 {
                  let size = round % 4 + 1
                  let events = (0..<size).map { NewEvent.recall("\(writer)-\(round)-\($0)") }
                  let positions = try await appender.append(events, to: rig.app)
                  let wanted = (0..<Int64(size)).map { positions[0] + $0 }
                  #expect(positions == wanted)
                }
              }
            }
            for writer in 0..<4 {
              group.addTask {
                for round in 0..<20 {
                  let call = AppendStatement.call([.recall("sql-\(writer)-\(round)")], to: rig.app)
                  try? await rig.pool.transaction { connection in
                    _ = try await connection.query(call.sql, call.parameters)
                    if round % 2 == 1 { throw CancellationError() }
                  }
                }
              }
            }
            try await group.waitForAll()
          }
        }
        let stored = try await rig.events()
        expect(stored.map(\.position), is: Array(1...(16 * 50 + 4 * 10)))
        let times = stored.map(\.recordedAt)
        #expect(times == times.sorted())
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// G4: an id is stored once, whoever comes with it at the same time.
    @Test func storesAnEventIDOnce() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender { appender in
          let id = UUID()
          let answers = try await withThrowingTaskGroup(of: [AppendedEvent].self) { group in
            for writer in 0..<12 {
              group.addTask {
                let events = [NewEvent.recall("\(writer)"), .recall("same", id: id)]
                if writer % 3 == 0 { return try await rig.append(events) }
                return try await appender.appendEvents(events, to: rig.app)
              }
            }
            return try await group.reduce(into: []) { $0.append($1) }
          }
          #expect(Set(answers.map { $0[1].position }).count == 1)
          #expect(answers.filter { $0[1].isNew }.count == 1)
          #expect(answers.allSatisfy { $0[0].isNew })
          #expect(Set(answers.map { $0[0].position }).count == 12)
          expect(try await rig.reader.head(of: rig.app), is: 13)
        }
      }
    }

    /// G4 within one append, and G1: the first position is answered again.
    @Test func answersTheFirstPositionOfARepeat() async throws {
      try await LedgerRig.run { rig in
        let known = NewEvent.recall("known")
        let twice = NewEvent.recall("twice")
        expect(try await rig.append([known]), is: [AppendedEvent(position: 1, isNew: true)])
        let answer = try await rig.append([twice, known, .recall("new"), twice, known])
        #expect(answer.map(\.position) == [2, 1, 3, 2, 1])
        #expect(answer.map(\.isNew) == [true, false, true, false, false])
        expect(try await rig.count("ledger.commits"), is: 2)
        #expect(try await rig.append([known, twice]).allSatisfy { !$0.isNew })
        expect(try await rig.count("ledger.commits"), is: 2)
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// G4: many events are stored before it is known whether one of them is there already.
    @Test(arguments: [1, 99, 100, 101, 400])
    func storesAnEventIDOnceAmongMany(_ count: Int) async throws {
      try await LedgerRig.run { rig in
        let events = (0..<count).map { NewEvent.recall("\($0)") }
        let first = try await rig.append(events)
        #expect(first.map(\.position) == (1...Position(count)).map { $0 })
        #expect(first.allSatisfy { $0.isNew })
        let again = try await rig.append(events.reversed())
        #expect(again.map(\.position) == (1...Position(count)).reversed())
        #expect(!again.contains { $0.isNew })
        let fresh = (0..<count).map { NewEvent.recall("fresh \($0)") }
        let mixed = try await rig.append(events + fresh + fresh)
        let added = (1...Position(count)).map { Position(count) + $0 }
        #expect(mixed.map(\.position) == (1...Position(count)).map { $0 } + added + added)
        expect(try await rig.events().count, is: count * 2)
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    @Test func refusesAnAppendWhoseStreamWentOn() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender { appender in
          let stream = StreamName.message(MessageID(unchecked: "1"))
          let first = NewEvent.message("1")
          let expectation = StreamExpectation(stream, nothingAfter: 0)
          expect(try await appender.append([first], to: rig.app, expecting: expectation), is: [1])
          let conflict = await failure(AppendError.self) {
            _ = try await appender.append([.recall("1")], to: rig.app, expecting: expectation)
          }
          #expect(conflict == .conflict(stream: stream, expected: 0, actual: 1))
          #expect(
            conflict?.description
              == "Stream message/1 goes on after position 0, to 1. Read it again, then retry.")
          let retried = try await appender.append([first], to: rig.app, expecting: expectation)
          #expect(retried == [1], "a retry is no conflict with itself")
          let next = StreamExpectation(stream, nothingAfter: 1)
          expect(try await appender.append([.recall("1")], to: rig.app, expecting: next), is: [2])
        }
      }
    }

    /// Of appends with the same expectation at the same time one is stored.
    @Test func letsOneOfManyExpectationsThrough() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender { appender in
          let stream = StreamName.message(MessageID(unchecked: "1"))
          let stored = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 {
              group.addTask {
                await failure(AppendError.self) {
                  _ = try await appender.append(
                    [.recall("1")], to: rig.app, expecting: .init(stream, nothingAfter: 0))
                } == nil
              }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
          }
          #expect(stored == 1)
        }
      }
    }

    /// One bad event never fails the others of its commit.
    @Test func refusesABadEventAlone() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender(.make { $0.lockTimeout = .seconds(20) }) { appender in
          // While the ledger is held, everything gathers into one commit.
          try await rig.pool.transaction { connection in
            _ = try await connection.query(
              "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
            async let first = appender.append([.recall("first")], to: rig.app)
            try await eventually { appender.status.waitingEvents == 1 }
            async let outcomes = withTaskGroup(of: (Int, AppendError?).self) { group in
              for index in 0..<64 {
                group.addTask {
                  (
                    index,
                    await failure {
                      _ = try await appender.append(
                        [index % 21 == 7 ? .poison("\(index)") : .recall("\(index)")],
                        to: rig.app)
                    }
                  )
                }
              }
              return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            try await eventually { appender.status.waitingEvents == 65 }
            try await connection.execute("commit; begin")
            expect(try await first, is: [1])
            let refused = await outcomes
            #expect(Set(refused.keys) == [7, 28, 49])
            for case .refused(let error) in refused.values { #expect(error.sqlState == "LG003") }
          }
          expect(try await rig.reader.head(of: rig.app), is: 1 + 61)
          #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
        }
      }
    }

    /// G12, and an app that is not there.
    @Test func keepsAppsApart() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        try await rig.withAppender { appender in
          let id = UUID()
          expect(try await appender.append([.recall("1", id: id)], to: rig.app), is: [1])
          expect(try await appender.append([.recall("1", id: id)], to: LedgerRig.otherApp), is: [1])
          let unknown = AppID(unchecked: "nobody")
          let refused = await failure(AppendError.self) {
            _ = try await appender.append([.recall("1")], to: unknown)
          }
          #expect(refused == .unknownApp(unknown))
          expect(try await rig.events().count, is: 1)
          expect(try await rig.events(of: LedgerRig.otherApp).count, is: 1)
          #expect(try await rig.events(of: unknown).isEmpty)
        }
      }
    }

    @Test func refusesNoneAndTooMany() async throws {
      try await LedgerRig.run { rig in
        try await rig.withAppender { appender in
          for count in [0, Limits.eventsPerAppend + 1] {
            let events = Array(repeating: NewEvent.recall("1"), count: count)
            let refused = await failure(AppendError.self) {
              _ = try await appender.append(events, to: rig.app)
            }
            #expect(refused == .badCount(count))
          }
          let most = (0..<Limits.eventsPerAppend).map { NewEvent.recall("\($0)") }
          expect(try await appender.append(most, to: rig.app).last, is: 1_000)
        }
      }
    }
  }
}

extension JSON {
  /// The order in which jsonb gives members back: shorter keys first, then by bytes.
  func sorted() -> JSON {
    switch self {
    case .object(let members):
      .object(
        members.map { Member($0.key, $0.value.sorted()) }.sorted {
          ($0.key.utf8.count, $0.key) < ($1.key.utf8.count, $1.key)
        })
    case .array(let values): .array(values.map { $0.sorted() })
    default: self
    }
  }
}

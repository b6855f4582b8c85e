import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct SurviveTrouble {
    private static let terminate = """
      select count(pg_terminate_backend(pid)) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and query like '%append_batch%' and application_name = 'appender'
      """

    /// G1, G2, G4: the committing connection is killed again and again; every append is answered,
    /// nothing is lost and nothing is stored twice.
    @Test func appendsOnAfterALostConnection() async throws {
      try await LedgerRig.run { rig in
        var configuration = rig.configuration
        configuration.applicationName = "appender"
        let appender = Appender(configuration, logger: TestDatabase.logger)
        async let running: Void = appender.run()
        let writers = 8
        let rounds = 60
        try await withThrowingTaskGroup(of: Void.self) { group in
          for writer in 0..<writers {
            group.addTask {
              for round in 0..<rounds {
                let events = [
                  NewEvent.recall("\(writer)-\(round)"), .message("\(writer)-\(round)"),
                ]
                let answers = try await appender.appendEvents(events, to: rig.app)
                #expect(answers[0].position < answers[1].position)
              }
            }
          }
          group.addTask {
            var killed: Int64 = 0
            while killed < 5, appender.status.events < UInt64(writers * rounds * 2) {
              killed += try await rig.pool.query(Self.terminate)[0].get(0, as: Int64.self)
            }
            #expect(killed > 0)
          }
          try await group.waitForAll()
        }
        appender.stop()
        await running
        let stored = try await rig.events()
        expect(stored.map(\.position), is: Array(1...Int64(writers * rounds * 2)))
        #expect(Set(stored.map(\.event.id)).count == stored.count)
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// What is above the bounds is refused at once, with a time to come back; what was taken is
    /// stored.
    @Test func refusesWhatIsAboveTheBounds() async throws {
      try await LedgerRig.run { rig in
        let limits = AppendLimits.make {
          $0.waitingEvents = 10
          $0.lockTimeout = .seconds(20)
        }
        try await rig.withAppender(limits) { appender in
          try await rig.pool.transaction { connection in
            _ = try await connection.query(
              "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
            async let taken = withThrowingTaskGroup(of: Position.self) { group in
              for index in 0..<10 {
                group.addTask { try await appender.append([.recall("\(index)")], to: rig.app)[0] }
              }
              return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            try await eventually { appender.status.waitingEvents == 10 }
            let refused = await failure(AppendError.self) {
              _ = try await appender.append([.recall("late")], to: rig.app)
            }
            #expect(refused == .full(retryAfter: limits.retryAfter))
            try await connection.execute("commit; begin")
            expect(try await taken, is: Set(1...10))
          }
          #expect(appender.status.waitingEvents == 0)
          expect(try await appender.append([.recall("after")], to: rig.app), is: [11])
        }
      }
    }

    /// Somebody's open transaction on one app's ledger does not hold up the other apps.
    @Test func letsOtherAppsPassALockedLedger() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        let limits = AppendLimits.make { $0.lockTimeout = .milliseconds(20) }
        try await rig.withAppender(limits) { appender in
          try await rig.pool.transaction { connection in
            _ = try await connection.query(
              "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
            async let locked = appender.append([.recall("1")], to: rig.app)
            try await eventually { appender.status.waitingEvents == 1 }
            expect(try await appender.append([.recall("1")], to: LedgerRig.otherApp), is: [1])
            expect(appender.status.waitingEvents, is: 1)
            try await connection.execute("commit; begin")
            expect(try await locked, is: [1])
          }
        }
      }
    }

    /// A caller is not kept waiting for ever, and is told that a retry is safe.
    @Test func tellsCallersWhenTheDatabaseDoesNotAnswer() async throws {
      try await LedgerRig.run { rig in
        let limits = AppendLimits.make {
          $0.patience = .seconds(3)
          $0.lockTimeout = .milliseconds(20)
        }
        try await rig.withAppender(limits) { appender in
          let event = NewEvent.recall("1")
          try await rig.pool.transaction { connection in
            _ = try await connection.query(
              "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
            let late = await failure(AppendError.self) {
              _ = try await appender.append([event], to: rig.app)
            }
            #expect(late == .unavailable(retryAfter: limits.retryAfter, outcomeUnknown: false))
          }
          expect(try await appender.append([event], to: rig.app), is: [1])
        }
      }
    }

    @Test func answersACancelledCallerAtOnce() async throws {
      try await LedgerRig.run { rig in
        let limits = AppendLimits.make { $0.lockTimeout = .seconds(20) }
        try await rig.withAppender(limits) { appender in
          try await rig.pool.transaction { connection in
            _ = try await connection.query(
              "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
            async let inFlight = appender.append([.recall("in flight")], to: rig.app)
            // Only once the first is at the lock does the second go with the next commit.
            try await eventually {
              try await rig.count(
                "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
                == 1
            }
            let caller = Task {
              await failure(AppendError.self) {
                _ = try await appender.append([.recall("cancelled")], to: rig.app)
              }
            }
            try await eventually { appender.status.waitingEvents == 2 }
            caller.cancel()
            #expect(await caller.value == .cancelled)
            try await connection.execute("commit; begin")
            expect(try await inFlight, is: [1])
          }
          expect(try await appender.append([.recall("next")], to: rig.app), is: [2])
          expect(appender.status.waitingEvents, is: 0)
        }
      }
    }

    /// A stop in good order answers everything that was taken, and refuses what comes after.
    @Test func storesWhatWaitsBeforeItStops() async throws {
      try await LedgerRig.run { rig in
        let limits = AppendLimits.make { $0.lockTimeout = .seconds(20) }
        let appender = Appender(rig.configuration, limits: limits, logger: TestDatabase.logger)
        async let running: Void = appender.run()
        try await rig.pool.transaction { connection in
          _ = try await connection.query(
            "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
          async let stored = withThrowingTaskGroup(of: Position.self) { group in
            for index in 0..<20 {
              group.addTask { try await appender.append([.recall("\(index)")], to: rig.app)[0] }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
          }
          try await eventually { appender.status.waitingEvents == 20 }
          appender.stop()
          let late = await failure(AppendError.self) {
            _ = try await appender.append([.recall("late")], to: rig.app)
          }
          #expect(late == .stopped)
          try await connection.execute("commit; begin")
          expect(try await stored, is: Set(1...20))
        }
        await running
        expect(try await rig.reader.head(of: rig.app), is: 20)
      }
    }

    /// Readers are told after a commit.
    @Test func wakesReaders() async throws {
      try await LedgerRig.run { rig in
        let connection = try await PostgresConnection.connect(
          rig.configuration, logger: TestDatabase.logger)
        let notifications = try await connection.listen(to: [LedgerChannels.events])
        try await rig.withAppender { appender in
          var payloads = notifications.makeAsyncIterator()
          _ = try await appender.append([.recall("1")], to: rig.app)
          #expect(await payloads.next()?.payload == "demo")
          _ = try await appender.append([.recall("2")], to: rig.app)
          #expect(await payloads.next()?.payload == "demo")
        }
        await connection.close()
      }
    }
  }
}

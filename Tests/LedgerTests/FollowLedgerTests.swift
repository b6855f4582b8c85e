import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct FollowLedger {
    @Test func readsPagesByPosition() async throws {
      try await LedgerRig.run { rig in
        let events = (1...25).map { NewEvent.recall("\($0)") }
        try await rig.append(events)
        var pages: [[RecordedEvent]] = []
        var last: Position = 0
        repeat {
          pages.append(try await rig.reader.events(of: rig.app, after: last, limit: 10))
          last = pages.last?.last?.position ?? last
        } while pages.last?.isEmpty == false
        #expect(pages.map(\.count) == [10, 10, 5, 0])
        let read = pages.flatMap { $0 }
        #expect(read.map(\.position) == Array(1...25))
        #expect(read.map(\.event.id) == events.map(\.id))
        #expect(read.allSatisfy { $0.app == rig.app })
        for (after, limit, count) in [
          (Position(24), 10, 1), (25, 10, 0), (1_000, 10, 0), (.max, 10, 0), (0, 1, 1),
          (0, .max, 25),
        ] {
          expect(
            try await rig.reader.events(of: rig.app, after: after, limit: limit).count, is: count)
        }
      }
    }

    @Test func readsAStream() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        for app in [rig.app, LedgerRig.otherApp] {
          for _ in 0..<3 {
            try await rig.append([.recall("a/%"), .recall("a"), .recall("b")], to: app)
          }
        }
        let stream = StreamName.message(MessageID(unchecked: "a/%"))
        #expect(stream.rawValue == "message/a%2F%25")
        let read = try await rig.reader.events(of: rig.app, stream: stream, limit: 10)
        #expect(read.map(\.position) == [1, 4, 7])
        #expect(read.allSatisfy { $0.app == rig.app && $0.event.stream == stream })
        let some = try await rig.reader.events(of: rig.app, stream: stream, after: 1, limit: 1)
        #expect(some.map(\.position) == [4])
        let none = StreamName.message(MessageID(unchecked: "c"))
        #expect(try await rig.reader.events(of: rig.app, stream: none, limit: 10).isEmpty)
      }
    }

    @Test func tellsWhereLedgersEnd() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        try await rig.append([.recall("1"), .recall("2")])
        expect(try await rig.reader.heads(), is: [rig.app: 2, LedgerRig.otherApp: 0])
        let nobody = AppID(unchecked: "nobody")
        let refused = await failure(LedgerReadError.self) {
          _ = try await rig.reader.head(of: nobody)
        }
        #expect(refused == .unknownApp(nobody))
        #expect(try await rig.reader.events(of: nobody, after: 0, limit: 10).isEmpty)
      }
    }

    /// G3: under many writers, some of whom roll back, every follower sees every event once and in
    /// order, from wherever it began.
    @Test func seesEveryEventOnceInOrder() async throws {
      try await LedgerRig.run { rig in
        let total: Position = 8 * 30 + 4 * 15
        let listener = PostgresListener(
          rig.configuration, channels: [LedgerChannels.events], logger: TestDatabase.logger)
        let signals = LedgerSignals()
        let following = Task { await signals.follow(listener) }
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (start, limit) in [(Position(0), 1_000), (0, 7), (0, 1), (100, 13)] {
            group.addTask {
              var seen: [Position] = []
              let follower = rig.reader.follow(
                rig.app, after: start, signals: signals, poll: .milliseconds(20), limit: limit)
              for try await page in follower {
                #expect((1...limit).contains(page.count))
                seen += page.map(\.position)
                if seen.last ?? 0 >= total { break }
              }
              expect(seen, is: Array(start + 1...total))
            }
          }
          group.addTask { try await Self.write(to: rig) }
          try await group.waitForAll()
        }
        await listener.close()
        await following.value
        expect(try await rig.reader.head(of: rig.app), is: total)
      }
    }

    /// Eight writers through an appender, 30 events each; four in transactions of their own, of
    /// which every second rolls back, 15 each.
    private static func write(to rig: LedgerRig) async throws {
      try await rig.withAppender { appender in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for writer in 0..<8 {
            group.addTask {
              for round in 0..<15 {
                let name = "\(writer)-\(round)"
                _ = try await appender.append([.recall(name), .message(name)], to: rig.app)
              }
            }
          }
          for writer in 0..<4 {
            group.addTask {
              for round in 0..<30 {
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
    }

    /// G3: an append that is not committed yet holds up what comes after it; none is skipped.
    @Test func skipsNothingThatCommitsLate() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.recall("1")])
        try await rig.pool.transaction { connection in
          let call = AppendStatement.call([.recall("2")], to: rig.app)
          _ = try await connection.query(call.sql, call.parameters)
          async let later = rig.append([.recall("3")])
          try await eventually {
            try await rig.count(
              """
              pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'
              """) > 0
          }
          expect(try await rig.events().map(\.position), is: [1])
          try await connection.execute("commit; begin")
          expect(try await later.map(\.position), is: [3])
        }
        expect(try await rig.reader.events(of: rig.app, after: 1, limit: 9).count, is: 2)
      }
    }

    /// With a signal there is no waiting for the poll, which here would come after an hour.
    @Test func isWokenByACommit() async throws {
      try await LedgerRig.run { rig in
        let listener = PostgresListener(
          rig.configuration, channels: [LedgerChannels.events], logger: TestDatabase.logger)
        let signals = LedgerSignals()
        let following = Task { await signals.follow(listener) }
        let follower = rig.reader.follow(
          rig.app, after: 0, signals: signals, poll: .seconds(3_600))
        try await rig.withAppender { appender in
          var pages = follower.makeAsyncIterator()
          for position in Position(1)...20 {
            async let appended = appender.append([.recall("\(position)")], to: rig.app)
            expect(try await pages.next()?.map(\.position), is: [position])
            expect(try await appended, is: [position])
          }
        }
        await listener.close()
        await following.value
      }
    }

    @Test func goesOnWhereItFailed() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.recall("1"), .recall("2"), .recall("3")])
        var pages = rig.reader.follow(rig.app, after: 0, limit: 1).makeAsyncIterator()
        expect(try await pages.next()?.map(\.position), is: [1])
        try await rig.tamper("update ledger.events set type = 'far.newer' where position = 2")
        for _ in 0..<2 {
          do throws(LedgerReadError) {
            _ = try await pages.next()
            Issue.record("An event of an unknown type was read.")
          } catch {
            #expect(error == .unknownType(position: 2))
          }
        }
        try await rig.tamper("update ledger.events set type = 'message.recalled'")
        expect(try await pages.next()?.map(\.position), is: [2])
        expect(try await pages.next()?.map(\.position), is: [3])
        #expect(pages.position == 3)
      }
    }

    @Test func endsWithItsTask() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.recall("1")])
        let (first, seen) = AsyncStream.makeStream(of: Position.self)
        let task = Task {
          for try await page in rig.reader.follow(rig.app, after: 0, poll: .seconds(3_600)) {
            for event in page { seen.yield(event.position) }
          }
        }
        var positions = first.makeAsyncIterator()
        #expect(await positions.next() == 1)
        task.cancel()
        _ = await task.result
      }
    }
  }
}

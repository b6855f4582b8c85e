import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct ListenToChannels {
    @Test func hearsWithoutAskingAndOnlyItsChannels() async throws {
      try await withTestDatabase { url in
        let configuration = PostgresConfiguration(url)
        let reader = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let writer = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let heard = try await reader.listen(to: ["one", "T\"wo"])
        try await writer.notify("other", payload: "no")
        for number in 0..<50 { try await writer.notify("T\"wo", payload: "\(number)") }
        var next = 0
        for await notification in heard {
          #expect(notification.channel == "T\"wo" && notification.payload == "\(next)")
          next += 1
          if next == 50 { break }
        }
        let again = try await reader.listen(to: ["one"])
        try await reader.notify("one")
        for await notification in again {
          #expect(notification.channel == "one")
          break
        }
      }
    }

    @Test func endsWithTheConnection() async throws {
      try await withTestDatabase { url in
        let configuration = PostgresConfiguration(url)
        let reader = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let other = try await PostgresConnection.connect(
          configuration, logger: TestDatabase.logger)
        let heard = try await reader.listen(to: ["one"])
        _ = try await other.query(
          "select pg_terminate_backend($1)", [try await reader.processID()])
        for await _ in heard { Issue.record("Nothing was sent.") }
        let error = await failure { _ = try await reader.query("select 1") }
        #expect(error?.sqlState == "57P01" && error?.isRetryable == true)
        #expect(error?.commitOutcomeUnknown == false)
      }
    }

    @Test func refusesANameThatTheServerWouldCut() async throws {
      try await withTestConnection { connection in
        for name in ["", String(repeating: "x", count: 64)] {
          #expect(
            await failure { _ = try await connection.listen(to: [name]) }?.kind == .misuse)
        }
      }
    }

    @Test func listensAgainWhenTheSessionIsEnded() async throws {
      try await withTestDatabase { url in
        let writer = try await PostgresConnection.connect(
          PostgresConfiguration(url), logger: TestDatabase.logger)
        let listener = PostgresListener(
          PostgresConfiguration(url, applicationName: "listener"), channels: ["news"],
          logger: TestDatabase.logger)
        var events = listener.events().makeAsyncIterator()
        for round in 0..<3 {
          #expect(await events.next() == .reconnected)
          var late = listener.events().makeAsyncIterator()
          #expect(await late.next() == .reconnected)
          try await writer.notify("news", payload: "\(round)")
          for event in [await events.next(), await late.next()] {
            guard case .notification(let notification) = event else {
              Issue.record("A notification was expected.")
              continue
            }
            #expect(notification.payload == "\(round)")
          }
          _ = try await writer.query(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = $1 and datname = current_database()
            """, ["listener"])
        }
        await listener.close()
        while await events.next() != nil {}
      }
    }
  }
}

import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

extension OnAServer {
  @Suite struct CopyRows {
    private struct SourceFailed: Error {}

    /// Yields rows on demand, and counts what was asked for.
    private final class Source: AsyncSequence, Sendable {
      let rows: Int
      let rowsPerChunk = 100
      let failsAfter: Int?
      let asked = Mutex(0)

      init(rows: Int, failsAfter: Int? = nil) {
        self.rows = rows
        self.failsAfter = failsAfter
      }

      struct Iterator: AsyncIteratorProtocol {
        let source: Source
        var next = 0

        mutating func next() async throws -> [UInt8]? {
          source.asked.withLock { $0 += 1 }
          if let limit = source.failsAfter, next >= limit { throw SourceFailed() }
          guard next < source.rows else { return nil }
          let text = (next..<(next + source.rowsPerChunk)).map { "\($0)\trow \($0)\n" }.joined()
          next += source.rowsPerChunk
          return Array(text.utf8)
        }
      }

      func makeAsyncIterator() -> Iterator { Iterator(source: self) }
    }

    private func withRows(
      statementTimeout: Duration = .seconds(30),
      _ body: @Sendable (PostgresConnection) async throws -> Void
    ) async throws {
      try await withTestConnection(statementTimeout: statementTimeout) { connection in
        try await connection.execute(
          "create table rows (n int primary key, t text)", timeout: .seconds(30))
        try await body(connection)
      }
    }

    private static let copyIn = "copy rows from stdin"

    @Test func copiesManyRowsInAndOutAgain() async throws {
      try await withRows { connection in
        let stored = try await connection.copyIn(Self.copyIn, from: Source(rows: 100_000))
        #expect(stored == 100_000)
        let seen = Mutex((lines: 0, largest: 0, bytes: 0))
        try await connection.copyOut("copy rows to stdout") { chunk in
          #expect(chunk.last == UInt8(ascii: "\n"))
          seen.withLock { seen in
            seen.lines += chunk.count { $0 == UInt8(ascii: "\n") }
            seen.largest = max(seen.largest, chunk.count)
          }
        }
        #expect(seen.withLock { $0.lines } == 100_000)
        #expect(seen.withLock { $0.largest } < 70_000)
        try await connection.expectAnswers()
      }
    }

    @Test func copiesValuesInBinaryForm() async throws {
      try await withTestConnection { connection in
        try await connection.execute(
          "create table kinds (a text, b uuid, c bigint, d smallint, e timestamptz, f boolean)")
        let id = try #require(UUID(uuidString: "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"))
        var copy = PostgresCopy(
          "copy kinds from stdin (format binary)", columns: 6)
        copy.beginRow()
        copy.add("tab\tline\nnul \\N é")
        copy.add(id)
        copy.add(Int64.min)
        copy.add(Int16(-7))
        copy.add(PostgresTimestamp(microseconds: 753_315_200_123_456))
        copy.add(true)
        copy.beginRow()
        copy.add(String?.none)
        copy.add(UUID?.none)
        copy.add(Int64?.none)
        copy.add(Int16?.none)
        copy.add(PostgresTimestamp?.none)
        copy.add(Bool?.none)
        #expect(copy.count == 2)
        #expect(try await connection.copyIn(copy) == 2)
        let rows = try await connection.query("select * from kinds order by a nulls last")
        #expect(try rows[0].get(0) == "tab\tline\nnul \\N é")
        #expect(try rows[0].get(1) == id)
        #expect(try rows[0].get(2) == Int64.min)
        #expect(try rows[0].get(3) == Int16(-7))
        #expect(
          try rows[0].get(4)
            == PostgresTimestamp(microseconds: 753_315_200_123_456))
        #expect(try rows[0].get(5) == true)
        #expect(try rows[1].optional(0, as: String.self) == nil)
        #expect(try rows[1].optional(1, as: UUID.self) == nil)
        #expect(try rows[1].optional(2, as: Int64.self) == nil)
        #expect(try rows[1].optional(5, as: Bool.self) == nil)
      }
    }

    @Test func refusesRowsOfAnotherShape() async throws {
      try await withRows { connection in
        var copy = PostgresCopy("copy rows from stdin (format binary)", columns: 2)
        copy.beginRow()
        copy.add(Int32(1))
        copy.add("kept nowhere")
        copy.beginRow()
        copy.add(Int64(2))
        copy.add("of the wrong width")
        await #expect(throws: PostgresError.self) { try await connection.copyIn(copy) }
        try await connection.expectEmpty("rows")
        try await connection.expectAnswers()
      }
    }

    @Test func storesNothingWhenTheSourceFails() async throws {
      try await withRows { connection in
        await #expect(throws: SourceFailed.self) {
          try await connection.copyIn(
            Self.copyIn, from: Source(rows: 100_000, failsAfter: 50_000))
        }
        try await connection.expectEmpty("rows")
      }
    }

    @Test func stopsAskingWhenTheServerFailed() async throws {
      try await withRows { connection in
        try await connection.execute("insert into rows values (0, 'taken')")
        let source = Source(rows: 50_000_000)
        let error = await failure { _ = try await connection.copyIn(Self.copyIn, from: source) }
        #expect(error?.kind == .uniqueViolation)
        #expect(source.asked.withLock { $0 } < 500_000)
        try await connection.expectAnswers()
      }
    }

    @Test func storesNothingWhenTheTaskIsCancelled() async throws {
      try await withRows { connection in
        let (chunks, feed) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        let task = Task { try await connection.copyIn(Self.copyIn, from: chunks) }
        feed.yield(Array("1\tone\n".utf8))
        await Task.yield()
        task.cancel()
        #expect(await failure { _ = try await task.value }?.kind == .cancelled)
        try await connection.expectEmpty("rows")
      }
    }

    @Test func lastsLongerThanTheLimitOfAStatement() async throws {
      try await withRows(statementTimeout: .milliseconds(300)) { connection in
        let clock = try await withTestConnection { other in
          try await connection.copyIn(
            Self.copyIn,
            from: AsyncThrowingStream<[UInt8], any Error> {
              _ = try await other.query("select pg_sleep(0.5)")
              return nil
            })
        }
        #expect(clock == 0)
        let row = try await connection.query("select current_setting('statement_timeout')")[0]
        #expect(try row.get(0, as: String.self) == "300ms")
      }
    }

    @Test func stopsWhenTheReaderStops() async throws {
      try await withRows { connection in
        await #expect(throws: SourceFailed.self) {
          try await connection.copyOut("copy (select generate_series(1, 50000000)) to stdout") {
            _ in
            throw SourceFailed()
          }
        }
        try await connection.expectAnswers()
      }
    }

    @Test func refusesOtherCallsMeanwhile() async throws {
      try await withRows { connection in
        try await connection.copyOut("copy (select 1) to stdout") { _ in
          #expect(await failure { _ = try await connection.query("select 1") }?.kind == .misuse)
        }
        try await connection.expectAnswers()
      }
    }

    @Test func takesPartInATransaction() async throws {
      try await withRows { connection in
        await #expect(throws: SourceFailed.self) {
          try await connection.transaction { connection in
            #expect(
              try await connection.copyIn(Self.copyIn, from: Source(rows: 1000)) == 1000)
            throw SourceFailed()
          }
        }
        try await connection.expectEmpty("rows")
      }
    }

    @Test func refusesWhatIsNoCopy() async throws {
      try await withRows { connection in
        let source = Source(rows: 1)
        let none = await failure { _ = try await connection.copyIn("select 1", from: source) }
        #expect(none?.kind == .misuse)
        let missing = await failure {
          _ = try await connection.copyIn("copy nowhere from stdin", from: source)
        }
        #expect(missing?.sqlState == "42P01")
        try await connection.expectAnswers()
      }
    }
  }
}

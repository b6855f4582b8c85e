import FoundationEssentials
import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct SendAndReadValues {
    /// Sends a value, lets the server copy it, and reads it back; alone, as an optional, as arrays.
    private func check<Value: PostgresValue & Equatable>(
      _ values: [Value], _ connection: PostgresConnection
    ) async throws {
      for value in values {
        let result = try await connection.query("select $1, $2", [value, nil as Value?])
        #expect(try result[0].get(0, as: Value.self) == value)
        #expect(try result[0].optional(1, as: Value.self) == nil)
      }
      var parameters = PostgresParameters()
      parameters.add(array: values)
      parameters.add(array: values.map { Optional($0) } + [nil])
      parameters.add(array: [Value]())
      let row = try await connection.query("select $1, $2, $3", parameters)[0]
      #expect(try row.array(0, of: Value.self) == values)
      #expect(try row.optionalArray(1, of: Value.self) == values.map { Optional($0) } + [nil])
      #expect(try row.array(2, of: Value.self).isEmpty)
    }

    @Test func keepsEveryTypeAndItsExtremes() async throws {
      try await withTestConnection { connection in
        try await check([true, false], connection)
        try await check([Int16.min, -1, 0, Int16.max], connection)
        try await check([Int32.min, -1, 0, Int32.max], connection)
        try await check([Int64.min, -1, 0, Int64.max], connection)
        try await check([Int.min, 0, Int.max], connection)
        try await check(
          [0, -0.0, .pi, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude],
          connection)
        try await check(["", "héllo 你好 👩‍👩‍👧", String(repeating: "x", count: 100_000)], connection)
        try await check([UUID(), UUID()], connection)
        try await check(
          [PostgresBytes([]), PostgresBytes([0, 255, 0]), PostgresBytes(Array(0...255))], connection
        )
        try await check([PostgresJSON(Array(#"{"b": 1,  "a": [1.0]}"#.utf8))], connection)
        try await check([PostgresJSONB(Array(#"{"a": [1.0], "b": "é"}"#.utf8))], connection)
        try await check(
          [0, 1, -1, 253_402_300_799_999_999, Int64.max, Int64.min].map {
            PostgresTimestamp(microseconds: $0)
          }, connection)
      }
    }

    @Test func meansWhatTheServerMeans() async throws {
      try await withTestConnection { connection in
        let row = try await connection.query(
          """
          select '2026-01-02 03:04:05.678901+00'::timestamptz, 'infinity'::timestamptz,
            '{"a":1}'::jsonb, 3::int2, 2.5::float4, array[1, null, 3]::int4[], 'x'::varchar(9),
            array[[1, 2], [3, 4]]
          """)[0]
        #expect(
          try row.get(0, as: PostgresTimestamp.self).microseconds == 1_767_323_045_678_901)
        #expect(try row.get(1, as: PostgresTimestamp.self).microseconds == .max)
        #expect(try row.get(2, as: PostgresJSON.self).bytes == Array(#"{"a": 1}"#.utf8))
        #expect(try row.get(3, as: Int64.self) == 3)
        #expect(try row.get(4, as: Double.self) == 2.5)
        #expect(try row.optionalArray(5, of: Int64.self) == [1, nil, 3])
        #expect(try row.get(6, as: String.self) == "x")
        #expect(throws: PostgresError.self) { try row.array(7, of: Int32.self) }
        #expect(throws: PostgresError.self) { try row.array(5, of: Int32.self) }
      }
    }

    @Test func refusesAWrongTypeANullAndAMissingColumn() async throws {
      try await withTestConnection { connection in
        let row = try await connection.query("select 70000::int4, null::int4, 1.5::numeric")[0]
        for body in [
          { _ = try row.get(0, as: Int16.self) }, { _ = try row.get(0, as: String.self) },
          { _ = try row.get(1, as: Int32.self) }, { _ = try row.get(2, as: Int64.self) },
          { _ = try row.get(3, as: Int64.self) }, { _ = try row.get(-1, as: Int64.self) },
        ] as [() throws -> Void] {
          #expect { try body() } throws: { ($0 as? PostgresError)?.kind == .decoding }
        }
      }
    }

    @Test func livesInUTCAndUTF8() async throws {
      try await withTestConnection { connection in
        let row = try await connection.query(
          """
          select current_setting('TimeZone'), current_setting('client_encoding'),
            current_setting('statement_timeout'), current_setting('application_name'),
            current_setting('jit')
          """)[0]
        #expect(
          try (0..<5).map { try row.get($0, as: String.self) }
            == ["UTC", "UTF8", "30s", "pushledger", "off"])
      }
    }

    @Test func namesColumnsAndCountsRows() async throws {
      try await withTestConnection { connection in
        try await connection.execute("create table numbers (n int primary key)")
        let stored = try await connection.query(
          "insert into numbers select generate_series(1, 5) returning n as number")
        #expect(stored.affectedRows == 5)
        #expect(stored.columns == ["number"])
        #expect(try stored.map { try $0.get(0, as: Int.self) } == [1, 2, 3, 4, 5])
        let none = try await connection.query("delete from numbers where n > $1", [100])
        #expect(none.affectedRows == 0 && none.isEmpty)
      }
    }
  }
}

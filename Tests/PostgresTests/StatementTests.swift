import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct RunStatements {
    @Test(arguments: [
      ("select 1 / 0", PostgresError.Kind.server, "22012"),
      ("insert into parents values (1)", .uniqueViolation, "23505"),
      ("insert into children values (7)", .foreignKeyViolation, "23503"),
      ("insert into parents values (-1)", .checkViolation, "23514"),
      ("insert into parents values (null)", .notNullViolation, "23502"),
      ("selec 1", .server, "42601"),
      ("do $$ begin raise sqlstate '40001'; end $$", .serializationFailure, "40001"),
      ("do $$ begin raise sqlstate '40P01'; end $$", .deadlock, "40P01"),
      ("do $$ begin raise sqlstate '08006'; end $$", .connectionLost, "08006"),
      ("do $$ begin raise sqlstate '57P03'; end $$", .adminShutdown, "57P03"),
    ])
    func tellsErrorsApart(sql: String, kind: PostgresError.Kind, state: String) async throws {
      try await withTestConnection { connection in
        try await connection.execute(
          """
          create table parents (id int primary key check (id > 0));
          create table children (id int references parents);
          insert into parents values (1)
          """)
        let error = await failure { _ = try await connection.query(sql) }
        #expect(error?.kind == kind)
        #expect(error?.sqlState == state)
        #expect(error?.commitOutcomeUnknown == false)
        try await connection.expectAnswers()
      }
    }

    @Test func namesTheConstraintAndKeepsValuesOutOfErrors() async throws {
      try await withTestConnection { connection in
        try await connection.execute(
          "create table tokens (token text constraint one_token unique)")
        let insert = "insert into tokens values ($1)"
        _ = try await connection.query(insert, ["secret-value"])
        let twice = await failure { _ = try await connection.query(insert, ["secret-value"]) }
        #expect(twice?.constraint == "one_token")
        #expect(twice?.detail == nil)
        let cast = await failure {
          _ = try await connection.query("select $1::uuid", ["secret-value"])
        }
        #expect(cast?.sqlState == "22P02")
        for error in [twice, cast] {
          #expect(error.map { !"\($0)".contains("secret") } == true)
        }
      }
    }

    @Test func passesOnTheDetailOfOwnErrorsOnly() async throws {
      try await withTestConnection { connection in
        let own = await failure {
          try await connection.execute(
            "do $$ begin raise 'ours' using errcode = 'LG001', detail = 'after 5'; end $$")
        }
        #expect(own?.sqlState == "LG001" && own?.detail == "after 5" && own?.message == "ours")
      }
    }

    @Test func preparesEachTextOnceAndForgetsTheOldest() async throws {
      try await withTestConnection { connection in
        for _ in 0..<3 { _ = try await connection.query("select $1", [1]) }
        _ = try await connection.query("select $1", ["other type"])
        let count = "select count(*) from pg_prepared_statements"
        #expect(try await connection.query(count)[0].get(0, as: Int.self) == 3)
        for number in 0..<600 { _ = try await connection.query("select \(number)") }
        let kept = try await connection.query(count)[0].get(0, as: Int.self)
        #expect(kept <= 256 + 17)
      }
    }

    @Test func preparesAgainWhenATableChangedOrTheServerForgot() async throws {
      try await withTestConnection { connection in
        try await connection.execute("create table shapes (a int); insert into shapes values (1)")
        let sql = "select * from shapes"
        #expect(try await connection.query(sql).columns == ["a"])
        try await connection.execute("alter table shapes add b text default 'x'")
        #expect(try await connection.query(sql).columns == ["a", "b"])
        try await connection.execute("deallocate all")
        #expect(try await connection.query(sql).columns == ["a", "b"])
        try await connection.execute("deallocate all")
        let call = PostgresCall(sql)
        #expect(await failure { _ = try await connection.pipeline([call]) }?.sqlState == "26000")
        #expect(try await connection.pipeline([call, call]).count == 2)
      }
    }

    @Test func refusesWhatCannotBeSent() async throws {
      try await withTestConnection { connection in
        let zero = await failure { _ = try await connection.query("select 1\u{0}2") }
        #expect(zero?.kind == .misuse)
        var many = PostgresParameters()
        for number in 0..<65_536 { many.add(number) }
        #expect(await failure { _ = try await connection.query("select 1", many) }?.kind == .misuse)
        try await connection.expectAnswers()
      }
    }

    @Test func refusesCopyAsAStatement() async throws {
      try await withTestConnection { connection in
        let error = await failure { try await connection.execute("copy (select 1) to stdout") }
        #expect(error?.kind == .misuse)
        #expect(await failure { _ = try await connection.query("select 1") }?.kind == .misuse)
      }
    }

    @Test func sendsAndReadsMoreThanTheSocketHolds() async throws {
      try await withTestConnection { connection in
        let text = String(repeating: "0123456789", count: 3_000_000)
        let row = try await connection.query("select $1, md5($1)", [text])[0]
        #expect(try row.get(0, as: String.self) == text)
      }
    }
  }

  @Suite struct RunAPipeline {
    @Test func answersInOrder() async throws {
      try await withTestConnection { connection in
        let calls = (0..<2000).map { PostgresCall("select $1::int8 * 2", [Int64($0)]) }
        let results = try await connection.pipeline(calls)
        #expect(try results.map { try $0[0].get(0, as: Int64.self) } == (0..<2000).map { $0 * 2 })
        #expect(try await connection.pipeline([]).isEmpty)
      }
    }

    @Test func storesAllOrNothing() async throws {
      try await withTestConnection { connection in
        try await connection.execute("create table numbers (n int primary key deferrable)")
        let insert = "insert into numbers values ($1)"
        let error = await failure {
          _ = try await connection.pipeline([
            PostgresCall(insert, [1 as Int32]), PostgresCall("select 1 / 0"),
            PostgresCall(insert, [2 as Int32]),
          ])
        }
        #expect(error?.sqlState == "22012")
        let count = "select count(*) from numbers"
        #expect(try await connection.query(count)[0].get(0, as: Int.self) == 0)
        _ = try await connection.pipeline((1...3).map { PostgresCall(insert, [Int32($0)]) })
        #expect(try await connection.query(count)[0].get(0, as: Int.self) == 3)
      }
    }

    @Test func reportsWhatFailsOnlyAtTheCommit() async throws {
      try await withTestConnection { connection in
        try await connection.execute(
          "create table late (n int unique deferrable initially deferred)")
        let calls = [1, 1].map { PostgresCall("insert into late values ($1)", [Int32($0)]) }
        #expect(
          await failure { _ = try await connection.pipeline(calls) }?.kind == .uniqueViolation)
        try await connection.expectEmpty("late")
        let single = await failure {
          _ = try await connection.query("insert into late values (1), (1)")
        }
        #expect(single?.kind == .uniqueViolation)
        try await connection.expectEmpty("late")
      }
    }
  }
}

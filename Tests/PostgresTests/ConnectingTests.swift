import FoundationEssentials
import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite(.serialized) struct OpenAndCloseConnections {
    private func count(_ directory: String) throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: directory).count
    }

    /// Other suites run meanwhile, so the limit allows for what they have open.
    @Test func leavesNoThreadAndNoDescriptorBehind() async throws {
      try await withTestDatabase { url in
        let configuration = PostgresConfiguration(url, applicationName: "many")
        for round in 0..<200 {
          let connection = try await PostgresConnection.connect(
            configuration, logger: TestDatabase.logger)
          try await connection.expectAnswers()
          if round % 2 == 0 { await connection.close() }
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while try count("/proc/self/task") > 150 || count("/proc/self/fd") > 300 {
          if ContinuousClock.now > deadline {
            Issue.record("Threads or descriptors were left behind.")
            break
          }
          await Task.yield()
        }
        let observer = try await PostgresConnection.connect(
          PostgresConfiguration(url), logger: TestDatabase.logger)
        try await waitUntil(
          """
          not exists (select from pg_stat_activity
            where application_name = 'many' and datname = current_database())
          """, on: observer)
      }
    }

    @Test func refusesCallsAfterTheClose() async throws {
      try await withTestConnection { connection in
        await connection.close()
        await connection.close()
        let error = await failure { _ = try await connection.query("select 1") }
        #expect(error?.kind == .closed && error?.isRetryable == false)
        #expect(await failure { _ = try await connection.listen(to: ["one"]) }?.kind == .closed)
      }
    }

    @Test func tellsAWrongUserFromAServerThatIsAway() async throws {
      let unknown = TestDatabase.url(TestDatabase.url ?? "", adding: ["user=nobody_here"])
      let refused = await failure {
        _ = try await PostgresConnection.connect(
          PostgresConfiguration(unknown), logger: TestDatabase.logger)
      }
      #expect(refused?.kind == .connectionRefused)
      let away = await failure {
        _ = try await PostgresConnection.connect(
          PostgresConfiguration("postgresql://127.0.0.1:1/none"), logger: TestDatabase.logger)
      }
      #expect(away?.kind == .cannotConnect && away?.isRetryable == true)
    }
  }
}

@Suite struct ReadAConnectionString {
  @Test(arguments: [
    "postgresql://user:s3cret@host:notaport/db?x=s3cret", "host=x password='s3cret", "s3cret=1",
  ])
  func keepsItOutOfErrors(string: String) async {
    let error = await failure {
      _ = try await PostgresConnection.connect(
        PostgresConfiguration(string, connectTimeout: .seconds(1)), logger: TestDatabase.logger)
    }
    #expect(error?.kind == .connectionRefused || error?.kind == .cannotConnect)
    #expect(error.map { !"\($0)".contains("s3cret") } == true)
  }

  @Test(
    "names no part of a password that holds / or @ as it is",
    arguments: [
      "postgresql://u:s3cret/PW@127.0.0.1:1/x", "postgresql://u:PW@s3cret@127.0.0.1:1/x",
      "postgres://u:PW@s3cret/PW@127.0.0.1:1/x", "postgresql://u@mail.invalid:s3cret@127.0.0.1:1/x",
    ])
  func refusesWhatIsNotEncoded(string: String) async {
    let error = await connectingFailure(string)
    #expect(error?.kind == .connectionRefused)
    #expect(error.map { !"\($0)".contains("s3cret") && $0.message.contains("%40") } == true)
  }

  @Test(
    "says which server it was, where the string is clear",
    arguments: [
      ("postgresql://u:PW@127.0.0.1:1/x", "127.0.0.1"),
      ("postgresql://u:P%2FW%40@127.0.0.1:1/x?application_name=a@b", "127.0.0.1"),
      ("postgresql://u:P?W@127.0.0.1:1/x", "127.0.0.1"),
      ("postgresql://127.0.0.1/x@y?port=1", "127.0.0.1"),
      ("postgresql://u:PW@127.0.0.1:one/x", "\"one\""),
    ])
  func namesTheServer(string: String, name: String) async {
    let error = await connectingFailure(string)
    #expect(error?.kind == .cannotConnect)
    #expect(error?.message.contains(name) == true, "\(String(describing: error))")
  }

  private func connectingFailure(_ string: String) async -> PostgresError? {
    await failure {
      _ = try await PostgresConnection.connect(
        PostgresConfiguration(string, connectTimeout: .seconds(5)), logger: TestDatabase.logger)
    }
  }
}

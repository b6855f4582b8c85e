import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct FaceASilentServer {
    @Test func givesUpInBoundedTime() async throws {
      let url = try #require(TestDatabase.url)
      let server = try await PostgresConnection.connect(
        PostgresConfiguration(url), logger: TestDatabase.logger)
      let row = try await server.query(
        """
        select inet_server_addr() is null, current_setting('port'),
          split_part(current_setting('unix_socket_directories'), ',', 1)
        """)[0]
      let port = try #require(UInt16(try row.get(1, as: String.self)))
      let directory = try row.get(2, as: String.self)
      let proxy = try Proxy(
        to: row.get(0, as: Bool.self) ? .file("\(directory)/.s.PGSQL.\(port)") : .port(port))
      defer { proxy.stop() }
      let behind = TestDatabase.url(
        url, adding: ["host=127.0.0.1", "port=\(proxy.port)", "sslmode=disable"])
      let configuration = PostgresConfiguration(behind, statementTimeout: .milliseconds(200))
      let logger = TestDatabase.logger
      let waiting = try await PostgresConnection.connect(configuration, logger: logger)
      let limited = try await PostgresConnection.connect(configuration, logger: logger)
      let cancelled = try await PostgresConnection.connect(configuration, logger: logger)
      proxy.fallSilent()
      async let first = failure { _ = try await waiting.query("select 1") }
      async let second = failure {
        _ = try await limited.query("select 1", timeout: .milliseconds(50))
      }
      let task = Task { _ = try await cancelled.query("select 1") }
      task.cancel()
      async let third = failure { try await task.value }
      #expect(await first?.kind == .connectionLost)
      #expect(await first?.commitOutcomeUnknown == true)
      #expect(await second?.kind == .connectionLost)
      #expect([.connectionLost, .cancelled].contains(await third?.kind))
      #expect(await failure { _ = try await waiting.query("select 1") }?.kind == .connectionLost)
    }
  }
}

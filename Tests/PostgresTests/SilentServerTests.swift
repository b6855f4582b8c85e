import Postgres
import TestSupport
import Testing

extension OnAServer {
  @Suite struct FaceASilentServer {
    @Test func givesUpInBoundedTime() async throws {
      let url = try #require(TestDatabase.url)
      let (proxy, behind) = try await Proxy.standing(before: url)
      defer { proxy.stop() }
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

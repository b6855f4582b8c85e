import Testing

@testable import Postgres

@Suite struct DelayAReconnection {
  @Test func doublesUpToALimitAndSpreads() {
    #expect(BackOff.delay(failures: 1, chance: 0) == .milliseconds(25))
    #expect(BackOff.delay(failures: 2, chance: 0) == .milliseconds(50))
    #expect(BackOff.delay(failures: 3, chance: 0.5) == .milliseconds(150))
    for failures in [8, 100, .max] {
      #expect(BackOff.delay(failures: failures, chance: 0) == .milliseconds(2500))
      #expect(BackOff.delay(failures: failures, chance: 0.999) < .seconds(5))
    }
  }
}

@Suite struct CacheStatements {
  private func key(_ sql: String) -> StatementCache.Key {
    StatementCache.Key(sql: sql, types: [])
  }

  @Test func dropsTheLeastRecentlyUsed() {
    var cache = StatementCache(capacity: 2)
    #expect(cache.insert(key("a"), name: "1") == nil)
    #expect(cache.insert(key("b"), name: "2") == nil)
    #expect(cache.name(for: key("a")) == "1")
    #expect(cache.insert(key("c"), name: "3") == "2")
    #expect(cache.name(for: key("b")) == nil && cache.count == 2)
    #expect(cache.remove(key("a")) == "1" && cache.remove(key("a")) == nil)
  }

  @Test func tellsTypesApart() {
    var cache = StatementCache(capacity: 2)
    _ = cache.insert(StatementCache.Key(sql: "a", types: [20]), name: "1")
    #expect(cache.name(for: StatementCache.Key(sql: "a", types: [25])) == nil)
  }
}

@Suite struct ReadAnErrorOfConnecting {
  @Test func findsTheStateInTheText() {
    let text = """
      connection to server at "10.0.0.1", port 5432 failed: Connection refused
      \tIs the server running on that host and accepting TCP/IP connections?
      connection to server at "10.0.0.2", port 5432 failed: FATAL:  57P03: the database is starting
      LOCATION:  ProcessStartupPacket, postmaster.c:1
      """
    let error = ServerErrors.readConnecting(text)
    #expect(error.kind == .cannotConnect && error.sqlState == "57P03")
    #expect(ServerErrors.readConnecting("").kind == .cannotConnect)
    let refused = ServerErrors.readConnecting("x failed: FATAL:  28P01: password failed")
    #expect(refused.kind == .connectionRefused && !refused.isRetryable)
  }
}

import PushCore
import Synchronization
import Testing

@testable import Providers

@Suite struct ShareSessions {
  private final class Office: Sendable {
    let now = Mutex(Timestamp(microseconds: 1_000_000_000_000))
    let opened = Mutex(0)

    var clock: @Sendable () -> Timestamp { { self.now.withLock { $0 } } }

    func move(_ duration: Duration) { now.withLock { $0 = $0 + duration } }

    /// Gives tokens of an hour, numbered.
    var opens: SessionTokens.Opening {
      {
        let number = self.opened.withLock { count in
          count += 1
          return count
        }
        return .success(
          SessionToken(
            text: SecretText("token \(number)"),
            expiresAt: self.now.withLock { $0 } + .seconds(3_600)))
      }
    }

    var refuses: SessionTokens.Opening {
      {
        self.opened.withLock { $0 += 1 }
        return .failure(
          SessionTokens.Refusal(verdict: Verdict(.credentialRefused, reason: "invalid_grant")))
      }
    }
  }

  private func text(
    _ result: Result<SessionTokens.Grant, SessionTokens.Refusal>
  ) throws -> String { try result.get().token.text.reveal() }

  @Test func manyWaitForOne() async throws {
    let office = Office()
    let sessions = SessionTokens(now: office.clock)
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<100 {
        group.addTask { try text(await sessions.token(for: [1], open: office.opens)) }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(texts == ["token 1"])
    #expect(office.opened.withLock { $0 } == 1)
  }

  @Test func credentialsHaveSessionsOfTheirOwn() async throws {
    let office = Office()
    let sessions = SessionTokens(now: office.clock)
    #expect(try text(await sessions.token(for: [1], open: office.opens)) == "token 1")
    #expect(try text(await sessions.token(for: [2], open: office.opens)) == "token 2")
    #expect(try text(await sessions.token(for: [1], open: office.opens)) == "token 1")
  }

  @Test func isRenewedAheadWhileTheOldOneHolds() async throws {
    let office = Office()
    let sessions = SessionTokens(now: office.clock)
    _ = await sessions.token(for: [1], open: office.opens)
    office.move(.seconds(3_600) - SessionTokens.renewAhead + .seconds(1))
    // Whoever asks meanwhile need not wait.
    #expect(try text(await sessions.token(for: [1], open: office.opens)) == "token 1")
    var current = "token 1"
    while current == "token 1" {
      await Task.yield()
      current = try text(await sessions.token(for: [1], open: office.opens))
    }
    #expect(current == "token 2")
    #expect(office.opened.withLock { $0 } == 2)
  }

  @Test func anExpiredOneIsNotGiven() async throws {
    let office = Office()
    let sessions = SessionTokens(now: office.clock)
    _ = await sessions.token(for: [1], open: office.opens)
    office.move(.seconds(3_600))
    #expect(try text(await sessions.token(for: [1], open: office.opens)) == "token 2")
  }

  @Test func aRefusedOneIsNotGivenAgain() async throws {
    let office = Office()
    let sessions = SessionTokens(now: office.clock)
    let first = try await sessions.token(for: [1], open: office.opens).get()
    let next = try await sessions.token(for: [1], refused: first.generation, open: office.opens)
      .get()
    #expect(next.token.text.reveal() == "token 2")
    // Who learns of the refusal late gets what was made meanwhile.
    let late = try await sessions.token(for: [1], refused: first.generation, open: office.opens)
      .get()
    #expect(late.generation == next.generation)
  }

  @Test func aFailureIsNotAskedForAgainAtOnce() async throws {
    let office = Office()
    let sessions = SessionTokens(now: office.clock)
    for _ in 0..<10 {
      let result = await sessions.token(for: [1], open: office.refuses)
      guard case .failure(let refusal) = result else {
        Issue.record("A token came of nothing.")
        return
      }
      #expect(refusal.verdict.kind == .credentialRefused)
    }
    #expect(office.opened.withLock { $0 } == 1)
    office.move(.seconds(1))
    _ = await sessions.token(for: [1], open: office.refuses)
    _ = await sessions.token(for: [1], open: office.refuses)
    #expect(office.opened.withLock { $0 } == 2)
    office.move(.seconds(2))
    #expect(try text(await sessions.token(for: [1], open: office.opens)) == "token 3")
  }
}

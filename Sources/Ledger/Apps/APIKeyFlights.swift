import Crypto
import Synchronization

/// Questions about keys that are being asked: who comes with the same key meanwhile waits for the same
/// answer, so that many streams of one key are one question.
final class APIKeyFlights: Sendable {
  typealias Answer = Result<APIIdentity?, AppsError>

  private struct Key: Hashable {
    var fingerprint: SHA256Digest
    /// Of the cache: who comes after a revocation does not wait for what was asked before it.
    var generation: UInt64
  }

  private let flights = Mutex<[Key: Task<Answer, Never>]>([:])

  func join(
    _ fingerprint: SHA256Digest, generation: UInt64,
    _ ask: @escaping @Sendable (_ generation: UInt64) async -> Answer
  ) -> Task<Answer, Never> {
    let key = Key(fingerprint: fingerprint, generation: generation)
    return flights.withLock { flights in
      if let flight = flights[key] { return flight }
      let flight = Task {
        let answer = await ask(generation)
        self.flights.withLock { $0[key] = nil }
        return answer
      }
      flights[key] = flight
      return flight
    }
  }
}

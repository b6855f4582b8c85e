import PushCore
import Synchronization

/// The session tokens that a simulation issued.
final class SessionBook: Sendable {
  private struct Entry {
    var subject: String
    var expiresAt: Timestamp
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var issued = 0
  }

  /// Beyond so many the one that expires first is forgotten.
  private static let maxSessions = 10_000
  private static let tokenBytes = 32

  private let state = Mutex(State())

  var issued: Int { state.withLock { $0.issued } }

  func issue(_ subject: String, prefix: String, expiresAt: Timestamp) -> String {
    let token = prefix + Hex.encode((0..<Self.tokenBytes).map { _ in UInt8.random(in: 0...255) })
    state.withLock { state in
      if state.entries.count >= Self.maxSessions,
        let oldest = state.entries.min(by: { $0.value.expiresAt < $1.value.expiresAt })
      {
        state.entries[oldest.key] = nil
      }
      state.entries[token] = Entry(subject: subject, expiresAt: expiresAt)
      state.issued += 1
    }
    return token
  }

  func session(_ token: String, at now: Timestamp) -> SimulatedSession? {
    guard let entry = state.withLock({ $0.entries[token] }) else { return nil }
    return entry.expiresAt > now ? .live(entry.subject) : .expired(entry.subject)
  }

  func revoke() { state.withLock { $0.entries = [:] } }
}

import Ledger
import Postgres
import Projections
import PushCore

/// Wakes a command that follows an app: by what the database says, and by itself every second.
struct Follower: Sendable {
  let signals: LedgerSignals

  /// Runs a body that follows until it returns or the command is stopped.
  static func run(
    _ session: Session, _ body: @Sendable (Follower) async throws -> Void
  ) async throws {
    let signals = LedgerSignals()
    let listener = PostgresListener(
      session.postgres, channels: [LedgerChannels.events, Channels.projected],
      logger: session.logger)
    let task = Task { await signals.follow(listener) }
    do {
      try await body(Follower(signals: signals))
    } catch {
      await listener.close()
      await task.value
      throw error
    }
    await listener.close()
    await task.value
  }
}

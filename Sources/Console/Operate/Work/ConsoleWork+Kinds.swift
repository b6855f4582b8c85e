import Ledger
import Projections
import PushCore

extension ConsoleWork {
  // MARK: A rebuild, as `pushledger projections rebuild` drives it

  /// - Returns: What came of it.
  func rebuild(of app: AppID) async throws -> String {
    let rebuild = Rebuild(pool)
    report(app, "The tables are made.")
    _ = try await rebuild.begin()
    try await fold(rebuild, "Events are folded.", of: app)
    if try await !rebuild.isIndexed() {
      report(app, "The last indexes are made.")
      try await rebuild.index()
      try await fold(rebuild, "What came meanwhile is folded.", of: app)
    }
    report(app, "It takes over from what serves.")
    let done = try await rebuild.swap()
    let milliseconds = Int((done.blocked / .milliseconds(1)).rounded(.up))
    return "It serves. Nothing could be appended for \(milliseconds.grouped) ms."
      + (done.mended > 0 ? " \(done.mended.grouped) rows of what is due were set right." : "")
      + (done.isMending ? " More of it is set right where the app is folded." : "")
  }

  private func fold(_ rebuild: Rebuild, _ sentence: String, of app: AppID) async throws {
    let done = try await rebuild.fold { progress in
      self.report(app, sentence, done: progress.events, of: progress.head, "events")
    }
    guard done.poisoned.isEmpty else { throw SwapRefusal.poisoned(done.poisoned) }
  }

  // MARK: An erasure

  /// - Returns: What came of it.
  func erase(_ user: UserID, reason: String?, of app: AppID) async throws -> String {
    let sentence = "The ledger is looked through."
    report(app, sentence)
    let done = try await Eraser(pool).run(.user(user), in: app, reason: reason) { progress in
      self.report(app, sentence, done: progress.percent, of: 100, "percent of the ledger")
    }
    return "The content of \(done.erased.grouped) events is erased; \(done.events.grouped) "
      + "content.erased say so. The bytes stay on disk until the tables are vacuumed."
  }
}

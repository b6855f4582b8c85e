internal import Synchronization

/// Brings pushes of the same content together, so that they go in one request.
///
/// The first of a kind waits a moment for others; a full batch goes at once.
final class Batcher: Sendable {
  struct Entry: Sendable {
    var push: PreparedPush
    var reply: CheckedContinuation<Verdict, Never>
  }

  typealias Send = @Sendable ([PreparedPush]) async -> [Verdict]

  private struct Batch {
    var number: Int
    var entries: [Entry] = []
    var tokens: Set<String> = []
  }

  private struct State {
    var open: [[UInt8]: Batch] = [:]
    var count = 0
  }

  private let recipients: Int
  private let window: Duration
  private let state = Mutex(State())

  init(recipients: Int, window: Duration) {
    self.recipients = recipients
    self.window = window
  }

  /// Sends a push with whatever fits in.
  func submit(_ push: PreparedPush, _ send: @escaping Send) async -> Verdict {
    guard let key = push.batch, recipients > 1 else {
      return await send([push]).first ?? Verdict(.unknown, reason: "answer_unreadable")
    }
    return await withCheckedContinuation { reply in
      for full in add(Entry(push: push, reply: reply), key, send) { Self.run(full, send) }
    }
  }

  /// - Returns: The batches that are to go now.
  private func add(_ entry: Entry, _ key: [UInt8], _ send: @escaping Send) -> [[Entry]] {
    state.withLock { state in
      var gone: [[Entry]] = []
      // A recipient stands in a request once.
      if state.open[key]?.tokens.contains(entry.push.token) == true,
        let batch = state.open.removeValue(forKey: key)
      {
        gone.append(batch.entries)
      }
      if state.open[key] == nil {
        state.count += 1
        state.open[key] = Batch(number: state.count)
        wait(for: state.count, key, send)
      }
      state.open[key]?.entries.append(entry)
      state.open[key]?.tokens.insert(entry.push.token)
      if let batch = state.open[key], batch.entries.count >= recipients {
        state.open[key] = nil
        gone.append(batch.entries)
      }
      return gone
    }
  }

  private func wait(for number: Int, _ key: [UInt8], _ send: @escaping Send) {
    Task {
      try? await Task.sleep(for: window)
      let batch = state.withLock { state -> Batch? in
        guard state.open[key]?.number == number else { return nil }
        return state.open.removeValue(forKey: key)
      }
      if let batch { Self.run(batch.entries, send) }
    }
  }

  private static func run(_ entries: [Entry], _ send: @escaping Send) {
    Task {
      let verdicts = await send(entries.map(\.push))
      for (index, entry) in entries.enumerated() {
        let verdict =
          verdicts.indices.contains(index)
          ? verdicts[index] : Verdict(.unknown, reason: "answer_unreadable")
        entry.reply.resume(returning: verdict)
      }
    }
  }
}

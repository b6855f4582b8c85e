public import PushCore

/// An app's ledger as it grows: pages in order, none empty, without end. A page that failed can be
/// asked for again: the next call goes on where the last good one ended.
public struct LedgerFollower: AsyncSequence, Sendable {
  /// How long a follower that nobody wakes waits before it looks.
  public static let usualPoll = Duration.seconds(1)

  let reader: LedgerReader
  let app: AppID
  let position: Position
  let signals: LedgerSignals
  let poll: Duration
  let limit: Int

  public func makeAsyncIterator() -> Iterator { Iterator(follower: self, position: position) }

  public struct Iterator: AsyncIteratorProtocol {
    private let follower: LedgerFollower
    /// Position of the last event given out.
    public private(set) var position: Position

    init(follower: LedgerFollower, position: Position) {
      self.follower = follower
      self.position = position
    }

    /// - Returns: 1 event or more; nil once the task is cancelled.
    public mutating func next() async throws(LedgerReadError) -> [RecordedEvent]? {
      while !Task.isCancelled {
        let count = follower.signals.count(of: follower.app)
        let page = try await follower.reader.events(
          of: follower.app, after: position, limit: follower.limit)
        if let last = page.last {
          position = last.position
          return page
        }
        await follower.signals.wait(for: follower.app, after: count, atMost: follower.poll)
      }
      return nil
    }
  }
}

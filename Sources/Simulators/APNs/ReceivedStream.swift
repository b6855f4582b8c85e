extension APNsSimulator {
  /// The pushes that arrived and those that will, in order. It reads what the simulator remembers
  /// and holds nothing of its own but a page.
  public struct ReceivedStream: AsyncSequence, Sendable {
    public typealias Element = ReceivedPush
    public typealias Failure = Never

    let log: ReceivedLog
    let after: Int

    public func makeAsyncIterator() -> Iterator {
      Iterator(log: log, cursor: log.cursor(after: after))
    }

    public struct Iterator: AsyncIteratorProtocol {
      private let log: ReceivedLog
      private var cursor: ReceivedLog.Cursor
      private var page: ArraySlice<ReceivedPush> = []

      private static let pageLimit = 100

      init(log: ReceivedLog, cursor: ReceivedLog.Cursor) {
        self.log = log
        self.cursor = cursor
      }

      public mutating func next() async -> ReceivedPush? {
        await next(isolation: nil)
      }

      public mutating func next(
        isolation actor: isolated (any Actor)?
      ) async -> ReceivedPush? {
        while page.isEmpty {
          if Task.isCancelled { return nil }
          let isFinished = log.isFinished
          page = log.read(&cursor, limit: Self.pageLimit)[...]
          if page.isEmpty {
            if isFinished { return nil }
            await log.waitForPush(after: cursor)
          }
        }
        return page.popFirst()
      }
    }
  }
}

public import Logging
public import Postgres
public import PushCore

/// Lets readers wait until the projection shows a position of the ledger.
///
///     wait(app, ≥ 42) ──► checkpoint there? ── yes ──► go
///                              │ no
///                              ▼
///     notified, or 250 ms ──► one question for all who wait for this app ──► go, or time is up
public actor CheckpointWatch {
  /// The longest wait.
  public static let waitLimit = Duration.seconds(5)
  /// Readers that may wait at once; more are refused.
  public static let waitersLimit = 1_000
  /// How often to look where no notification came.
  static let pollInterval = Duration.milliseconds(250)

  public enum Outcome: Sendable, Equatable {
    /// The projection's checkpoint, which is at or after the position asked for.
    case reached(Position)
    /// The wait was as long as allowed, or the watch was stopped.
    case behind(ProjectionReport)
    /// The ledger itself does not reach the position.
    case beyondHead(Position)
    /// Too many wait already.
    case refused
    case unknownApp
  }

  private struct Waiter {
    var position: Position
    var continuation: CheckedContinuation<Position?, Never>
  }

  private let reader: NotificationsReader
  private let logger: Logger
  private var waiters: [AppID: [UInt64: Waiter]] = [:]
  private var count = 0
  private var nextID: UInt64 = 0
  /// Apps being asked about, and whether to ask again.
  private var asking: [AppID: Bool] = [:]
  private var stopped = false

  public init(reader: NotificationsReader, logger: Logger) {
    self.reader = reader
    self.logger = logger
  }

  public var waiting: Int { count }

  /// Waits until the app's projection is at `position`, at most for `limit`.
  public func wait(
    for position: Position, of app: AppID, within limit: Duration = waitLimit
  ) async throws(PostgresError) -> Outcome {
    let deadline = ContinuousClock.now + limit
    guard let now = try await serving(app) else { return .unknownApp }
    if now.position >= position { return .reached(now.position) }
    if now.head < position { return .beyondHead(now.head) }
    if count >= Self.waitersLimit { return .refused }
    if !stopped, let reached = await suspend(app, position, until: deadline) {
      return .reached(reached)
    }
    return .behind(try await serving(app) ?? now)
  }

  /// Looks at what notifications and the clock tell, until it is cancelled or the listener ends.
  ///
  /// - Parameter listener: Listens to ``Channels/projected``.
  public func run(listener: PostgresListener) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for await event in listener.events() {
          switch event {
          case .notification(let notification) where notification.channel == Channels.projected:
            await self.look(at: AppID(unchecked: notification.payload))
          case .notification: break
          case .reconnected: await self.lookAtAll()
          }
        }
      }
      group.addTask {
        while !Task.isCancelled {
          try? await Task.sleep(for: Self.pollInterval)
          await self.lookAtAll()
        }
      }
      await group.next()
      group.cancelAll()
    }
    stop()
  }

  /// Ends all waits; later ones are not begun.
  public func stop() {
    stopped = true
    for waiter in waiters.values.flatMap(\.values) { waiter.continuation.resume(returning: nil) }
    waiters = [:]
    count = 0
  }

  private func serving(_ app: AppID) async throws(PostgresError) -> ProjectionReport? {
    try await reader.projections(of: app).first(where: \.saysWhatIsPushed)
  }

  // MARK: Waiting

  private func suspend(
    _ app: AppID, _ position: Position, until deadline: ContinuousClock.Instant
  ) async -> Position? {
    nextID += 1
    let id = nextID
    let timer = Task {
      try? await Task.sleep(until: deadline, clock: .continuous)
      self.end(app, id)
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled || stopped {
          continuation.resume(returning: nil)
          return
        }
        waiters[app, default: [:]][id] = Waiter(position: position, continuation: continuation)
        count += 1
        // The checkpoint may have moved since it was read.
        look(at: app)
      }
    } onCancel: {
      Task { await self.end(app, id) }
    }
  }

  private func end(_ app: AppID, _ id: UInt64, at position: Position? = nil) {
    guard let waiter = waiters[app]?.removeValue(forKey: id) else { return }
    if waiters[app]?.isEmpty == true { waiters[app] = nil }
    count -= 1
    waiter.continuation.resume(returning: position)
  }

  // MARK: Looking

  private func lookAtAll() {
    for app in waiters.keys { look(at: app) }
  }

  private func look(at app: AppID) {
    guard waiters[app] != nil else { return }
    if asking[app] != nil {
      asking[app] = true
      return
    }
    asking[app] = false
    Task { await ask(app) }
  }

  private func ask(_ app: AppID) async {
    repeat {
      asking[app] = false
      do {
        guard let found = try await serving(app) else { continue }
        let reached = (waiters[app] ?? [:]).filter { $0.value.position <= found.position }
        for id in reached.keys { end(app, id, at: found.position) }
      } catch {
        logger.warning(
          "A projection's checkpoint could not be read",
          metadata: ["app": "\(app)", "error": "\(error)"])
      }
    } while asking[app] == true && waiters[app] != nil
    asking[app] = nil
  }
}

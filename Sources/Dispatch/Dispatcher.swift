public import Ledger
public import Logging
public import Postgres
public import Providers
import PushCore
public import ServiceLifecycle

import struct Foundation.UUID

/// Sends what is due, and records what became of it, as long as it runs.
///
/// Any number of dispatchers can run on one database: they share each app's lanes, and take over
/// the lanes of one that dies.
public actor Dispatcher: Service {
  /// Warnings of one kind are repeated after so long.
  private static let repeatWarnings = Duration.seconds(600)
  private static let warningsAtOnce = 20
  private static let firstClockPause = Duration.milliseconds(100)
  private static let longestClockPause = Duration.seconds(2)

  /// In `dispatch.lanes` and in every attempt; new at every start.
  public nonisolated let name: String

  private let database: DispatchDatabase
  private let listener: PostgresListener
  private let configuration: DispatcherConfiguration
  private let logger: Logger
  private let clock = DatabaseClock()
  private let inbox = Inbox()
  private let providers: [ProviderName: any PushProvider]
  private var board: Board
  private var warned: (kinds: Set<WaitingDeliveries.Kind>, at: ContinuousClock.Instant)?
  private var warnedCredentials: [DispatcherStatus.RefusedCredential] = []

  /// - Parameters:
  ///   - pool: At least four connections of its own, or it waits for others.
  ///   - listener: Listens to ``DispatchChannels/all``.
  ///   - masterKeys: What secrets of credentials are opened with; what none of them opens counts
  ///     as refused.
  ///   - providers: One for each way that pushes are to be sent. They are not shut down.
  public init(
    pool: PostgresPool, listener: PostgresListener, masterKeys: MasterKeys?,
    providers: [any PushProvider],
    configuration: DispatcherConfiguration = DispatcherConfiguration(), logger: Logger
  ) {
    let name = "dispatcher-" + UUID().uuidString.prefix(13).lowercased()
    self.name = name
    self.listener = listener
    self.configuration = configuration
    self.logger = logger
    database = DispatchDatabase(
      pool: pool, dispatcher: name, lease: configuration.lease, masterKeys: masterKeys)
    let routes = Routes(providers: providers)
    self.providers = routes.providers
    board = Board(dispatcher: name, configuration: configuration, routes: routes)
  }

  /// Runs until a graceful shutdown: then nothing new is sent, what is on its way is answered and
  /// recorded, and the lanes are given back. A cancelled task ends at once, as if the process had
  /// died: what it could not record another dispatcher records as `unknown`.
  public func run() async throws {
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await work()
      } onGracefulShutdown: {
        self.inbox.post(.stop)
      }
    } onCancel: {
      self.inbox.close()
    }
  }

  public func status() -> DispatcherStatus { board.status }

  // MARK: The loop

  private func work() async {
    guard await setClock() else { return }
    await withDiscardingTaskGroup { group in
      let listener = self.listener
      let inbox = self.inbox
      let tick = configuration.tick
      group.addTask { await Self.forward(listener.events(), to: inbox) }
      group.addTask { await Self.tick(tick, to: inbox) }
      group.addTask { await self.reportOn() }
      await loop(in: &group)
      group.cancelAll()
    }
  }

  private func loop(in group: inout DiscardingTaskGroup) async {
    var stopBy: ContinuousClock.Instant?
    while !board.isDone, let inputs = await inbox.next() {
      let now = clock.now()
      for input in inputs {
        board.handle(input, at: now)
        report(input)
        if case .stop = input { stopBy = .now + configuration.stopGrace }
      }
      for command in board.plan(at: now) { perform(command, in: &group) }
      if let stopBy, ContinuousClock.now >= stopBy {
        logger.error(
          "Stopped before everything was recorded; it will be recorded as unknown",
          metadata: ["open_deliveries": "\(board.gates.budget.open)"])
        return
      }
    }
  }

  private func perform(_ command: BoardCommand, in group: inout DiscardingTaskGroup) {
    let inbox = self.inbox
    let clock = self.clock
    if case .send(let ticket) = command {
      guard let provider = providers[ticket.delivery.provider] else { return }
      let deadline = configuration.requestDeadline
      group.addTask {
        let result = await provider.send(
          ticket.delivery.request, with: ticket.way.credential, deadline: deadline)
        inbox.post(.answered(ticket.id, result, at: clock.now()))
      }
    } else {
      let database = self.database
      let logger = self.logger
      group.addTask {
        inbox.post(await database.answer(command, clock: clock, logger: logger))
      }
    }
  }

  /// Waits until the database tells the time.
  ///
  /// - Returns: False when the dispatcher is to stop before.
  private func setClock() async -> Bool {
    let database = self.database
    var pause = Self.firstClockPause
    while !inbox.isStopping, !Task.isCancelled {
      do {
        try await clock.adjust(isFirst: true) { @Sendable in try await database.clock() }
        return true
      } catch {
        logger.warning(
          "The dispatcher waits for its database", metadata: ["error": "\(error)"])
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, Self.longestClockPause)
      }
    }
    return false
  }

  // MARK: What wakes it

  private static func forward(
    _ events: AsyncStream<PostgresListener.Event>, to inbox: Inbox
  ) async {
    for await event in events {
      switch event {
      case .notification(let notification) where notification.channel == DispatchChannels.due:
        inbox.post(.due([AppID(unchecked: notification.payload)]))
      case .notification(let notification) where notification.channel == DispatchChannels.mended:
        inbox.post(.mended([AppID(unchecked: notification.payload)]))
      case .notification(let notification)
      where notification.channel == DispatchChannels.credentials:
        inbox.post(.credentialsChanged)
      case .notification: break
      case .reconnected: inbox.post(.reconnected)
      }
    }
  }

  private static func tick(_ interval: Duration, to inbox: Inbox) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      inbox.post(.tick)
    }
  }

  // MARK: What is shown to others

  /// Keeps the database informed of what only this process knows. It is written when it changes,
  /// and again before it would count as gone; a report that fails is made again like any other.
  private func reportOn() async {
    var shown = DispatcherReport()
    var shownAt = ContinuousClock.now
    while !Task.isCancelled {
      try? await Task.sleep(for: configuration.reportInterval)
      let report = board.report
      let isStale =
        report != DispatcherReport()
        && shownAt.duration(to: .now) >= configuration.reportValidity / 3
      guard report != shown || isStale else { continue }
      do {
        try await database.report(report, validFor: configuration.reportValidity)
        shown = report
        shownAt = .now
      } catch {
        logger.debug("A report was not written", metadata: ["error": "\(error)"])
      }
    }
  }

  // MARK: What is said aloud

  private func report(_ input: BoardInput) {
    switch input {
    case .counted: warnOfWaiting()
    case .credentials: warnOfCredentials()
    case .recorded(let app, _, let lost) where !lost.isEmpty:
      logger.warning(
        "Lanes were lost to another dispatcher",
        metadata: ["app": "\(app)", "lanes": "\(lost.map(\.lane).sorted())"])
    case .taken(let app, let lanes, _):
      let lost = lanes.reduce(0) { $0 + $1.lost.count }
      if lost > 0 {
        logger.warning(
          "A dispatcher was lost; what it may have sent is sent again",
          metadata: ["app": "\(app)", "deliveries": "\(lost)"])
      }
    default: break
    }
  }

  private func warnOfWaiting() {
    let lacking = board.status.lacking
    let kinds = Set(lacking.map(\.kind))
    let isOld = warned.map { $0.at.duration(to: .now) >= Self.repeatWarnings } ?? true
    guard kinds != warned?.kinds ?? [] || (isOld && !kinds.isEmpty) else { return }
    warned = (kinds, .now)
    for waiting in lacking.prefix(Self.warningsAtOnce) {
      logger.warning(
        "Deliveries wait because they can't be sent",
        metadata: [
          "app": "\(waiting.kind.app)", "provider": "\(waiting.kind.provider.rawValue)",
          "why": "\(waiting.kind.why.rawValue)", "deliveries": "\(waiting.deliveries)",
        ])
    }
  }

  private func warnOfCredentials() {
    let refused = board.status.refusedCredentials
    guard refused != warnedCredentials else { return }
    warnedCredentials = refused
    for credential in refused.prefix(Self.warningsAtOnce) {
      logger.error(
        "A credential can't be used",
        metadata: [
          "app": "\(credential.app)", "provider": "\(credential.provider.rawValue)",
          "credential": "\(credential.credentialID)", "error": "\(credential.error)",
        ])
    }
  }
}

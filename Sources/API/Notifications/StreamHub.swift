import Ledger
import Logging
import Postgres
import Projections
import PushCore
import Synchronization

import struct Foundation.UUID

/// The streams of this process, and what is handed to them.
///
///     became due, or a stream reads ─► the app's turn: one question for all its streams ─► offered
///
/// An app has one turn at a time, so a stream is offered things in the order of the ledger. That a
/// turn comes rests on no notification alone: every app that has streams is looked at now and then.
final class StreamHub: Sendable {
  /// A heartbeat is due so often in the time of one, for another part of the streams each time.
  private static let heartbeatParts: Int64 = 25

  private struct AppPart {
    var streams = 0
    var cursor: StreamsDatabase.Cursor?
    /// Streams that read on.
    var reading: [NotificationStream] = []
    /// Streams that are over, to be given back.
    var closing: [NotificationStream] = []
    /// Whether something may have become due.
    var isAwake = false
    var isInTurn = false

    var wantsTurn: Bool { isAwake || !reading.isEmpty || !closing.isEmpty }
  }

  private struct State {
    var lastNumber: Int64 = 0
    /// Those that are over, too, until they were given back.
    var streams: [Int64: NotificationStream] = [:]
    /// The newest of each device.
    var newest: [AppID: [DeviceKey: NotificationStream]] = [:]
    var apps: [AppID: AppPart] = [:]
    var isStopping = false
  }

  let database: StreamsDatabase
  private let limit: Int
  private let timing: StreamTiming
  private let logger: Logger
  private let state = Mutex(State())
  private let turns: AsyncStream<AppID>
  private let turn: AsyncStream<AppID>.Continuation
  private let ended: AsyncStream<Never>
  private let end: AsyncStream<Never>.Continuation

  init(
    _ database: StreamsDatabase, limit: Int = APILimits.streams,
    timing: StreamTiming = StreamTiming(),
    logger: Logger
  ) {
    self.database = database
    self.limit = limit
    self.timing = timing
    self.logger = logger
    (turns, turn) = AsyncStream.makeStream(of: AppID.self)
    (ended, end) = AsyncStream.makeStream(of: Never.self)
  }

  /// Streams that are open.
  var open: Int { state.withLock { $0.apps.values.reduce(0) { $0 + $1.streams } } }

  // MARK: Coming and going

  /// Takes a stream in, and ends the one that its device had.
  ///
  /// - Parameter cut: Closes its connection.
  /// - Returns: Nil where there are too many, or the server stops.
  func enter(
    _ device: DeviceKey, of app: AppID, cut: @escaping @Sendable () -> Void
  ) -> NotificationStream? {
    let (stream, older) = state.withLock {
      state -> (NotificationStream?, NotificationStream?) in
      guard !state.isStopping, state.streams.count < limit else { return (nil, nil) }
      state.lastNumber += 1
      let stream = NotificationStream(
        app: app, device: device, number: state.lastNumber, cut: cut)
      state.streams[stream.number] = stream
      state.apps[app, default: AppPart()].streams += 1
      let older = state.newest[app, default: [:]].updateValue(stream, forKey: device)
      return (stream, older)
    }
    older?.end(.replaced)
    return stream
  }

  /// Gives a stream's place back; what it was handed and did not send is given back, too. Twice is
  /// as good as once.
  func leave(_ stream: NotificationStream) {
    stream.end(.over)
    guard stream.left.happens() else { return }
    let app = stream.app
    let isWanted = state.withLock { state in
      state.apps[app]?.streams -= 1
      state.apps[app]?.closing.append(stream)
      if state.newest[app]?[stream.device] === stream {
        state.newest[app]?[stream.device] = nil
        if state.newest[app]?.isEmpty == true { state.newest[app] = nil }
      }
      return Self.beginTurn(app, &state)
    }
    if isWanted { turn.yield(app) }
  }

  /// Hands a stream what waits for it, after what it was offered already.
  func read(_ stream: NotificationStream) {
    ask(for: stream.app) { $0.reading.append(stream) }
  }

  /// Something may have become due.
  func wake(_ app: AppID) { ask(for: app) { $0.isAwake = true } }

  func wakeAll() {
    for app in state.withLock({ Array($0.apps.keys) }) { wake(app) }
  }

  /// Ends the stream that another process took over.
  func replaced(_ number: Int64) {
    state.withLock { $0.streams[number] }?.end(.replaced)
  }

  func stop() {
    let streams = state.withLock { state in
      state.isStopping = true
      return Array(state.streams.values)
    }
    for stream in streams { stream.end(.over) }
  }

  private func ask(for app: AppID, _ change: (inout AppPart) -> Void) {
    let isWanted = state.withLock { state in
      guard state.apps[app] != nil else { return false }
      change(&state.apps[app, default: AppPart()])
      return Self.beginTurn(app, &state)
    }
    if isWanted { turn.yield(app) }
  }

  private static func beginTurn(_ app: AppID, _ state: inout State) -> Bool {
    guard let part = state.apps[app], part.wantsTurn, !part.isInTurn else { return false }
    state.apps[app]?.isInTurn = true
    return true
  }

  // MARK: Running

  /// Serves until it is finished; then what is over is given back once more.
  func run(listener: PostgresListener, recorder: SentRecorder) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.follow(listener) }
      group.addTask { await self.every(self.timing.poll) { self.wakeAll() } }
      group.addTask { await self.beat() }
      group.addTask { await self.every(self.timing.sweep) { await recorder.sweep() } }
      // A turn that is broken off would hide what it handed out: all of them end first.
      await withDiscardingTaskGroup { apps in
        for await app in turns { apps.addTask { await self.takeTurns(app) } }
      }
      group.cancelAll()
    }
    for app in state.withLock({ Array($0.apps.keys) }) {
      _ = await takeTurn(app, closesOnly: true)
    }
    end.finish()
  }

  /// Ends ``run(listener:recorder:)``, once all streams are over, and waits for it.
  func finish() async {
    turn.finish()
    for await _ in ended {}
  }

  private func follow(_ listener: PostgresListener) async {
    for await event in listener.events() {
      switch event {
      case .reconnected: wakeAll()
      case .notification(let notification):
        heard(notification.payload, on: notification.channel)
      }
    }
  }

  private func heard(_ payload: String, on channel: String) {
    if channel == Channels.due { wake(AppID(unchecked: payload)) }
    // A device that comes back is told all that is due for it, from the first.
    if channel == Channels.mended { endAll(of: AppID(unchecked: payload)) }
    guard channel == StreamsDatabase.channel else { return }
    let parts = payload.split(separator: "/")
    guard parts.count == 2, parts[0] == database.server, let number = Int64(parts[1]) else {
      return
    }
    replaced(number)
  }

  private func every(
    _ interval: Duration, _ body: @Sendable () async -> Void
  ) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      if !Task.isCancelled { await body() }
    }
  }

  private func beat() async {
    var part: Int64 = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: timing.heartbeat / Int(Self.heartbeatParts))
      part = (part + 1) % Self.heartbeatParts
      let now = ContinuousClock.now
      for stream in streams(inPart: part) { stream.beat(at: now, limit: timing.write) }
    }
  }

  private func streams(inPart part: Int64) -> [NotificationStream] {
    state.withLock { state in
      state.streams.values.filter { $0.number % Self.heartbeatParts == part }
    }
  }

  // MARK: Turns

  private func takeTurns(_ app: AppID) async {
    while await takeTurn(app) {}
  }

  /// - Returns: Whether another turn is wanted at once.
  private func takeTurn(_ app: AppID, closesOnly: Bool = false) async -> Bool {
    let (part, reading, closing) = state.withLock { state in
      let part = state.apps[app] ?? AppPart()
      let reading = closesOnly ? [] : Array(part.reading.prefix(APILimits.streamsPerTurn))
      let closing = closesOnly ? part.closing : Array(part.closing.prefix(APILimits.streamRows))
      state.apps[app]?.reading.removeFirst(reading.count)
      state.apps[app]?.closing.removeFirst(closing.count)
      state.apps[app]?.isAwake = false
      return (part, reading, closing)
    }
    var hand = Hand.whole
    do {
      if !closing.isEmpty { try await giveBack(closing, of: app) }
      if !closesOnly, part.streams > 0, part.isAwake || !reading.isEmpty {
        hand = try await handOut(to: reading, after: part.cursor, of: app)
      }
    } catch {
      logger.warning(
        "Streams could not be served; it is tried again at the next look",
        metadata: ["app": "\(app)", "error": "\(error)"])
      if Self.mayHaveHandedOut(error) { endAll(of: app) }
      state.withLock { state in
        state.apps[app]?.reading += reading
        state.apps[app]?.closing += closing.filter { state.streams[$0.number] != nil }
        state.apps[app]?.isInTurn = false
      }
      return false
    }
    return state.withLock { state in
      if hand == .paused {
        // They read again at the next look; one that is over is forgotten.
        state.apps[app]?.reading += reading.filter { state.streams[$0.number] != nil }
        state.apps[app]?.isInTurn = false
        return false
      }
      if hand == .partial { state.apps[app]?.isAwake = true }
      guard let part = state.apps[app] else { return false }
      if part.streams <= 0, !part.wantsTurn {
        state.apps[app] = nil
        return false
      }
      state.apps[app]?.isInTurn = part.wantsTurn
      return part.wantsTurn
    }
  }

  /// Whether what was handed out may never have come: only streams that are opened anew get it then.
  private static func mayHaveHandedOut(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return true }
    return error.commitOutcomeUnknown || error.kind == .decoding
  }

  private func endAll(of app: AppID) {
    let streams = state.withLock { state in
      state.streams.values.filter { $0.app == app }
    }
    for stream in streams { stream.end(.over) }
  }

  private func giveBack(_ closing: [NotificationStream], of app: AppID) async throws {
    try await database.close(closing.map { ($0, $0.unsent) }, of: app)
    state.withLock { state in
      for stream in closing { state.streams[stream.number] = nil }
    }
  }

  /// How far one question for an app's streams went.
  private enum Hand {
    /// All that became due was looked at.
    case whole
    /// There may be more.
    case partial
    /// Nothing may be handed out now.
    case paused
  }

  private func handOut(
    to reading: [NotificationStream], after cursor: StreamsDatabase.Cursor?, of app: AppID
  ) async throws -> Hand {
    let found = try await database.handOut(of: app, after: cursor, reading: reading)
    if found.isPaused { return .paused }
    let streams = state.withLock { state in
      state.apps[app]?.cursor = found.cursor
      return found.items.keys.reduce(into: [Int64: NotificationStream]()) {
        $0[$1] = state.streams[$1]
      }
    }
    // What was read comes first, then what became due; both are in order.
    for (number, items) in found.items { streams[number]?.offer(items) }
    for stream in reading {
      if let isLive = found.live[stream.number] {
        stream.read(isLive: isLive)
      } else {
        stream.end(.replaced)
      }
    }
    return found.hasMore ? .partial : .whole
  }
}

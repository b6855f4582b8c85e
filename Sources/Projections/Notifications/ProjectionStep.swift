import Foundation
import Ledger
import Postgres
import PushCore

/// One batch of one app's events, folded and stored in one transaction: the effect is exactly
/// once, whatever dies in between.
///
///     checkpoint locked ─► events after it ─► what they touch ─► fold ─► rows + checkpoint
struct ProjectionStep {
  /// A batch ends early once it stores so many decisions: messages to large groups.
  static let usualRows = 20_000
  /// Rows of what is due that are set right at once, after a swap.
  private static let rowsMended = 5_000
  private static let mendLimit = Duration.seconds(600)
  /// Events read at least, after a batch that ended early.
  private static let leastEvents = 50
  /// How long state in memory keeps others away when nothing is folded.
  static let leaseSeconds = 5.0

  enum Progress: Sendable, Equatable {
    /// Events were folded; there may be more.
    case folded(events: Int, pushes: Int)
    /// Rows of what is due were set right, after a swap; there may be more, and nothing is folded
    /// before: what a device is told comes in the order of the ledger.
    case mended(rows: Int64)
    case caughtUp
    /// Another projector folds this app.
    case heldByAnother
    /// Somebody paused it, or an event of the app cannot be folded.
    case standsStill
    /// This event cannot be folded; what stands before it is.
    case poisoned(PoisonedEvent)

    /// Whether another step may find something to do.
    var goesOn: Bool {
      switch self {
      case .folded, .mended: true
      case .caughtUp, .heldByAnother, .standsStill, .poisoned: false
      }
    }
  }

  let app: AppID
  var tables = ProjectionTables.serving
  let owner: String
  var eventsPerBatch: Int
  var rowsPerBatch = Self.usualRows
  /// Events after it are left alone.
  var upTo = Position.max

  /// Folds a batch and stores it, inside a transaction on `connection`.
  ///
  /// - Parameter held: The state of the batch before.
  /// - Returns: The state to go on with once the transaction is committed.
  func run(
    on connection: PostgresConnection, held: HeldState
  ) async throws -> (LoadedState?, Progress) {
    let start = try await connection.pipeline([
      Self.planCall, checkpointCall(locks: true), ProjectionSettings.call(app),
      SkippedEvents.call(app), eventsCall(after: held),
    ])
    if let refusal = try refusal(start[1].first) { return (nil, refusal) }
    if let checkpoint = start[1].first, tables.sayWhatIsDue, try checkpoint.get(4) {
      return (held.take(), .mended(rows: try await mendDue(on: connection)))
    }
    let (state, batch) = try await fold(start, held, isAhead: false, on: connection)
    guard let batch else { return (state, .caughtUp) }
    try await write(batch, on: connection)
    return (state, .folded(events: batch.events, pushes: batch.pushes))
  }

  /// Folds a batch and stores nothing, while another connection may be storing the one before it:
  /// what that one changed is in `held`.
  ///
  /// - Returns: No batch where there is nothing to fold, or another projector folds this app.
  func foldAhead(
    on connection: PostgresConnection, held: HeldState
  ) async throws -> (LoadedState?, FoldedBatch?) {
    let start = try await connection.pipeline([
      Self.planCall, checkpointCall(locks: false), ProjectionSettings.call(app),
      SkippedEvents.call(app), eventsCall(after: held),
    ])
    if try refusal(start[1].first) != nil { return (nil, nil) }
    return try await fold(start, held, isAhead: true, on: connection)
  }

  /// Stores a batch that was folded ahead, inside a transaction on `connection`.
  ///
  /// - Returns: False, with nothing stored, where the checkpoint is not the one that it follows.
  func store(_ batch: FoldedBatch, on connection: PostgresConnection) async throws -> Bool {
    let start = try await connection.pipeline([Self.planCall, checkpointCall(locks: true)])
    guard let checkpoint = start[1].first, try refusal(checkpoint) == nil,
      try checkpoint.get(0) == batch.start, try checkpoint.get(2) == batch.generation
    else { return false }
    try await write(batch, on: connection)
    return true
  }

  /// Why nothing may be folded; nil: nothing is in the way.
  private func refusal(_ checkpoint: PostgresRow?) throws -> Progress? {
    guard let checkpoint, try checkpoint.get(1, as: Bool.self) else { return .heldByAnother }
    return try checkpoint.get(3, as: Bool.self) ? nil : .standsStill
  }

  /// Plans that fit any app. Made for one app's name, a plan would rest on how many rows that app
  /// had when the table was last analyzed, and a new app had none: measured at 70 s in place of 4.
  private static let planCall = PostgresCall("set local plan_cache_mode = force_generic_plan")

  private func checkpointCall(locks: Bool) -> PostgresCall {
    PostgresCall(
      """
      select position, owner is null or owner = $3 or leased_until < clock_timestamp(), generation,
        paused_at is null and failed_at is null, mended_to is not null
      from ledger.checkpoints where app = $1 and projection = $2
      \(locks ? "for update skip locked" : "")
      """, [app.rawValue, tables.checkpoint, owner])
  }

  /// - Throws: ``MendError`` in place of what would name an event that cannot be folded.
  private func mendDue(on connection: PostgresConnection) async throws -> Int64 {
    do {
      let answers = try await connection.pipeline(
        [
          PostgresCall(
            "select dispatch.mend_due_further($1, $2)", [app.rawValue, Int32(Self.rowsMended)]),
          PostgresCall(
            """
            update ledger.checkpoints set owner = $3,
              leased_until = now() + make_interval(secs => $4)
            where app = $1 and projection = $2
            """, [app.rawValue, tables.checkpoint, owner, Self.leaseSeconds]),
          PostgresCall("select pg_notify($1, $2)", [Channels.due, app.rawValue]),
        ], timeout: Self.mendLimit)
      return try answers[0][0].get(0)
    } catch {
      throw IsolatedStep.isPermanent(error) ? MendError(cause: error) : error
    }
  }

  private func eventsCall(after held: HeldState) -> PostgresCall {
    let following = held.following
    return eventsCall(
      after: following?.position ?? 0, limit: following?.events ?? eventsPerBatch)
  }

  private func eventsCall(after position: Position, limit: Int) -> PostgresCall {
    PostgresCall(
      """
      select position, type, occurred_at, recorded_at, data, content
      from ledger.events where app = $1 and position > $2 and position <= $4
      order by position limit $3
      """, [app.rawValue, position, Int64(min(limit, eventsPerBatch)), upTo])
  }

  // MARK: Folding

  /// - Parameters:
  ///   - start: Checkpoint, settings, skipped events and events, after the plan's setting.
  ///   - isAhead: Whether the checkpoint may be on its way to where `held` is.
  private func fold(
    _ start: [PostgresResult], _ held: HeldState, isAhead: Bool,
    on connection: PostgresConnection
  ) async throws -> (LoadedState?, FoldedBatch?) {
    guard let checkpoint = start[1].first, let settingsRow = start[2].first else {
      return (nil, nil)
    }
    let stored: Position = try checkpoint.get(0)
    var events = start[4]
    let before = held.take()
    var loaded = LoadedState(at: stored, generation: try checkpoint.get(2))
    if let before, before.generation == loaded.generation,
      before.position == stored || isAhead && before.position > stored
    {
      loaded = before
    } else if stored != before?.position ?? 0 {
      events = try await connection.pipeline([eventsCall(after: stored, limit: eventsPerBatch)])[0]
    }
    guard !events.isEmpty else { return (loaded, nil) }
    let settings = try ProjectionSettings(settingsRow)
    let position = loaded.position
    let (count, output) = try await fold(
      try events.map { try StoredEvent($0) }, settings, try SkippedEvents(start[3]), &loaded,
      connection)
    let batch = batch(count, output, from: position, settings, &loaded)
    return (loaded.isTooLarge ? nil : loaded, batch)
  }

  private func fold(
    _ events: [StoredEvent], _ settings: ProjectionSettings, _ skipped: SkippedEvents,
    _ loaded: inout LoadedState, _ connection: PostgresConnection
  ) async throws -> (Int, BatchOutput) {
    var touched = Touched()
    for event in events {
      if case .success(let body) = event.body { touched.add(body) }
    }
    try await StateLoader(app: app, tables: tables, connection: connection).load(
      touched, into: &loaded)
    var fold = Fold(loaded.state, settings: settings.fold)
    loaded.state = FoldState()
    var output = BatchOutput(suppressedRowsLimit: settings.suppressedRowsLimit)
    var folded = 0
    for event in events {
      if !output.orders.isEmpty, !event.isOrder { break }
      if !skipped.contains(event.position) {
        let body = try event.body.get()
        let results = fold.apply(
          body, at: event.position, occurredAt: event.occurredAt, recordedAt: event.recordedAt)
        for result in results { output.add(result) }
      }
      folded += 1
      loaded.position = event.position
      if output.rows > rowsPerBatch { break }
    }
    loaded.state = fold.state
    // What is read and not folded is read again.
    let asked = loaded.nextEvents ?? eventsPerBatch
    if folded < events.count {
      loaded.nextEvents = max(Self.leastEvents, folded)
    } else {
      loaded.nextEvents = events.count < asked ? nil : asked * 2
    }
    return (folded, output)
  }

  // MARK: Storing

  private func batch(
    _ events: Int, _ output: BatchOutput, from start: Position,
    _ settings: ProjectionSettings, _ loaded: inout LoadedState
  ) -> FoldedBatch {
    let state = StateWriter(app: app, tables: tables, state: loaded.state).calls()
    let decided = DecisionWriter(app: app, tables: tables, settings: settings, output: output)
      .stored()
    let outcomes = OutcomeWriter(
      app: app, tables: tables,
      recalled: loaded.state.changes.recalled.compactMap { loaded.state.messages[$0] },
      output: output
    ).calls()
    let orders = OrderWriter(app: app, tables: tables, orders: output.orders).calls()
    loaded.state.forgetChanges()
    return FoldedBatch(
      start: start, end: loaded.position, generation: loaded.generation, events: events,
      pushes: output.pushes, needs: output.needs,
      hasDue: output.pushes > 0 || output.attempts.contains { $0.next != nil }
        || output.orders.contains { $0.kind == .retry },
      calls: state + decided.calls, copies: decided.copies, outcomes: outcomes + orders)
  }

  private func write(_ batch: FoldedBatch, on connection: PostgresConnection) async throws {
    var calls = batch.calls
    if !batch.copies.isEmpty {
      _ = try await connection.pipeline(calls)
      calls = []
      for copy in batch.copies { try await connection.copyIn(copy) }
    }
    calls += batch.outcomes
    calls.append(
      PostgresCall(
        """
        update ledger.checkpoints
        set position = $3, updated_at = now(), owner = $4,
          leased_until = now() + make_interval(secs => $5)
        where app = $1 and projection = $2
        """, [app.rawValue, tables.checkpoint, batch.end, owner, Self.leaseSeconds]))
    calls.append(
      PostgresCall("select pg_notify($1, $2)", [Channels.projected, app.rawValue]))
    if batch.hasDue {
      calls.append(PostgresCall("select pg_notify($1, $2)", [Channels.due, app.rawValue]))
    }
    _ = try await connection.pipeline(calls)
  }
}

/// What is due could not be set right after a swap. No event is to blame, and it is tried again.
private struct MendError: Error, CustomStringConvertible {
  let cause: any Error

  var description: String { "What is due could not be set right after a swap: \(cause)" }
}

/// An event as the fold needs it.
private struct StoredEvent {
  var position: Position
  var occurredAt: Timestamp
  var recordedAt: Timestamp
  var body: Result<EventBody, PoisonedEvent>

  /// Whether it orders something of a delivery.
  var isOrder: Bool {
    switch body {
    case .success(.pushCancelled), .success(.pushRetried): true
    default: false
    }
  }

  init(_ row: PostgresRow) throws {
    position = try row.get(0)
    occurredAt = try row.timestamp(2)
    recordedAt = try row.timestamp(3)
    let type: String = try row.get(1)
    do {
      guard let type = EventType(rawValue: type) else {
        throw FieldError(.unknownValue, "type", "is not known to this version.")
      }
      let content = try row.optional(5, as: PostgresJSON.self)
      body = .success(
        try EventBody(
          type, data: try JSON.parse(try row.get(4, as: PostgresJSONB.self).bytes),
          content: try content.map { try JSON.parse($0.bytes) }))
    } catch let error as FieldError {
      body = .failure(
        PoisonedEvent(
          position: position, reason: "\(type): \(error.code.rawValue) in \(error.field)"))
    }
  }
}

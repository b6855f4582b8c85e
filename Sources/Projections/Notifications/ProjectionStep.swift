import Foundation
import Ledger
import Postgres
import PushCore

/// One batch of one app's events, folded and stored in one transaction: the effect is exactly
/// once, whatever dies in between.
///
///     checkpoint locked ─► events after it ─► what they touch ─► fold ─► rows + checkpoint
struct ProjectionStep {
  /// A batch ends early once it has decided this much: messages to large groups.
  static let usualDecisions = 20_000
  /// How long state in memory keeps others away when nothing is folded.
  static let leaseSeconds = 5.0

  enum Progress: Sendable, Equatable {
    /// Events were folded; there may be more.
    case folded(events: Int, pushes: Int)
    case caughtUp
    /// Another projector folds this app.
    case heldByAnother
    /// Somebody paused it, or an event of the app cannot be folded.
    case standsStill
    /// This event cannot be folded; what stands before it is.
    case poisoned(PoisonedEvent)
  }

  let app: AppID
  var tables = ProjectionTables.serving
  let owner: String
  var eventsPerBatch: Int
  var decisionsPerBatch = Self.usualDecisions

  /// Runs inside a transaction on `connection`.
  ///
  /// - Parameter held: The state of the batch before, or nil.
  /// - Returns: The state to go on with once the transaction is committed.
  func run(
    on connection: PostgresConnection, held: LoadedState?
  ) async throws -> (LoadedState?, Progress) {
    let start = try await connection.pipeline([
      Self.planCall, checkpointCall(), ProjectionSettings.call(app), SkippedEvents.call(app),
      eventsCall(after: held?.position ?? 0),
    ])
    guard let checkpoint = start[1].first, let settingsRow = start[2].first,
      try checkpoint.get(1, as: Bool.self)
    else { return (nil, .heldByAnother) }
    guard try checkpoint.get(3, as: Bool.self) else { return (nil, .standsStill) }
    let position: Position = try checkpoint.get(0)
    let generation: Int64 = try checkpoint.get(2)
    var loaded = LoadedState(at: position, generation: generation)
    var events = start[4]
    if let held, held.position == position, held.generation == generation {
      loaded = held
    } else if position != held?.position ?? 0 {
      events = try await connection.pipeline([eventsCall(after: position)])[0]
    }
    guard !events.isEmpty else { return (loaded, .caughtUp) }
    let settings = try ProjectionSettings(settingsRow)
    let (folded, output) = try await fold(
      try events.map { try StoredEvent($0) }, settings, try SkippedEvents(start[3]), &loaded,
      connection)
    try await store(output, settings, &loaded, connection)
    let pushes = output.messages.reduce(0) { $0 + $1.pushes }
    return (loaded.isTooLarge ? nil : loaded, .folded(events: folded, pushes: pushes))
  }

  /// Plans that fit any app. Made for one app's name, a plan would rest on how many rows that app
  /// had when the table was last analyzed, and a new app had none: measured at 70 s in place of 4.
  private static let planCall = PostgresCall("set local plan_cache_mode = force_generic_plan")

  private func checkpointCall() -> PostgresCall {
    PostgresCall(
      """
      select position, owner is null or owner = $3 or leased_until < clock_timestamp(), generation,
        paused_at is null and failed_at is null
      from ledger.checkpoints where app = $1 and projection = $2
      for update skip locked
      """, [app.rawValue, tables.checkpoint, owner])
  }

  private func eventsCall(after position: Position) -> PostgresCall {
    PostgresCall(
      """
      select position, type, occurred_at, recorded_at, data, content
      from ledger.events where app = $1 and position > $2
      order by position limit $3
      """, [app.rawValue, position, Int64(eventsPerBatch)])
  }

  // MARK: Folding

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
    var output = BatchOutput()
    var folded = 0
    for event in events {
      if !skipped.contains(event.position) {
        let body = try event.body.get()
        let results = fold.apply(
          body, at: event.position, occurredAt: event.occurredAt, recordedAt: event.recordedAt)
        for result in results { output.add(result) }
      }
      folded += 1
      loaded.position = event.position
      if output.decisions > decisionsPerBatch { break }
    }
    loaded.state = fold.state
    return (folded, output)
  }

  // MARK: Storing

  private func store(
    _ output: BatchOutput, _ settings: ProjectionSettings, _ loaded: inout LoadedState,
    _ connection: PostgresConnection
  ) async throws {
    var calls = StateWriter(app: app, tables: tables, state: loaded.state).calls()
    calls += DecisionWriter(
      app: app, tables: tables, settings: settings, messages: output.messages,
      callOffs: BatchCallOffs(output.cancellations)
    ).calls()
    calls +=
      OutcomeWriter(
        app: app, tables: tables, recalled: loaded.state.changes.recalled, output: output
      ).calls()
    calls.append(
      PostgresCall(
        """
        update ledger.checkpoints
        set position = $3, updated_at = now(), owner = $4,
          leased_until = now() + make_interval(secs => $5)
        where app = $1 and projection = $2
        """, [app.rawValue, tables.checkpoint, loaded.position, owner, Self.leaseSeconds]))
    calls.append(
      PostgresCall("select pg_notify($1, $2)", [Channels.projected, app.rawValue]))
    if output.messages.contains(where: { $0.pushes > 0 })
      || output.attempts.contains(where: { $0.next != nil })
    {
      calls.append(PostgresCall("select pg_notify($1, $2)", [Channels.due, app.rawValue]))
    }
    _ = try await connection.pipeline(calls)
    loaded.state.forgetChanges()
  }
}

/// An event as the fold needs it.
private struct StoredEvent {
  var position: Position
  var occurredAt: Timestamp
  var recordedAt: Timestamp
  var body: Result<EventBody, PoisonedEvent>

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

import Ledger
import Postgres
import Projections
import PushCore

/// Says of an order what it would do, as things are now.
struct OrderAsker: Sendable {
  let reader: OperateReader
  let work: ConsoleWork
  let clock: @Sendable () -> Timestamp

  /// - Throws: ``Refusal``
  func ask(_ order: OperateOrder, of app: AppID) async throws -> AskSheet {
    switch order {
    case .pause(let provider): try await pause(provider, order, app)
    case .resume(let provider): try await resume(provider, order, app)
    case .pauseProjection(let name), .resumeProjection(let name):
      try await projection(name, order, app)
    case .skip(let name, let position): try await skip(name, position, order, app)
    case .rebuild: try await rebuild(order, app)
    case .erase(let user): try await erase(user, order, app)
    }
  }

  // MARK: Pushes

  private func pause(
    _ provider: ProviderName?, _ order: OperateOrder, _ app: AppID
  ) async throws -> AskSheet {
    let facts = try await reader.read(app)
    let what = provider?.rawValue ?? "the whole app"
    let isPaused = facts.pauses.contains { $0.provider == provider }
    return AskSheet(
      "Pause \(what)?", margin: "It takes effect within a second, in all dispatchers and streams.",
      order,
      will: [
        provider.map { "Nothing is pushed through \($0.rawValue) any more." }
          ?? "Nothing of the app is pushed any more, through no provider.",
        "What is in flight is finished, and recorded.",
        "\(due(provider, facts).text) deliveries are due now: they wait, and so does what comes.",
        "What waits can expire: then it is recorded as expired, and never sent.",
      ], stays: ["Messages are taken, decided on and counted as before."],
      obstacle: isPaused ? "It is paused already." : nil, button: "Pause \(what)", isGrave: true,
      asksReason: true)
  }

  private func resume(
    _ provider: ProviderName?, _ order: OperateOrder, _ app: AppID
  ) async throws -> AskSheet {
    let facts = try await reader.read(app)
    let what = provider?.rawValue ?? "the whole app"
    let pause = facts.pauses.first { $0.provider == provider }
    let others = facts.pauses.filter { $0.provider != provider }
    let stillHeld =
      if provider != nil { others.contains { $0.provider == nil } } else { false }
    return AskSheet(
      "Resume \(what)?", margin: "Each device gets its pushes in the order of the ledger.", order,
      facts: pause.map { pause in
        [
          AskSheet.Fact(name: "paused", value: PageTime(pause.pausedAt).text),
          AskSheet.Fact(name: "by", value: pause.keyID.map { "key \($0)" } ?? "the command"),
        ] + (pause.reason.map { [AskSheet.Fact(name: "why", value: $0)] } ?? [])
      } ?? [],
      will: [
        stillHeld
          ? "The pause of \(what) ends. The app's own pause goes on, and holds it."
          : "What waits goes out at once: \(due(provider, facts).text) deliveries are due.",
        "What expired meanwhile is not sent.",
      ],
      stays: provider == nil
        ? others.compactMap { $0.provider.map { "\($0.rawValue) stays paused." } } : [],
      obstacle: pause == nil ? "It is not paused." : nil, button: "Resume \(what)")
  }

  private func due(_ provider: ProviderName?, _ facts: OperateFacts) -> BoundedCount {
    provider.map { facts.due[$0.rawValue] ?? BoundedCount() } ?? facts.allDue
  }

  // MARK: Projections

  /// The states of one projection of the app.
  private func states(_ name: ProjectionName, _ facts: OperateFacts) throws -> [ProjectionState] {
    let states = facts.projections.filter { $0.projection == name }
    guard !states.isEmpty else { throw Refusal.unknown("There is no projection of this name.") }
    return states
  }

  private func projection(
    _ name: ProjectionName, _ order: OperateOrder, _ app: AppID
  ) async throws -> AskSheet {
    let facts = try await reader.read(app)
    let states = try states(name, facts)
    let isPausing = order.name == .pauseProjection
    let stands = states.filter { [.paused, .failed].contains($0.condition) }
    var obstacle = facts.rights.controlsProjections ? nil : OperateProjections.lacksControl(app)
    if obstacle == nil, isPausing,
      states.contains(where: { !$0.isBeside && $0.condition == .paused })
    {
      obstacle = "It is paused already."
    }
    if obstacle == nil, !isPausing, stands.isEmpty { obstacle = "It does not stand still." }
    if isPausing {
      return AskSheet(
        "Pause the projection \(name)?", margin: "Only for this app.", order,
        will: [
          "It stands still after the batch under way."
        ]
          + (name == .notifications
            ? ["Nothing new becomes due to be pushed, and unread counts stand still."] : []),
        stays: name == .notifications ? ["What is due already goes on being pushed."] : [],
        obstacle: obstacle, button: "Pause \(name)", isGrave: true)
    }
    return AskSheet(
      "Let the projection \(name) go on?", margin: "Only for this app.", order,
      facts: stands.compactMap { state in
        state.failure.map { AskSheet.Fact(name: "it stood still", value: $0) }
      },
      will: stands.map { state in
        if let position = state.failedPosition {
          "The event at position \(position.grouped) is tried again."
        } else {
          "It goes on from position \(state.position.grouped), \(state.lag.grouped) event\(state.lag == 1 ? "" : "s") behind."
        }
      }, obstacle: obstacle, button: "Let \(name) go on")
  }

  private func skip(
    _ name: ProjectionName, _ position: Position, _ order: OperateOrder, _ app: AppID
  ) async throws -> AskSheet {
    let facts = try await reader.read(app)
    let state = try states(name, facts).first { $0.failedPosition == position }
    guard let state else {
      throw Refusal.unknown(
        "The projection \(name) does not stand still before position \(position.grouped).")
    }
    let event = try await LedgerReader(reader.pool).events(of: app, at: [position]).first
    return AskSheet(
      "Skip the event at position \(position.grouped)?",
      margin: "Run a version that can fold it instead, where there is one.", order,
      facts: [
        AskSheet.Fact(name: "position", value: position.grouped),
        AskSheet.Fact(name: "type", value: event?.event.type.rawValue ?? "not known here"),
        AskSheet.Fact(name: "error", value: state.failure ?? ""),
      ],
      will: [
        "\(name) leaves the event out for good: what it says counts for nobody, and every rebuild "
          + "leaves it out too.",
        "An event of the ledger says that it was skipped.", "The projection goes on behind it.",
      ], stays: ["The event itself stays in the ledger."],
      obstacle: facts.rights.controlsProjections ? nil : OperateProjections.lacksControl(app),
      button: "Skip position \(position.grouped)", isGrave: true, asksReason: true)
  }

  private func rebuild(_ order: OperateOrder, _ app: AppID) async throws -> AskSheet {
    let facts = try await reader.read(app)
    let head = facts.projections.first?.head ?? 0
    var obstacle = OperateRefusals.rebuild(facts)
    if obstacle == nil, let known = work.state(of: app), !known.phase.isOver {
      obstacle = "Something that was ordered of this app is not done yet."
    }
    return AskSheet(
      facts.isRebuildBegun ? "Go on with the rebuild?" : "Rebuild notifications?",
      margin: "The page Operate shows how far it is.", order,
      will: [
        facts.isRebuildBegun
          ? "The rebuild goes on where it stood."
          : "The projection is made anew from all \(head.grouped) events, beside the one that serves.",
        "At the end it takes over: for some milliseconds nothing can be appended.",
        "Until then the database holds it twice.",
        "Broken off, by a restart of the server or otherwise, it goes on where it stood once it is "
          + "ordered again.",
      ], stays: ["Events keep coming and pushes keep going. Nothing is pushed because of it."],
      obstacle: obstacle, button: facts.isRebuildBegun ? "Go on" : "Rebuild notifications",
      isGrave: true)
  }

  // MARK: An erasure

  private func erase(
    _ user: UserID, _ order: OperateOrder, _ app: AppID
  ) async throws -> AskSheet {
    let look = try await ErasureLook.read(user, of: app, reader.pool)
    let archive = try await LedgerArchive.find(of: app, reader.pool)
    var obstacle: String?
    if look.isAll, look.total.number == 0, archive == nil {
      obstacle = "The ledger holds nothing that this user wrote or is known by."
    }
    if let known = work.state(of: app), !known.phase.isOver {
      obstacle = "Something that was ordered of this app is not done yet."
    }
    var will = [
      Self.takes(look),
      "What the user wrote goes, and what the user is known by: names, name cards, device tokens.",
      "Nothing is pushed to the user's devices any more until they are registered anew.",
      "Events content.erased say in the ledger what went.",
    ]
    if archive != nil {
      will.append(
        "What is in the app's archive stays in its files; restored, it comes back without what is "
          + "erased now.")
    }
    return AskSheet(
      "Erase \(user)?", margin: "It cannot be brought back.", order, will: will,
      stays: [
        "That something happened, when, and what was decided stays; so does the hash chain.",
        "What others wrote to the user is theirs and stays.",
        "The bytes stay on disk until the tables are vacuumed, and in backups and exports.",
      ],
      counts: look.events.map { AskSheet.Count(type: $0.type, events: $0.count.text) },
      obstacle: obstacle, button: "Erase for good", isGrave: true, asksReason: true)
  }

  private static func takes(_ look: ErasureLook) -> String {
    if look.isAll { return "The content of \(look.total.text) events is erased, for good." }
    let number = look.total.number
    let advice = " pushledger erase with --dry-run counts all."
    return number == 0
      ? "The ledger is long, so this page looked up events by indexes only, and found nothing:"
        + advice
      : "The content of at least \(number.grouped) \(number == 1 ? "event" : "events") is "
        + "erased, for good. The ledger is long, so this page looked up the last ones by indexes only:"
        + advice
  }
}

import Ledger
import Projections
import PushCore

/// The page as its templates show it: their keys are these properties' names.
struct OperateSheet: Sendable {
  let mayOperate: Bool
  let pausing: OperatePauses
  let projecting: OperateProjections
  let working: OperateWork
  let trail: OperateTrail
  let erasePath = OperateOrder.path(.erase)
}

/// A link that asks for an order.
struct OperateButton: Sendable {
  let to: String
  let words: String
  /// What it is for, for those who hear it alone.
  let of: String

  init(_ order: OperateOrder, _ words: String, of name: String) {
    to = order.asked
    self.words = words
    of = name
  }
}

struct OperateID: Sendable {
  let id: String
}

// MARK: Pauses

/// The template `operate-pauses`.
struct OperatePauses: Sendable {
  struct Row: Sendable {
    let what: String
    let state: PageState
    let due: String
    let since: PageTime?
    let by: OperateID?
    let reason: String?
    let button: OperateButton?
  }

  let rows: [Row]
  /// Whether more is due than was counted.
  let hasBound: Bool

  init(_ facts: OperateFacts, mayOperate: Bool) {
    hasBound = facts.allDue.isAtLeast
    let whole = facts.pauses.first { $0.provider == nil }
    let paused = facts.pauses.compactMap(\.provider)
    let providers = ProviderName.allCases.filter {
      facts.providers.contains($0) || paused.contains($0)
    }
    rows =
      [
        Self.row(
          nil, whole, facts.allDue, state: PageState(status: "ok", word: "on"), mayOperate)
      ]
      + providers.map { provider in
        Self.row(
          provider, facts.pauses.first { $0.provider == provider },
          facts.due[provider.rawValue] ?? BoundedCount(),
          state: whole == nil
            ? PageState(status: "ok", word: "on")
            : PageState(status: "paused", word: "held by the app's pause"), mayOperate)
      }
  }

  private static func row(
    _ provider: ProviderName?, _ pause: DispatchPause?, _ due: BoundedCount,
    state: PageState,
    _ mayOperate: Bool
  ) -> Row {
    let what = provider?.rawValue ?? "the whole app"
    let button =
      pause == nil
      ? OperateButton(.pause(provider), "Pause", of: what)
      : OperateButton(.resume(provider), "Resume", of: what)
    return Row(
      what: what,
      state: pause == nil ? state : PageState(status: "paused", word: "paused"),
      due: due.text, since: pause.map { PageTime($0.pausedAt) },
      by: pause.map { OperateID(id: $0.keyID ?? "command") }, reason: pause?.reason,
      button: mayOperate ? button : nil)
  }
}

// MARK: Projections

/// The template `operate-projections`.
struct OperateProjections: Sendable {
  struct Row: Sendable {
    let projection: OperateID
    let state: PageState
    let position: String
    let head: String
    let lag: String
    let failure: String?
    let owner: OperateID?
    let buttons: [OperateButton]
  }

  let rows: [Row]
  let rebuild: OperateButton?
  /// Why there is no button.
  let advice: [String]

  init(_ facts: OperateFacts, _ app: AppID, work: ConsoleWork.State?, mayOperate: Bool) {
    let mayControl = mayOperate && facts.rights.controlsProjections
    rows = facts.projections.map { Self.row($0, mayControl: mayControl) }
    let isBusy = work.map { !$0.phase.isOver } ?? false
    let mayRebuild = mayOperate && facts.rights.rebuilds && facts.isOnlyApp && !isBusy
    rebuild =
      mayRebuild
      ? OperateButton(
        .rebuild, facts.isRebuildBegun ? "Go on with the rebuild" : "Rebuild",
        of: "notifications") : nil
    advice =
      mayOperate
      ? [
        facts.rights.controlsProjections ? nil : Self.lacksControl(app),
        OperateRefusals.rebuild(facts),
      ].compactMap(\.self) : []
  }

  static func lacksControl(_ app: AppID) -> String {
    "The server's database user may not pause projections, let them go on, or skip events: it lacks "
      + "the role pushledger_projector. Use the commands: pushledger projections pause, resume and "
      + "skip, with --app \(app)."
  }

  private static func row(_ state: ProjectionState, mayControl: Bool) -> Row {
    let name = state.projection.rawValue
    var buttons: [OperateButton] = []
    if mayControl {
      switch state.condition {
      case .follows, .mending:
        if !state.isBeside {
          buttons = [
            OperateButton(.pauseProjection(state.projection), "Pause", of: name)
          ]
        }
      case .paused:
        buttons = [OperateButton(.resumeProjection(state.projection), "Resume", of: name)]
      case .failed:
        buttons = [OperateButton(.resumeProjection(state.projection), "Try again", of: name)]
        if let position = state.failedPosition {
          buttons.append(
            OperateButton(
              .skip(state.projection, position), "Skip the event", of: name))
        }
      }
    }
    return Row(
      projection: OperateID(id: name),
      state: PageState(
        state.condition, failedAt: state.failedPosition, serves: !state.isBeside),
      position: state.position.grouped,
      head: state.head.grouped, lag: state.lag.grouped, failure: state.failure,
      owner: state.owner.map { OperateID(id: $0) }, buttons: buttons)
  }

}

/// Why something can't be ordered here, and what to do instead.
enum OperateRefusals {
  static let command = "pushledger projections rebuild notifications"

  /// Nil where a rebuild can be ordered.
  static func rebuild(_ facts: OperateFacts) -> String? {
    if !facts.isOnlyApp {
      return "A rebuild makes the projection of all apps of the database anew, and this key is of "
        + "one of them. Start it with: \(command)"
    }
    if !facts.rights.rebuilds {
      return "The server's database user may not rebuild: it lacks the role pushledger_projector. "
        + "Start it with: \(command)"
    }
    return nil
  }
}

// MARK: Long work

/// The template `operate-work`.
struct OperateWork: Sendable {
  struct Piece: Sendable {
    let name: String
    let state: PageState
    let sentence: String
    let bar: Bar?
    let at: PageTime?
  }

  struct Bar: Sendable {
    let value: String
    let max: String
    let text: String
  }

  let piece: Piece?
  let hasPiece: Bool

  init(_ work: ConsoleWork.State?, at now: Timestamp) {
    piece = work.map { work in
      var bar: Bar?
      if work.phase == .runs, work.total > 0 {
        let done = min(work.done, work.total)
        var text = "\(done.grouped) of \(work.total.grouped) \(work.unit)"
        if let left = work.secondsLeft(at: now) { text += ", about \(Words.age(left)) left" }
        bar = Bar(value: "\(done)", max: "\(work.total)", text: text)
      }
      return Piece(
        name: Self.name(work.kind), state: Self.state(work.phase), sentence: work.sentence,
        bar: bar, at: work.endedAt.map { PageTime($0) })
    }
    hasPiece = piece != nil
  }

  private static func name(_ kind: ConsoleWork.Kind) -> String {
    switch kind {
    case .rebuild: "Rebuild of notifications"
    case .erase(let user, _): "Erasure of \(user)"
    }
  }

  private static func state(_ phase: ConsoleWork.State.Phase) -> PageState {
    switch phase {
    case .waits: PageState(status: "due", word: "waits for its turn")
    case .runs: PageState(status: "retry", word: "under way")
    case .done: PageState(status: "ok", word: "done")
    case .failed: PageState(status: "failed", word: "failed")
    case .brokenOff: PageState(status: "warn", word: "broken off")
    }
  }
}

// MARK: Who did what

/// The template `operate-trail`.
struct OperateTrail: Sendable {
  struct Entry: Sendable {
    let at: PageTime
    let by: OperateID
    let action: String
    let subject: String
  }

  struct Event: Sendable {
    let at: PageTime
    let position: String
    let type: String
    let says: String
  }

  let audit: [Entry]
  let events: [Event]
  let hasAudit: Bool
  let hasEvents: Bool

  init(_ facts: OperateFacts) {
    audit = facts.audit.map { entry in
      Entry(
        at: PageTime(entry.at), by: OperateID(id: entry.keyID),
        action: entry.action.replacing("_", with: " "), subject: Self.text(entry.subject))
    }
    events = facts.events.map { event in
      Event(
        at: PageTime(event.recordedAt), position: event.position.grouped, type: event.type,
        says: Self.says(event))
    }
    hasAudit = !audit.isEmpty
    hasEvents = !events.isEmpty
  }

  /// An object's members, one after the other.
  private static func text(_ subject: JSON) -> String {
    (subject.members ?? []).map { "\($0.key) \(Self.value($0.value))" }.joined(separator: ", ")
  }

  private static func value(_ json: JSON) -> String {
    json.string ?? json.integer.map(\.grouped) ?? String(decoding: json.serialized(), as: UTF8.self)
  }

  private static func says(_ event: OperateFacts.OperatorEvent) -> String {
    var says =
      if let positions = event.data["positions"]?.array {
        "content of \(positions.count.grouped) events erased, of "
          + text(event.data["scope"] ?? .object([]))
      } else {
        "position \((event.data["position"]?.integer ?? 0).grouped) of "
          + "\(event.data["projection"]?.string ?? "") skipped"
      }
    if let reason = event.data["reason"]?.string { says += ": \(reason)" }
    return says
  }
}

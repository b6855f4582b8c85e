import PushCore

/// The overview as its templates show it: their keys are these properties' names.
struct OverviewSheet: Sendable {
  struct Span: Sendable {
    let to: String
    let span: String
    let isHere: Bool
  }

  let spans: [Span]
  let from: PageTime
  let until: PageTime
  let spanTitle: String
  let step: String
  let now: OverviewNow
  let lately: OverviewLately
}

/// How things are at the moment: the template `overview-now`.
struct OverviewNow: Sendable {
  struct Remark: Sendable {
    let tone: String
    let saying: String
  }

  struct Figure: Sendable {
    let label: String
    let number: String
    let note: String?
    let isLoud: Bool
    /// Where the figure counts what can be listed.
    var listed: ListLink?
  }

  struct Projection: Sendable {
    let projection: PageID
    let state: PageState
    let position: String
    let head: String
    let lagEvents: String
    let lagSeconds: String
  }

  struct Circuit: Sendable {
    let circuitOf: PageID
    let provider: String
    let state: PageState
    let failure: String
    let retryAt: PageTime?
  }

  struct Due: Sendable {
    let provider: String
    let due: ListLink
    let inFlight: String
    let backingOff: String
    let oldestAt: PageTime?
    /// Whether there may be older ones.
    let isOlder: Bool
    let remarks: [Remark]
  }

  let verdicts: [OverviewVerdict]
  let figures: [Figure]
  let projections: [Projection]
  let circuits: [Circuit]
  let due: [Due]
  let hasCircuits: Bool
  let hasDue: Bool
  /// Whether there are too many to count them all.
  let hasBound: Bool

  /// What is due is listed from so long ago, in whole hours: a push is tried no longer, unless its
  /// message or the app says so.
  private static let dueSpan = Limits.pushLifetime

  init(_ facts: OverviewFacts, at now: Timestamp) {
    let due = BoundedCount.sum(facts.due.map(\.due))
    let lacking = facts.due.flatMap(\.lacks).filter {
      $0.what != "waits_for_device" && $0.what != "paused"
    }
    let isWhole = facts.due.allSatisfy(\.isWhole)
    let oldest = facts.due.compactMap(\.oldestDueAt).min()
    let dueStart = (now - Self.dueSpan).startOfHour
    verdicts = OverviewVerdict.all(facts, dueFrom: dueStart)
    figures = [
      Figure(
        label: "due", number: due.text,
        note: oldest.map {
          "oldest since \(PageTime($0).text)" + (isWhole ? "" : " or before")
        }, isLoud: false,
        listed: ListLinks(from: dueStart, until: nil, provider: nil).link(due, .due)),
      Figure(
        label: "in flight", number: facts.due.reduce(0) { $0 + $1.inFlight }.grouped, note: nil,
        isLoud: false),
      Figure(
        label: "backing off", number: BoundedCount.sum(facts.due.map(\.backingOff)).text,
        note: nil, isLoud: false),
      Figure(
        label: "waiting for a credential", number: BoundedCount.sum(lacking.map(\.due)).text,
        note: nil, isLoud: !lacking.isEmpty),
    ]
    projections = facts.projections.map { projection in
      Projection(
        projection: PageID(id: projection.name),
        state: PageState(
          projection.condition, failedAt: projection.failedPosition, serves: projection.serves),
        position: projection.position.grouped, head: projection.head.grouped,
        lagEvents: projection.lagEvents.grouped, lagSeconds: Words.decimal(projection.lagSeconds))
    }
    circuits = facts.circuits.map { circuit in
      Circuit(
        circuitOf: PageID(id: circuit.name), provider: circuit.provider,
        state: PageState(
          status: circuit.state == "open" ? "open" : "warn",
          word: circuit.state.replacing("_", with: " ")),
        failure: circuit.reason ?? "", retryAt: circuit.retryAt.map { PageTime($0) })
    }
    self.due = facts.due.map { due in
      Due(
        provider: due.provider,
        due: ListLinks(from: dueStart, until: nil, provider: due.provider).link(due.due, .due),
        inFlight: due.inFlight.grouped,
        backingOff: due.backingOff.text, oldestAt: due.oldestDueAt.map { PageTime($0) },
        isOlder: !due.isWhole, remarks: due.lacks.map { Self.remark($0, of: due) })
    }
    hasCircuits = !circuits.isEmpty
    hasDue = !facts.due.isEmpty
    hasBound = !isWhole
  }

  /// Says how many it is of, unless it is of all that is due by the provider.
  private static func remark(_ lack: DueNow.Lack, of due: DueNow) -> Remark {
    let words = lack.what.replacing("_", with: " ")
    let isOfAll = due.lacks.count == 1 && lack.due == due.due
    return Remark(
      tone: lack.what == "waits_for_device" ? "info" : lack.what == "paused" ? "warn" : "bad",
      saying: isOfAll ? words : "\(lack.due.text) \(words)")
  }
}

import Projections
import PushCore

/// From sent to opened, a lane for each device: the template `message-timeline`.
struct MessageTimeline: Sendable {
  struct Tick: Sendable {
    /// In per cent of the width.
    let x: Double
    /// Which end of the label stands there: start, middle or end.
    let at: String
    let label: String
  }

  let ticks: [Tick]
  let scale: String
  let lanes: [TimelineLane]
  let hasLanes: Bool
  let leftOut: String?
  let tableCaption: String

  init(_ facts: MessageFacts, _ asked: MessageAddress) {
    let message = facts.message
    let (places, others) = ExplainedPlace.all(of: facts.explanation)
    let decided = places.compactMap { place in
      place.decision.map { (place.recipient.user, $0, LaneStep.all(of: $0, message)) }
    }
    let moments = decided.flatMap { $0.2.flatMap { [$0.from, $0.until] } } + [message.occurredAt]
    let start = moments.min() ?? message.occurredAt
    let scale = TimeScale(moments.map { $0.microseconds - start.microseconds })
    ticks =
      [Tick(x: 0, at: "start", label: start == message.occurredAt ? "sent" : "0")]
      + scale.ticks.map { tick in
        Tick(
          x: TimelineLane.percent(tick.place), at: tick.place > 0.93 ? "end" : "middle",
          label: tick.label)
      }
    self.scale = scale.isLogarithmic ? "logarithmic" : "linear"
    lanes = decided.enumerated().map { index, entry in
      TimelineLane(
        index, user: entry.0, entry.1, entry.2, of: message, asked, on: scale, from: start)
    }
    hasLanes = !lanes.isEmpty
    leftOut =
      others > 0 ? "\(others.grouped) more devices are not drawn: a row below leads to each." : nil
    tableCaption = "Every step, in order"
  }
}

/// What is drawn of one device's way: a span where it lasted, and a mark.
struct LaneStep: Sendable {
  /// Attempts that are drawn, the first ones and the last ones of many.
  private static let firstAttempts = 2
  private static let lastAttempts = 4

  let name: String
  let glyph: String
  let word: String
  let from: Timestamp
  let until: Timestamp
  /// Nil for what did not last.
  let span: String?
  /// What stands over the mark.
  let number: String?
  let saying: String

  /// Where its mark stands between ``from`` and ``until``.
  var isMarkedInTheMiddle: Bool { span == "waited" || span == "pause" }

  static func all(of decision: ExplainedDecision, _ message: ExplainedMessage) -> [LaneStep] {
    var steps = [
      LaneStep(
        name: "sent", glyph: "sent", word: "sent", from: message.occurredAt,
        until: message.occurredAt, span: nil, number: nil,
        saying: "by \(message.message.sender.rawValue.isolated), by the sender's clock")
    ]
    let numbers = Set(decision.attempts.map(\.number))
    let ordered = numbers.sorted()
    let kept = Set(ordered.prefix(firstAttempts) + ordered.suffix(lastAttempts))
    let hidden = ordered.count - kept.count
    var isTold = hidden == 0
    for step in decision.steps(of: message) {
      if let attempt = step.attempt, !kept.contains(attempt) {
        guard !isTold else { continue }
        isTold = true
        steps.append(leftOut(hidden, from: step.at - step.took, decision, kept))
        continue
      }
      steps.append(LaneStep(step, decision))
    }
    if case .suppressed(let reason) = decision.verdict {
      steps.append(
        LaneStep(
          name: "decided", glyph: "suppressed", word: "suppressed", from: message.recordedAt,
          until: message.recordedAt, span: nil, number: nil,
          saying: Words.quoted("\(reason.rule.number): \(reason.rule.sentence)")))
    }
    return steps
  }

  private static func leftOut(
    _ hidden: Int, from start: Timestamp, _ decision: ExplainedDecision, _ kept: Set<Int64>
  ) -> LaneStep {
    let last = decision.attempts.last { !kept.contains($0.number) }
    return LaneStep(
      name: "\(hidden.grouped) attempts", glyph: "retry", word: "left out", from: start,
      until: last?.finishedAt ?? start, span: "pause", number: "…",
      saying: "the ledger's time line has them: pushledger timeline --message")
  }

  private init(_ step: DeliveryStep, _ decision: ExplainedDecision) {
    let number = step.attempt.map { String($0) }
    let words = step.words(notShownReason: decision.delivery?.notShownReason)
    switch step.kind {
    case .recorded:
      self.init(
        name: "recorded", glyph: "recorded", word: "recorded", from: step.at, until: step.at,
        span: nil, number: nil, saying: words)
    case .waited, .pause:
      self.init(
        name: step.kind == .waited ? "waited" : "pause", glyph: "due", word: "waited",
        from: step.at - step.took, until: step.at,
        span: step.kind.rawValue, number: nil, saying: words)
    case .attempt:
      let attempt = decision.attempts.first { $0.number == step.attempt }
      let outcome = attempt?.outcome?.rawValue ?? "unknown"
      self.init(
        name: "attempt \(number ?? "")", glyph: outcome, word: outcome.replacing("_", with: " "),
        from: step.at - step.took, until: step.at, span: "attempt", number: number,
        saying: "by \(attempt?.provider?.rawValue ?? "a provider")"
          + "\(attempt?.answer ?? "") \(words)\(attempt?.remarks ?? "")")
    case .ended:
      let reason = decision.delivery?.reason.map { ", \($0)" } ?? ""
      self.init(
        name: "ended", glyph: decision.status.rawValue,
        word: decision.status.rawValue.replacing("_", with: " "), from: step.at, until: step.at,
        span: nil, number: nil, saying: words + reason)
    case .delivered, .opened, .notShown:
      self.init(
        name: step.kind.rawValue.replacing("_", with: " "), glyph: step.kind.rawValue,
        word: step.kind.rawValue.replacing("_", with: " "), from: step.at, until: step.at,
        span: nil, number: nil, saying: words)
    }
  }

  private init(
    name: String, glyph: String, word: String, from: Timestamp, until: Timestamp, span: String?,
    number: String?, saying: String
  ) {
    (self.name, self.glyph, self.word) = (name, glyph, word)
    (self.from, self.until, self.span) = (from, until, span)
    (self.number, self.saying) = (number, saying)
  }
}

/// One device's way as it is drawn: places across in per cent of the width, shifts in pixels.
struct TimelineLane: Sendable {
  struct Span: Sendable {
    let kind: String
    let glyph: String
    let x: Double
    let width: Double
  }

  struct Step: Sendable {
    let row: String
    let name: String
    /// Whether its name says more than its word.
    let isNamed: Bool
    let glyph: String
    let word: String
    let x: Double
    let shift: Double
    /// Where its glyph begins, left of ``shift``.
    let left: Double
    let number: String?
    let at: PageTime
    let sinceSent: String
    let saying: String
  }

  let device: PageID
  let owner: PageID
  /// For who does not see it.
  let alt: String
  let headline: PageState
  let headlineWords: String
  let spans: [Span]
  let steps: [Step]

  init(
    _ index: Int, user: UserID, _ decision: ExplainedDecision, _ all: [LaneStep],
    of message: ExplainedMessage, _ asked: MessageAddress, on scale: TimeScale,
    from start: Timestamp
  ) {
    device = .init(
      id: decision.device?.rawValue ?? "all devices", link: asked.of(user, decision.device))
    owner = .init(id: user.rawValue)
    alt = "Time line of \(user.rawValue), \(decision.device?.rawValue ?? "all devices")"
    headline = decision.state
    headlineWords = Self.words(decision.headline, after: decision.state.word)
    func place(_ time: Timestamp) -> Double {
      scale.place(time.microseconds - start.microseconds)
    }
    spans = all.compactMap { step in
      step.span.map { kind in
        let (from, until) = (place(step.from), place(step.until))
        return Span(
          kind: kind, glyph: step.glyph, x: Self.percent(from),
          width: Self.percent(max(0.001, until - from)))
      }
    }
    let marked = all.map { step in
      (
        step,
        step.isMarkedInTheMiddle
          ? (place(step.from) + place(step.until)) / 2 : place(step.until)
      )
    }
    .enumerated().sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }
    .map(\.element)
    let shifts = MarkRow.shifts(of: marked.map(\.1))
    steps = zip(marked, shifts).enumerated().map { number, entry in
      let ((step, place), shift) = entry
      return Step(
        row: "step-\(index)-\(number)", name: step.name, isNamed: step.name != step.word,
        glyph: step.glyph, word: step.word, x: Self.percent(place), shift: Self.tenths(shift),
        left: Self.tenths(shift - 6),
        number: step.number, at: PageTime(exact: step.until),
        sinceSent: (step.until - message.occurredAt).spoken, saying: step.saying)
    }
  }

  /// A headline without its first word, which the state's sign stands for, and without the state.
  private static func words(_ headline: String, after state: String) -> String {
    var words = Substring(headline)
    if let comma = words.firstRange(of: ", ") { words = words[comma.upperBound...] }
    guard words.hasPrefix(state) else { return String(words) }
    words = words.dropFirst(state.count)
    return String(words.drop { $0 == "," || $0 == " " })
  }

  static func percent(_ place: Double) -> Double { (place * 100_000).rounded() / 1_000 }
  private static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}

import PushCore

/// What became of messages lately: the templates `overview-span`, `overview-providers` and
/// `overview-reasons`.
struct OverviewLately: Sendable {
  struct Stage: Sendable {
    let stage: String
    let number: String
    let share: String?
    /// Of the longest, in per cent.
    let width: Double
  }

  struct Chart: Sendable {
    let label: String
    let note: String
    let chart: BarChart
  }

  struct Step: Sendable {
    let startsAt: PageTime
    let messages: String
    let pushes: String
    let accepted: String
    let refused: String
    let expired: String
    let cancelled: String
  }

  struct Provider: Sendable {
    let provider: String
    let chart: BarChart
    let pushes: String
    let accepted: String
    let acceptedShare: String
    let refused: String
    let expired: String
    let cancelled: String
    let due: String
    let delivered: String
    let opened: String
  }

  struct Reasons: Sendable {
    let label: String
    let note: String
    let unit: String
    let none: String
    let hasReasons: Bool
    let reasons: [Reason]
  }

  struct Reason: Sendable {
    let reason: String
    let `where`: String
    let number: String
    let kind: String
    let width: Double
    let sentence: String
  }

  private static let tallChart = 104
  private static let tallProvider = 51

  let step: String
  let stepsTitle: String
  let funnel: [Stage]
  let charts: [Chart]
  let steps: [Step]
  let hasProviders: Bool
  let providers: [Provider]
  let reasonLists: [Reasons]

  init(_ facts: OverviewFacts, _ span: OverviewSpan, from start: Timestamp) {
    step = span.step
    stepsTitle = span.stepsTitle
    let most = facts.funnel.map(\.number).max() ?? 0
    funnel = facts.funnel.map { stage in
      Stage(
        stage: stage.name, number: stage.number.grouped,
        share: stage.share.map(Words.percent),
        width: most > 0 ? (Double(stage.number) / Double(most) * 1_000).rounded() / 10 : 0)
    }
    let starts = (0..<span.steps).map { start + .seconds(span.stepSeconds * Int64($0)) }
    let sums = starts.indices.map { step in
      facts.outcomes.values.reduce(OverviewFacts.Outcomes()) { $0 + $1[step] }
    }
    let names = [starts.first, starts[starts.count / 2], starts.last].compactMap { time in
      time.map { PageTime($0).text }
    }
    charts = [
      Self.chart("Messages", "messages", facts.messages, starts, span, names),
      Self.chart("Pushes", "pushes", sums.map(\.pushes), starts, span, names),
    ]
    steps = starts.indices.map { step in
      Step(
        startsAt: PageTime(starts[step]), messages: facts.messages[step].grouped,
        pushes: sums[step].pushes.grouped, accepted: sums[step].accepted.grouped,
        refused: sums[step].refused.grouped, expired: sums[step].expired.grouped,
        cancelled: sums[step].cancelled.grouped)
    }
    providers = facts.outcomes.keys.sorted().compactMap { name in
      facts.outcomes[name].map { Self.provider(name, $0, starts) }
    }
    hasProviders = !providers.isEmpty
    reasonLists = [
      Self.reasons(
        "Failed", "refused or expired, in the provider’s words", "deliveries", "refused",
        none: "Nothing failed in this time.", facts.failures),
      Self.reasons(
        "Not pushed", "by the rules", "decisions", "quiet",
        none: "Everybody who was to be told was pushed.", facts.suppressions),
    ]
  }

  private static func chart(
    _ label: String, _ kind: String, _ numbers: [Int64], _ starts: [Timestamp],
    _ span: OverviewSpan, _ names: [String]
  ) -> Chart {
    let (least, most) = (numbers.min() ?? 0, numbers.max() ?? 0)
    return Chart(
      label: label, note: span.stepsTitle,
      chart: BarChart(
        tall: tallChart,
        alt: "\(label) \(span.stepsTitle), \(numbers.count) steps: between \(least.grouped) and "
          + most.grouped,
        kind: kind,
        zip(starts, numbers).map { start, number in
          (number, "\(PageTime(start).text): \(number.grouped)")
        }, names: names))
  }

  private static func provider(
    _ name: String, _ steps: [OverviewFacts.Outcomes], _ starts: [Timestamp]
  ) -> Provider {
    let sum = steps.reduce(OverviewFacts.Outcomes(), +)
    func part(
      _ kind: String, _ word: String, _ number: Int64, _ step: Int, isHatched: Bool = false
    ) -> BarChart.Part {
      BarChart.Part(
        kind: kind, number: number,
        label: "\(PageTime(starts[step]).text): \(number.grouped) \(word)", isHatched: isHatched)
    }
    let above = steps.enumerated().map { index, step in
      [
        part("accepted", "accepted", step.accepted, index),
        part("due", "due", step.due, index),
      ]
    }
    let below = steps.enumerated().map { index, step in
      [
        part("refused", "refused", step.refused, index),
        part("expired", "expired", step.expired, index),
        part("cancelled", "called off", step.cancelled, index, isHatched: true),
      ]
    }
    let told = sum.accepted + sum.refused
    return Provider(
      provider: name,
      chart: BarChart(
        tall: tallProvider,
        alt: "\(name): \(sum.pushes.grouped) pushes, \(sum.accepted.grouped) accepted, "
          + "\(sum.refused.grouped) refused, \(sum.expired.grouped) expired, "
          + "\(sum.cancelled.grouped) called off, \(sum.due.grouped) due",
        above: above, below: below),
      pushes: sum.pushes.grouped, accepted: sum.accepted.grouped,
      acceptedShare: told > 0 ? Words.percent(Double(sum.accepted) / Double(told)) : "",
      refused: sum.refused.grouped, expired: sum.expired.grouped,
      cancelled: sum.cancelled.grouped, due: sum.due.grouped, delivered: sum.delivered.grouped,
      opened: sum.opened.grouped)
  }

  private static func reasons(
    _ label: String, _ note: String, _ unit: String, _ kind: String, none: String,
    _ found: [OverviewFacts.Reason]
  ) -> Reasons {
    let most = found.map(\.number).max() ?? 0
    return Reasons(
      label: label, note: note, unit: unit, none: none, hasReasons: !found.isEmpty,
      reasons: found.map { reason in
        let place =
          reason.provider.isEmpty ? "" : "\(reason.provider), \(reason.status)"
        return Reason(
          reason: reason.reason.isEmpty ? reason.status : reason.reason, where: place,
          number: reason.number.grouped, kind: kind,
          width: most > 0 ? (Double(reason.number) / Double(most) * 1_000).rounded() / 10 : 0,
          sentence: reason.sentence ?? place)
      })
  }
}

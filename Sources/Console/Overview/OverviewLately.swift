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
    let pushes: ListLink
    let accepted: ListLink
    let refused: ListLink
    let expired: ListLink
    let cancelled: ListLink
  }

  struct Provider: Sendable {
    let provider: String
    let chart: BarChart
    let pushes: ListLink
    let accepted: ListLink
    let acceptedShare: String
    let refused: ListLink
    let expired: ListLink
    let cancelled: ListLink
    let due: ListLink
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
    /// The deliveries that it is the reason of.
    let list: String
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
      let links = ListLinks(
        from: starts[step], until: starts[step] + .seconds(span.stepSeconds), provider: nil)
      return Step(
        startsAt: PageTime(starts[step]), messages: facts.messages[step].grouped,
        pushes: links.link(sums[step].pushes, .pushed),
        accepted: links.link(sums[step].accepted, .accepted),
        refused: links.link(sums[step].refused, .refused),
        expired: links.link(sums[step].expired, .expired),
        cancelled: links.link(sums[step].cancelled, .cancelled))
    }
    providers = facts.outcomes.keys.sorted().compactMap { name in
      facts.outcomes[name].map { Self.provider(name, $0, starts) }
    }
    hasProviders = !providers.isEmpty
    reasonLists = [
      Self.reasons(
        "Failed", "refused or expired, in the provider’s words", "deliveries", "refused",
        none: "Nothing failed in this time.", facts.failures, start),
      Self.reasons(
        "Not pushed", "by the rules", "decisions", "quiet",
        none: "Everybody who was to be told was pushed.", facts.suppressions, start),
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
    let links = ListLinks(from: starts[0], until: nil, provider: name)
    return Provider(
      provider: name,
      chart: BarChart(
        tall: tallProvider,
        alt: "\(name): \(sum.pushes.grouped) pushes, \(sum.accepted.grouped) accepted, "
          + "\(sum.refused.grouped) refused, \(sum.expired.grouped) expired, "
          + "\(sum.cancelled.grouped) called off, \(sum.due.grouped) due",
        above: above, below: below),
      pushes: links.link(sum.pushes, .pushed), accepted: links.link(sum.accepted, .accepted),
      acceptedShare: told > 0 ? Words.percent(Double(sum.accepted) / Double(told)) : "",
      refused: links.link(sum.refused, .refused), expired: links.link(sum.expired, .expired),
      cancelled: links.link(sum.cancelled, .cancelled), due: links.link(sum.due, .due),
      delivered: sum.delivered.grouped,
      opened: sum.opened.grouped)
  }

  private static func reasons(
    _ label: String, _ note: String, _ unit: String, _ kind: String, none: String,
    _ found: [OverviewFacts.Reason], _ start: Timestamp
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
          sentence: reason.sentence ?? place, list: ListLinks.reason(reason, from: start))
      })
  }
}

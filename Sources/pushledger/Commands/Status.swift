import ArgumentParser
import Ledger
import Postgres
import Projections
import PushCore

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows head, lag, projections that stand still, what is due and in flight, pauses, "
      + "circuits, refused credentials, webhooks and broadcasts.",
    discussion: """
      EXAMPLES
        pushledger status
        pushledger status --json

      What is due without a credential to send it with is said loudly: it waits until one is added. \
      So is what is paused: it waits until somebody lets it go on.
      A projection that is paused, or stands still before an event that cannot be folded, is \
      named with the command to go on: nothing newer becomes due meanwhile.
      A circuit is shown while it keeps pushes back, or had failures of late; a credential while a \
      dispatcher can't use it, with the reason.
      """)

  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "status") { session in
      let projections = try await ProjectionControl(session.pool).states()
      let dispatch = try await DispatchReport.read(session.pool)
      let reactions = try await ReactionReport.read(session.pool)
      if json {
        Output.json(Self.json(projections, dispatch, reactions))
      } else {
        Self.show(projections)
        Self.show(dispatch)
        Self.show(reactions)
      }
    }
  }

  private static func json(
    _ projections: [ProjectionState], _ dispatch: DispatchReport, _ reactions: ReactionReport
  ) -> JSON {
    .array(
      projections.filter(\.saysWhatIsPushed).map { state in
        let app = state.app.rawValue
        return [
          "app": .string(app), "head": .integer(state.head), "projected": .integer(state.position),
          "lag_events": .integer(state.lag), "lag_seconds": .number(String(state.lagSeconds)),
          "state": .string(state.condition.rawValue),
          "projections": .array(projections.filter { $0.app == state.app }.map(\.json)),
          "dispatch": dispatch.part(of: app).json,
          "reactions": reactions.part(of: app).json,
        ]
      })
  }

  private static func show(_ projections: [ProjectionState]) {
    var table = Table("app", "head", "projected", "lag events", "lag s", "state")
    for state in projections where state.saysWhatIsPushed {
      table.add(
        state.app.rawValue, state.head.grouped, state.position.grouped, state.lag.grouped,
        String((state.lagSeconds * 10).rounded() / 10), state.standing)
    }
    Output.line(table.isEmpty ? "No apps. Create one: pushledger apps create NAME" : table.text())
    var still = Table("stands still", "app", "state", "what to do")
    for state in projections {
      guard let remedy = state.remedy else { continue }
      still.add(
        state.projection.rawValue + (state.isBeside ? " (rebuild)" : ""), state.app.rawValue,
        state.standing, remedy)
    }
    if !still.isEmpty { Output.line("\n" + still.text()) }
  }

  private static func show(_ reactions: ReactionReport) {
    var webhooks = Table("app", "webhook of", "behind", "")
    for webhook in reactions.webhooks {
      let since = webhook.failingSince?.description ?? ""
      var trouble = webhook.behind > 0 && !webhook.isHeld ? "NO REACTOR" : ""
      if webhook.failures > 0 {
        trouble = "FAILS since \(since), \(webhook.failures) times: \(webhook.reason ?? "")"
      }
      webhooks.add(webhook.app, "\(webhook.sdkAppID)", webhook.behind.grouped, trouble)
    }
    if !webhooks.isEmpty { Output.line("\n" + webhooks.text()) }
    var broadcasts = Table("app", "broadcast", "state", "sent", "of", "since")
    for broadcast in reactions.broadcasts {
      broadcasts.add(
        broadcast.app, broadcast.id, broadcast.state, broadcast.recipients.grouped,
        broadcast.total.grouped, broadcast.startedAt.description)
    }
    if !broadcasts.isEmpty { Output.line("\n" + broadcasts.text()) }
  }

  private static func remark(on line: DispatchReport.Due) -> String {
    switch line.lacks {
    case nil: line.dispatchers == 0 ? "NO DISPATCHER" : ""
    case "waits_for_device": "waiting for devices"
    case let lacks?: "THESE WAIT: \(lacks)"
    }
  }

  private static func show(_ dispatch: DispatchReport) {
    var due = Table("app", "provider", "due", "in flight", "backing off", "oldest", "")
    for line in dispatch.due {
      due.add(
        line.app, line.provider, line.due.grouped, line.inFlight.grouped,
        line.backingOff.grouped, line.oldestDueAt?.description ?? "",
        remark(on: line))
    }
    if !due.isEmpty { Output.line("\n" + due.text()) }
    var pauses = Table("paused", "provider", "since", "by", "reason")
    for pause in dispatch.pauses {
      pauses.add(
        pause.app.rawValue, pause.provider?.rawValue ?? "all", pause.pausedAt.description,
        pause.keyID.map { "key \($0)" } ?? "command", pause.reason ?? "")
    }
    if !pauses.isEmpty { Output.line("\n" + pauses.text()) }
    var circuits = Table("circuit of", "provider", "state", "last failure")
    for circuit in dispatch.circuits {
      circuits.add(
        circuit.host ?? "\(circuit.app ?? "")/\(circuit.credential ?? "")", circuit.provider,
        circuit.state == "closed" ? "closed, failures: \(circuit.failures)" : circuit.state,
        [circuit.reason, circuit.retryAt.map { "tried again at \($0)" }].compactMap(\.self)
          .joined(separator: ", "))
    }
    if !circuits.isEmpty { Output.line("\n" + circuits.text()) }
    var refused = Table("refused credential", "provider", "why")
    for credential in dispatch.refused {
      refused.add(
        "\(credential.app)/\(credential.credential)", credential.provider, credential.reason)
    }
    if !refused.isEmpty { Output.line("\n" + refused.text()) }
  }
}

extension ProjectionState {
  /// Whether it goes on, and before which event it does not.
  fileprivate var standing: String {
    failedPosition.map { "FAILED at \($0.grouped)" }
      ?? (condition == .paused ? "PAUSED" : condition.rawValue)
  }

  /// The command that lets it go on, or that says what keeps it; nil where it goes on.
  fileprivate var remedy: String? {
    switch condition {
    case .follows, .mending: nil
    case .paused: "pushledger projections resume \(projection) --app \(app)"
    case .failed: "pushledger projections status \(projection) --app \(app)"
    }
  }
}

import ArgumentParser
import Ledger
import Postgres
import PushCore

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows head, lag, what is due and in flight, pauses, circuits, refused credentials, "
      + "webhooks and broadcasts.",
    discussion: """
      EXAMPLES
        pushledger status
        pushledger status --json

      What is due without a credential to send it with is said loudly: it waits until one is added. \
      So is what is paused: it waits until somebody lets it go on.
      A circuit is shown while it keeps pushes back, or had failures of late; a credential while a \
      dispatcher can't use it, with the reason.
      """)

  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "status") { session in
      let projections = try await session.pool.query(
        """
        select app, position, head, lag_events, lag_seconds
        from pushledger.projection_status
        where serves and projection = 'notifications' order by app
        """)
      let dispatch = try await DispatchReport.read(session.pool)
      let reactions = try await ReactionReport.read(session.pool)
      if json {
        Output.json(try Self.json(projections, dispatch, reactions))
      } else {
        try Self.show(projections)
        Self.show(dispatch)
        Self.show(reactions)
      }
    }
  }

  private static func json(
    _ projections: PostgresResult, _ dispatch: DispatchReport, _ reactions: ReactionReport
  ) throws -> JSON {
    .array(
      try projections.map { row in
        let app: String = try row.get(0)
        return [
          "app": .string(app), "head": .integer(try row.get(2, as: Int64.self)),
          "projected": .integer(try row.get(1, as: Int64.self)),
          "lag_events": .integer(try row.get(3, as: Int64.self)),
          "lag_seconds": .number(String(try row.get(4, as: Double.self))),
          "dispatch": dispatch.part(of: app).json,
          "reactions": reactions.part(of: app).json,
        ]
      })
  }

  private static func show(_ projections: PostgresResult) throws {
    var table = Table("app", "head", "projected", "lag events", "lag s")
    for row in projections {
      table.add(
        try row.get(0), try row.get(2, as: Int64.self).grouped,
        try row.get(1, as: Int64.self).grouped, try row.get(3, as: Int64.self).grouped,
        String((try row.get(4, as: Double.self) * 10).rounded() / 10))
    }
    Output.line(table.isEmpty ? "No apps. Create one: pushledger apps create NAME" : table.text())
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

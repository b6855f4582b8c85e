import ArgumentParser
import Ledger
import Projections
import PushCore

struct ProjectionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projections",
    abstract: "Adds projections, shows them, lets them stand still, rebuilds them beside.",
    discussion: """
      EXAMPLES
        pushledger projections status
        pushledger projections add examples/daily-active-conversations
        pushledger projections rebuild notifications
        pushledger projections skip notifications --app chat --position 4711
      """,
    subcommands: [
      ProjectionsAdd.self, ProjectionsRemove.self, ProjectionsList.self, ProjectionsStatus.self,
      ProjectionsPause.self, ProjectionsResume.self, ProjectionsRebuild.self, ProjectionsSwap.self,
      ProjectionsDrop.self, ProjectionsSkip.self,
    ])
}

struct ProjectionsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists projections: apps, lag, and what stands still.",
    discussion: "EXAMPLE\n  pushledger projections list --json")

  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "projections") { session in
      let states = try await ProjectionControl(session.pool).states()
      let groups = Dictionary(grouping: states) {
        $0.projection.rawValue + ($0.isBeside ? " (rebuild)" : "")
      }.sorted { $0.key < $1.key }
      if json {
        Output.json(.array(groups.map { Self.json($0.value) }))
        return
      }
      var table = Table("PROJECTION", "APPS", "EVENTS", "LAG", "PAUSED", "FAILED")
      for (name, states) in groups {
        table.add(
          name, "\(states.count)", states.map(\.position).reduce(0, +).grouped,
          states.map(\.lag).reduce(0, +).grouped,
          "\(states.count { $0.condition == .paused })",
          "\(states.count { $0.condition == .failed })")
      }
      Output.line(table.isEmpty ? "No projection has folded anything yet." : table.text())
    }
  }

  private static func json(_ states: [ProjectionState]) -> JSON {
    [
      "projection": .string(states.first?.projection.rawValue ?? ""),
      "serves": .bool(states.first?.isBeside == false), "apps": .integer(states.count),
      "position": .integer(states.map(\.position).reduce(0, +)),
      "lag_events": .integer(states.map(\.lag).reduce(0, +)),
      "paused": .integer(states.count { $0.condition == .paused }),
      "failed": .integer(states.count { $0.condition == .failed }),
    ]
  }
}

struct ProjectionsStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows each app's projection: where it is, and what keeps it.",
    discussion: """
      EXAMPLES
        pushledger projections status
        pushledger projections status notifications --app chat --json

      Exits 1 where a projection stands still before an event that cannot be folded.
      """)

  @Argument(help: "The projection; none: all.") var projection: String?
  @Option(help: "One app; none: all.") var app: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try app.map { try AppID(argument: $0, "--app") }
    try await Session.run(common, "projections") { session in
      if let id { try await session.requireApp(id) }
      let control = ProjectionControl(session.pool)
      var name: ProjectionName?
      if let projection { name = try await control.require(projection) }
      let states = try await control.states(of: name, app: id)
      json ? Output.json(.array(states.map(\.json))) : Output.line(Self.text(states))
      if states.contains(where: { $0.condition == .failed }) { throw ExitCode.failure }
    }
  }

  private static func text(_ states: [ProjectionState]) -> String {
    guard !states.isEmpty else { return "No app has an event yet." }
    var table = Table("PROJECTION", "APP", "POSITION", "HEAD", "LAG", "STATE", "FOLDED BY")
    for state in states {
      table.add(
        state.projection.rawValue + (state.isBeside ? " (rebuild)" : ""), state.app.rawValue,
        state.position.grouped, state.head.grouped, state.lag.grouped, state.condition.rawValue,
        state.owner ?? "-")
    }
    let failures = states.compactMap { state in
      state.failedPosition.map { position in
        "\(state.app): position \(position) cannot be folded: \(state.failure ?? "-")\n"
          + "  Mend it and: pushledger projections resume \(state.projection) --app \(state.app)\n"
          + "  or leave it out: pushledger projections skip \(state.projection) "
          + "--app \(state.app) --position \(position)"
      }
    }
    return ([table.text()] + failures).joined(separator: "\n\n")
  }
}

extension ProjectionState {
  var json: JSON {
    .object(present: [
      ("projection", .string(projection.rawValue)), ("app", .string(app.rawValue)),
      ("serves", .bool(!isBeside)), ("position", .integer(position)), ("head", .integer(head)),
      ("lag_events", .integer(lag)), ("lag_seconds", .number(String(lagSeconds))),
      ("state", .string(condition.rawValue)), ("owner", owner.map { .string($0) }),
      ("failed_position", failedPosition.map { .integer($0) }),
      ("failure", failure.map { .string($0) }),
    ])
  }
}

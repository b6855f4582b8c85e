import ArgumentParser
import Ledger
import Projections
import PushCore

/// The one projection, or one of its apps.
struct ProjectionChoice: ParsableArguments {
  @Argument(help: "The projection.") var projection: String
  @Option(help: "One app; none: all.") var app: String?

  func run(
    _ common: CommonOptions,
    _ body: @escaping @Sendable (ProjectionControl, ProjectionName, AppID?) async throws -> Void
  ) async throws {
    let id = try app.map { try AppID(argument: $0, "--app") }
    try await Session.run(common, "projections") { session in
      if let id { try await session.requireApp(id) }
      let control = ProjectionControl(session.pool)
      try await body(control, try await control.require(projection), id)
    }
  }
}

struct ProjectionsPause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Lets a projection stand still after the batch under way.",
    discussion: """
      What is due goes on being pushed; nothing new becomes due, and unread counts stand still.

      EXAMPLE
        pushledger projections pause notifications --app chat
      """)

  @OptionGroup var choice: ProjectionChoice
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await choice.run(common) { control, name, app in
      let apps = try await control.pause(name, app: app)
      Output.line("\(name) stands still for \(apps) \(apps == 1 ? "app" : "apps").")
    }
  }
}

struct ProjectionsResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Lets a projection go on: after a pause, or to try a failed event again.",
    discussion: "EXAMPLE\n  pushledger projections resume notifications --app chat")

  @OptionGroup var choice: ProjectionChoice
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await choice.run(common) { control, name, app in
      let apps = try await control.resume(name, app: app)
      Output.line(
        apps == 0
          ? "\(name) did not stand still."
          : "\(name) goes on for \(apps) \(apps == 1 ? "app" : "apps").")
    }
  }
}

struct ProjectionsSkip: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip", abstract: "Leaves an event out that a projection cannot fold, for good.",
    discussion: """
      The skip is an event of the ledger itself: every rebuild leaves the event out, too. The event \
      stays in the ledger.

      EXAMPLE
        pushledger projections skip notifications --app chat \\
          --position 4711 --reason "from a newer version"
      """)

  @Argument(help: "The projection.") var projection: String
  @Option(help: "The app.") var app: String
  @Option(help: "Where it stands still: see projections status.") var position: Int64
  @Option(help: "Why, for those who read it later; at most 256 bytes.") var reason: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let reason, reason.utf8.count > Limits.reasonBytes {
      throw ValidationError(
        "--reason has \(reason.utf8.count) bytes; at most \(Limits.reasonBytes) are allowed.")
    }
  }

  func run() async throws {
    let id = try AppID(argument: app, "--app")
    try await Session.run(common, "projections") { session in
      try await session.requireApp(id)
      let control = ProjectionControl(session.pool)
      let name = try await control.require(projection)
      try await control.skip(
        name, of: id, at: position, reason: reason, now: Timestamp.systemClock())
      Output.line("\(name) leaves position \(position.grouped) of \(id) out and goes on.")
    }
  }
}

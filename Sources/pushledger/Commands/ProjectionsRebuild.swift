import ArgumentParser
import Ledger
import Projections
import PushCore

struct ProjectionsRebuild: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Makes a projection anew from its events, beside the one that serves, then swaps.",
    discussion: """
      Events keep coming and pushes keep going meanwhile. Broken off in any place, it goes on where \
      it stood when it is started again. Several processes may fold at once, each other apps: give \
      all but one --no-swap.

      EXAMPLES
        pushledger projections rebuild notifications
        pushledger projections rebuild notifications --app chat --no-swap
      """)

  @Argument(help: "The projection.") var projection: String
  @Option(help: "Fold this app only; may be given several times. None: all.") var app: [String] = []
  @Option(help: "Apps that are folded at the same time.") var workers = 1
  @Flag(inversion: .prefixedNo, help: "Let it take over once it is done.") var swap = true
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard 1...64 ~= workers else {
      throw ValidationError("--workers is \(workers); 1 to 64 is expected.")
    }
    guard app.isEmpty || !swap else {
      throw ValidationError(
        "With --app there are other apps left to fold: add --no-swap, and swap when all are done.")
    }
  }

  func run() async throws {
    let apps = try app.map { try AppID(argument: $0, "--app") }
    Memory.shareOneArena()
    try await Session.run(common, "rebuild") { session in
      _ = try await ProjectionControl(session.pool).require(projection)
      for app in apps { try await session.requireApp(app) }
      var configuration = Rebuild.Configuration()
      configuration.workers = workers
      configuration.apps = Set(apps)
      if let added = try await session.addedRebuild(of: projection, configuration) {
        try await run(added)
        return
      }
      let rebuild = Rebuild(session.pool, configuration: configuration)
      let isNew = try await rebuild.begin()
      say(isNew: isNew)
      let pace = RebuildPace(try await rebuild.progress())
      var folded = try await fold(rebuild, pace)
      if apps.isEmpty, try await !rebuild.isIndexed() {
        Output.progress("Making the last indexes")
        try await rebuild.index()
        folded = try await fold(rebuild, pace)
      }
      Output.progress("")
      show(folded, pace, swap ? .some(.some(try await rebuild.swapAloud())) : Rebuild.Swap??.none)
    }
  }

  private func run(_ rebuild: AddedRebuild) async throws {
    say(isNew: try await rebuild.begin())
    let pace = RebuildPace(try await rebuild.progress())
    let folded = try await rebuild.fold { progress in Output.progress(pace.text(progress)) }
    Output.progress("")
    if swap { try await rebuild.swap() }
    show(folded, pace, swap ? .some(nil) : nil)
  }

  private func say(isNew: Bool) {
    if !json { Output.note(isNew ? "A new rebuild." : "The rebuild goes on.") }
  }

  private func fold(_ rebuild: Rebuild, _ pace: RebuildPace) async throws -> Rebuild.Progress {
    let done = try await rebuild.fold { progress in Output.progress(pace.text(progress)) }
    guard done.poisoned.isEmpty else { throw SwapRefusal.poisoned(done.poisoned) }
    return done
  }

  /// - Parameter swapped: Nil: it does not serve yet; nil within: it does, and nothing had to wait.
  private func show(_ folded: Rebuild.Progress, _ pace: RebuildPace, _ swapped: Rebuild.Swap??) {
    let events = folded.events - pace.first
    let seconds = pace.seconds
    if json {
      Output.json(
        .object(present: [
          ("events", .integer(events)), ("seconds", .number(String(seconds))),
          ("swapped", .bool(swapped != nil)),
          ("blocked_seconds", swapped?.map { .number(String($0.blocked.seconds)) }),
          ("mended", swapped?.map { .integer($0.mended) }),
          ("mending", swapped?.map { .bool($0.isMending) }),
          ("failure", swapped.flatMap { $0?.failure }.map { .string($0) }),
        ]))
      return
    }
    Output.line(
      "\(events.grouped) events are folded, in \(Int(seconds.rounded()).grouped) s "
        + "(\(Int(Double(events) / max(seconds, 0.001)).grouped) a second).")
    if let swapped {
      Output.line(swapped?.text ?? AddedRebuild.swapped)
    } else {
      Output.line("It does not serve yet: pushledger projections swap \(projection)")
    }
  }
}

struct ProjectionsSwap: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swap", abstract: "Lets a rebuild that is done serve.",
    discussion: "EXAMPLE\n  pushledger projections swap notifications")

  @Argument(help: "The projection.") var projection: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "swap") { session in
      _ = try await ProjectionControl(session.pool).require(projection)
      if let added = try await session.addedRebuild(of: projection) {
        try await added.swap()
        Output.line(AddedRebuild.swapped)
        return
      }
      let rebuild = Rebuild(session.pool)
      try await rebuild.requireBegun()
      if try await !rebuild.isIndexed() { try await rebuild.index() }
      Output.line(try await rebuild.swapAloud().text)
    }
  }
}

struct ProjectionsDrop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Gives a rebuild up; what serves goes on.",
    discussion: "EXAMPLE\n  pushledger projections drop notifications")

  @Argument(help: "The projection.") var projection: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "drop") { session in
      _ = try await ProjectionControl(session.pool).require(projection)
      if let added = try await session.addedRebuild(of: projection) {
        try await added.drop()
      } else {
        try await Rebuild(session.pool).drop()
      }
      Output.line("The rebuild of \(projection) is gone. What serves goes on.")
    }
  }
}

extension Rebuild {
  fileprivate func swapAloud() async throws -> Swap {
    let done = try await swap { app, left in
      Output.progress("It serves. Setting right what is due: \(app), \(left.grouped) events to go")
    }
    Output.progress("")
    return done
  }
}

extension Rebuild.Swap {
  fileprivate var text: String {
    let milliseconds = Int((blocked.seconds * 1_000).rounded(.up))
    return "It serves. Nothing could be appended for \(milliseconds) ms."
      + (mended > 0 ? " \(mended.grouped) rows of what is due were set right." : "")
      + (isMending
        ? " More of it is set right where apps are folded: see pushledger projections status."
          + (failure.map { " Here it failed: \($0)" } ?? "")
        : "")
  }
}

extension AddedRebuild {
  /// Nothing is due by such a projection: appends did not wait.
  fileprivate static let swapped = "It serves."
}

extension Session {
  /// The rebuild of a projection that was added; nil where it is built in.
  fileprivate func addedRebuild(
    of name: String, _ configuration: Rebuild.Configuration = Rebuild.Configuration()
  ) async throws -> AddedRebuild? {
    let name = ProjectionName(unchecked: name)
    guard try await AddedProjections(pool).contains(name) else { return nil }
    return AddedRebuild(pool, of: name, configuration: configuration)
  }
}

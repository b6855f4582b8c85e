import ArgumentParser
import Ledger
import PushCore

struct PausesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pauses",
    abstract: "Holds back what is pushed of an app, or of one provider of it, and lets it go on.",
    discussion: """
      Dispatchers and streams hand nothing of it out from then on, within a second; what is in \
      flight is finished. What waits can expire. Taken away, what waited goes on at once, in order.

      EXAMPLES
        pushledger pauses add --app chat --provider apns --reason "doubled pushes"
        pushledger pauses list
        pushledger pauses remove --app chat --provider apns
      """,
    subcommands: [PausesList.self, PausesAdd.self, PausesRemove.self])
}

/// The app of a pause, and the provider.
struct PauseChoice: ParsableArguments {
  @Option(help: "The app.") var app: String
  @Option(help: "One provider, as `credentials providers` names it. None: the whole app.")
  var provider: String?

  func run(
    _ common: CommonOptions,
    _ body: @escaping @Sendable (DispatchPauses, ProviderName?, AppID) async throws -> Void
  ) async throws {
    let id = try AppID(argument: app, "--app")
    let name = try provider.map { try ProviderName(argument: $0) }
    try await Session.run(common, "pauses") { session in
      try await session.requireApp(id)
      try await body(DispatchPauses(session.pool), name, id)
    }
  }

  /// What is paused, in a sentence.
  static func text(_ provider: ProviderName?, _ app: AppID) -> String {
    provider.map { "\($0.rawValue) of \(app)" } ?? "All of \(app)"
  }
}

struct PausesList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists what is paused, since when, by whom and why.",
    discussion: "EXAMPLE\n  pushledger pauses list --json")

  @Option(help: "One app; none: all.") var app: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try app.map { try AppID(argument: $0, "--app") }
    try await Session.run(common, "pauses") { session in
      if let id { try await session.requireApp(id) }
      let pauses = try await DispatchPauses(session.pool).list(of: id)
      if json {
        Output.json(.array(pauses.map(Self.json)))
        return
      }
      var table = Table("app", "provider", "since", "by", "reason")
      for pause in pauses {
        table.add(
          pause.app.rawValue, pause.provider?.rawValue ?? "all", pause.pausedAt.description,
          pause.keyID.map { "key \($0)" } ?? "command", pause.reason ?? "")
      }
      Output.line(table.isEmpty ? "Nothing is paused." : table.text())
    }
  }

  private static func json(_ pause: DispatchPause) -> JSON {
    [
      "app": .string(pause.app.rawValue),
      "provider": pause.provider.map { .string($0.rawValue) } ?? .null,
      "paused_at": .string(pause.pausedAt.description),
      "key_id": pause.keyID.map { .string($0) } ?? .null,
      "reason": pause.reason.map { .string($0) } ?? .null,
    ]
  }
}

struct PausesAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Pushes nothing of an app, or of one provider of it, any more.",
    discussion: """
      EXAMPLES
        pushledger pauses add --app chat --reason "wrong text in the campaign"
        pushledger pauses add --app chat --provider fcm
      """)

  @OptionGroup var choice: PauseChoice
  @Option(help: "Why, for those who read it later; at most 256 bytes.") var reason: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let reason, !(1...Limits.reasonBytes).contains(reason.utf8.count) {
      throw ValidationError(
        "--reason has \(reason.utf8.count) bytes; 1 to \(Limits.reasonBytes) are allowed.")
    }
  }

  func run() async throws {
    let reason = reason
    try await choice.run(common) { pauses, provider, app in
      let isNew = try await pauses.pause(provider, of: app, reason: reason)
      let text = PauseChoice.text(provider, app)
      Output.line(
        isNew
          ? "\(text) is paused. What is in flight is finished."
          : "\(text) is paused already; that pause stays as it is.")
    }
  }
}

struct PausesRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Lets what was paused go on, at once and in order.",
    discussion: """
      A pause of the whole app and one of a provider are taken away each by itself.

      EXAMPLES
        pushledger pauses remove --app chat
        pushledger pauses remove --app chat --provider fcm
      """)

  @OptionGroup var choice: PauseChoice
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await choice.run(common) { pauses, provider, app in
      let isGone = try await pauses.resume(provider, of: app)
      let text = PauseChoice.text(provider, app)
      let rest = try await pauses.list(of: app).filter { $0.provider == nil || provider == nil }
      Output.line(
        !isGone
          ? "\(text) was not paused."
          : rest.isEmpty
            ? "\(text) goes on."
            : "That pause is gone. Still paused: "
              + rest.map { PauseChoice.text($0.provider, app) }.joined(separator: ", ") + ".")
    }
  }
}

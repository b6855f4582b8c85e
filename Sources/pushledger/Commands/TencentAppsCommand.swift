import ArgumentParser
import Ledger
import PushCore

struct AppsTencent: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tencent",
    abstract: "Says under which SDKAppIDs an app takes requests of Tencent IM's server API.",
    discussion: """
      EXAMPLE
        pushledger apps tencent add chat 1400000000 --secret key.txt \\
          --administrator administrator
      """,
    subcommands: [
      AppsTencentAdd.self, AppsTencentList.self, AppsTencentRemove.self, AppsTencentWebhook.self,
    ])
}

struct AppsTencentAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Adds an SDKAppID, or replaces its key and administrators.",
    discussion: """
      Servers take it up within 5 seconds. With its first SDKAppID an app gets Tencent's 7 reachable \
      days, unless it has another number; `apps set --reachable-days` changes it. Then a backend \
      that sends through Tencent's server API only needs another host name.

      EXAMPLE
        pushledger apps tencent add chat 1400000000 --secret key.txt \\
          --administrator administrator
      """)

  /// A phone that was killed or lost its connection is pushed for so long there.
  private static let reachableDays = 7

  @Argument(help: "The app.") var app: String
  @Argument(help: "The SDKAppID.") var sdkappid: Int64
  @Option(help: "The file whose first line is the secret key.") var secret: String
  @Option(help: "An identifier that may send requests; may be given again.")
  var administrator: [String]
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    let key = try UserSigCommand.secret(secret)
    try await Session.run(common, "apps") { session in
      let apps = Apps(session.pool)
      var settings = try await apps.app(id).settings
      let isFirst = try await TencentApps(session.pool).list(of: id).isEmpty
      do {
        try await TencentApps(session.pool).put(
          sdkappid, for: id, administrators: administrator, secretKey: key)
      } catch let AppsError.invalid(error) {
        throw ValidationError("\(error)")
      }
      if isFirst, settings.reachableDays == nil {
        settings.reachableDays = Self.reachableDays
        try await apps.update(id, to: settings)
      }
      Output.line("SDKAppID \(sdkappid) stands for app \(id).")
    }
  }
}

struct AppsTencentList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists an app's SDKAppIDs, without their keys.",
    discussion: "EXAMPLE\n  pushledger apps tencent list chat --json")

  @Argument(help: "The app.") var app: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      try await session.requireApp(id)
      let list = try await TencentApps(session.pool).list(of: id)
      if json {
        Output.json(
          .array(
            list.map { app in
              [
                "sdkappid": .integer(app.sdkAppID),
                "administrators": .array(app.administrators.map { .string($0) }),
                "created_at": .string(app.createdAt.description),
              ]
            }))
        return
      }
      var table = Table("sdkappid", "administrators", "created")
      for app in list {
        table.add(
          "\(app.sdkAppID)", app.administrators.joined(separator: " "),
          app.createdAt.description)
      }
      Output.line(
        table.isEmpty
          ? "No SDKAppIDs. Add one: pushledger apps tencent add \(id) NUMBER --secret FILE "
            + "--administrator NAME" : table.text())
    }
  }
}

struct AppsTencentRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes an SDKAppID; its requests are refused from then on.",
    discussion: "EXAMPLE\n  pushledger apps tencent remove chat 1400000000")

  @Argument(help: "The app.") var app: String
  @Argument(help: "The SDKAppID.") var sdkappid: Int64
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      try await session.requireApp(id)
      try await TencentApps(session.pool).remove(sdkappid, of: id)
      Output.line("Removed SDKAppID \(sdkappid).")
    }
  }
}

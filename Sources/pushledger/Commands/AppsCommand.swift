import ArgumentParser
import Ledger
import PushCore

struct AppsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apps", abstract: "Creates, lists and changes apps (tenants).",
    discussion: "EXAMPLE\n  pushledger apps list",
    subcommands: [AppsCreate.self, AppsList.self, AppsSet.self, AppsTencent.self])
}

/// The settings of an app as flags; what is left out stays as it is.
struct AppSettingOptions: ParsableArguments {
  @Option(help: "Lanes that due pushes are spread over, 1 to 64; only before the first event.")
  var lanes: Int?
  @Option(help: "Language of placeholders such as [voice]: en or zh.") var language: String?
  @Option(help: "Recipients above which suppressed decisions are kept as counts.")
  var suppressedRows: Int?
  @Option(help: "Seconds that a push is tried when its message names no expiry.")
  var pushLifetime: Int64?
  @Flag(inversion: .prefixedNo, help: "Call a due push off once its message is read.")
  var cancelOnRead: Bool?
  @Flag(inversion: .prefixedNo, help: "Call a due push off once its device is in use.")
  var cancelOnForeground: Bool?
  @Option(
    help: ArgumentHelp(
      "Devices that may be logged in at once: "
        + LoginPolicy.allCases.map(\.rawValue).joined(separator: ", ") + "."))
  var loginPolicy: String?
  @Option(
    help: "Days after which a device that nothing was heard of counts as offline; 0: never.")
  var reachableDays: Int?

  var isEmpty: Bool {
    lanes == nil && language == nil && suppressedRows == nil && pushLifetime == nil
      && cancelOnRead == nil && cancelOnForeground == nil && loginPolicy == nil
      && reachableDays == nil
  }

  func applied(to old: AppSettings) throws -> AppSettings {
    var settings = old
    if let lanes { settings.lanes = lanes }
    if let language {
      guard let known = MessageContent.Language(rawValue: language) else {
        throw ValidationError("--language is \(language.given); en or zh is expected.")
      }
      settings.language = known
    }
    if let suppressedRows { settings.suppressedRowsLimit = suppressedRows }
    if let pushLifetime { settings.pushLifetime = .seconds(pushLifetime) }
    if let cancelOnRead { settings.cancelsOnRead = cancelOnRead }
    if let cancelOnForeground { settings.cancelsOnForeground = cancelOnForeground }
    if let loginPolicy {
      guard let known = LoginPolicy(rawValue: loginPolicy) else {
        throw ValidationError(
          "--login-policy is \(loginPolicy); one of "
            + LoginPolicy.allCases.map(\.rawValue).joined(separator: ", ") + " is expected.")
      }
      settings.loginPolicy = known
    }
    if let reachableDays, !(0...3_650 ~= reachableDays) {
      throw ValidationError(
        "--reachable-days is \(reachableDays); 1 to 3650, or 0 for never, is expected.")
    }
    if let reachableDays { settings.reachableDays = reachableDays == 0 ? nil : reachableDays }
    do {
      try settings.check()
    } catch {
      throw ValidationError("The setting \(error)")
    }
    return settings
  }
}

struct AppsCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Creates an app with an empty ledger.",
    discussion: "EXAMPLE\n  pushledger apps create chat --language zh")

  @Argument(help: "1 to 64 of a-z 0-9 - _ .") var app: String
  @OptionGroup var settings: AppSettingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      try await Apps(session.pool).create(id, settings: try settings.applied(to: AppSettings()))
      Output.line("Created app \(id). Next: pushledger keys create \(id) --scope send")
    }
  }
}

struct AppsSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Changes an app's settings, for what is decided from now on.",
    discussion: "EXAMPLE\n  pushledger apps set chat --no-cancel-on-read")

  @Argument(help: "The app.") var app: String
  @OptionGroup var settings: AppSettingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if settings.isEmpty {
      throw ValidationError("There is nothing to change; give a setting, such as --language zh.")
    }
  }

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      let apps = Apps(session.pool)
      let old = try await apps.app(id).settings
      let new = try settings.applied(to: old)
      if new.lanes != old.lanes {
        let head = try await LedgerReader(session.pool).head(of: id)
        guard head == 0 else {
          throw ValidationError(
            "App \(id) has events up to position \(head); its lanes stay at \(old.lanes), for a "
              + "device's due pushes would change lanes and lose their order.")
        }
      }
      try await apps.update(id, to: new)
      Output.line("Changed app \(id).")
    }
  }
}

struct AppsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the apps with their settings.",
    discussion: "EXAMPLE\n  pushledger apps list --json")

  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "apps") { session in
      let apps = try await Apps(session.pool).list()
      if json {
        Output.json(.array(apps.map(Self.json)))
        return
      }
      var table = Table(
        "app", "lanes", "language", "rows up to", "lifetime s", "calls off on", "logins",
        "reach days")
      for app in apps {
        let cancels = [
          app.settings.cancelsOnRead ? "read" : nil,
          app.settings.cancelsOnForeground ? "foreground" : nil,
        ].compactMap(\.self)
        table.add(
          app.id.rawValue, "\(app.settings.lanes)", app.settings.language.rawValue,
          "\(app.settings.suppressedRowsLimit)",
          "\(app.settings.pushLifetime.components.seconds)", cancels.joined(separator: ", "),
          app.settings.loginPolicy.rawValue, app.settings.reachableDays.map(String.init) ?? "")
      }
      Output.line(table.isEmpty ? "No apps. Create one: pushledger apps create NAME" : table.text())
    }
  }

  private static func json(_ app: App) -> JSON {
    [
      "app": .string(app.id.rawValue), "lanes": .integer(app.settings.lanes),
      "language": .string(app.settings.language.rawValue),
      "suppressed_rows_limit": .integer(app.settings.suppressedRowsLimit),
      "push_lifetime_seconds": .integer(app.settings.pushLifetime.components.seconds),
      "cancel_on_read": .bool(app.settings.cancelsOnRead),
      "cancel_on_foreground": .bool(app.settings.cancelsOnForeground),
      "login_policy": .string(app.settings.loginPolicy.rawValue),
      "reachable_days": app.settings.reachableDays.map { .integer($0) } ?? .null,
      "created_at": .string(app.createdAt.description),
    ]
  }
}

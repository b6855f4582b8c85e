import ArgumentParser
import Ledger
import PushCore

struct AppsTencentWebhook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook",
    abstract: "Says which URL is called when something happened, in Tencent IM's form.",
    discussion: """
      EXAMPLE
        pushledger apps tencent webhook set chat 1400000000 \\
          https://chat.example/imcallback --token token.txt
      """,
    subcommands: [
      AppsTencentWebhookSet.self, AppsTencentWebhookList.self, AppsTencentWebhookSkip.self,
      AppsTencentWebhookRemove.self,
    ])
}

struct AppsTencentWebhookSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Sets an SDKAppID's webhook, or changes it.",
    discussion: """
      A new one is told what comes from now on; one that is changed goes on where it was, and keeps \
      what is not named. A process `pushledger react`, or `up`, makes the calls: one after the \
      other, each until it is answered with 200 within 2 seconds.

      COMMANDS
        \(TencentWebhooks.commands.joined(separator: "\n  "))

      EXAMPLE
        pushledger apps tencent webhook set chat 1400000000 \\
          https://chat.example/imcallback --token token.txt \\
          --command C2C.CallbackAfterSendMsg --command Push.OfflinePush
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The SDKAppID.") var sdkappid: Int64
  @Argument(help: "An http or https URL without a query.") var url: String
  @Option(
    help: "The file whose first line is the token that calls are signed with; an empty one: none.")
  var token: String?
  @Option(help: "What is told; may be given again. Left out, of a new one: all of it.")
  var command: [String] = []
  @Flag(
    inversion: .prefixedNo,
    help: "Let it be an address of this server's own network.")
  var allowPrivate: Bool?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    let token = try token.map { try UserSigCommand.secret($0, of: "--token", mayBeEmpty: true) }
    try await Session.run(common, "apps") { session in
      try await session.requireApp(id)
      do {
        try await TencentWebhooks(session.pool).put(
          sdkappid, of: id, url: url, token: token, commands: command.isEmpty ? nil : command,
          allowsPrivate: allowPrivate)
      } catch let AppsError.invalid(error) {
        throw ValidationError("\(error)")
      }
      Output.line("SDKAppID \(sdkappid) is told at \(url).")
    }
  }
}

struct AppsTencentWebhookList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists an app's webhooks and how far they were told.",
    discussion: "EXAMPLE\n  pushledger apps tencent webhook list chat --json")

  @Argument(help: "The app.") var app: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      try await session.requireApp(id)
      let list = try await TencentWebhooks(session.pool).list(of: id)
      if json {
        Output.json(.array(list.map(Self.json)))
        return
      }
      var table = Table("sdkappid", "url", "signed", "behind", "calls", "failing", "commands")
      for webhook in list {
        let failing = webhook.failures == 0 ? "" : "\(webhook.failures) × \(webhook.reason ?? "")"
        table.add(
          "\(webhook.sdkAppID)", webhook.url, webhook.isSigned ? "yes" : "no",
          "\(webhook.behind)", "\(webhook.calls)", failing,
          webhook.commands.joined(separator: " "))
      }
      Output.line(
        table.isEmpty
          ? "No webhooks. Set one: pushledger apps tencent webhook set \(id) SDKAPPID URL"
          : table.text())
    }
  }

  private static func json(_ webhook: TencentWebhookStatus) -> JSON {
    [
      "sdkappid": .integer(webhook.sdkAppID), "url": .string(webhook.url),
      "signed": .bool(webhook.isSigned), "allows_private": .bool(webhook.allowsPrivate),
      "commands": .array(webhook.commands.map { .string($0) }),
      "position": .integer(webhook.position), "behind": .integer(webhook.behind),
      "calls": .integer(webhook.calls), "failures": .integer(Int64(webhook.failures)),
      "reason": webhook.reason.map { .string($0) } ?? .null,
    ]
  }
}

struct AppsTencentWebhookSkip: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip", abstract: "Leaves out the call that a webhook does not take.",
    discussion: """
      Nothing after it is told before it was taken. With --all everything that waits is left out.

      EXAMPLE
        pushledger apps tencent webhook skip chat 1400000000
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The SDKAppID.") var sdkappid: Int64
  @Flag(help: "Leave out everything that waits.") var all = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      try await session.requireApp(id)
      let webhooks = TencentWebhooks(session.pool)
      if all {
        let events = try await webhooks.skipAll(sdkappid, of: id)
        Output.line("Left out \(events) events; it is told what comes from now on.")
      } else if let events = try await webhooks.skipFailing(sdkappid, of: id) {
        Output.line("Left out the call that failed, of \(events) events up to it.")
      } else {
        throw ValidationError("No call fails; --all leaves out everything that waits.")
      }
    }
  }
}

struct AppsTencentWebhookRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a webhook; nothing is told from then on.",
    discussion: "EXAMPLE\n  pushledger apps tencent webhook remove chat 1400000000")

  @Argument(help: "The app.") var app: String
  @Argument(help: "The SDKAppID.") var sdkappid: Int64
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "apps") { session in
      try await session.requireApp(id)
      try await TencentWebhooks(session.pool).remove(sdkappid, of: id)
      Output.line("Removed the webhook of SDKAppID \(sdkappid).")
    }
  }
}

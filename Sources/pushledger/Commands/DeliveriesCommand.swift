import ArgumentParser
import Ledger
import Projections
import PushCore

import struct Foundation.UUID

struct DeliveriesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries",
    abstract: "Calls deliveries off, has them sent again, or tries a device.",
    discussion: """
      Each order is an event of the ledger. It shows in `explain` and in the message's time line.

      EXAMPLES
        pushledger deliveries cancel chat $ID --reason INC-7
        pushledger deliveries retry chat $ID --dry-run
        pushledger deliveries test chat bob phone
      """,
    subcommands: [DeliveriesCancel.self, DeliveriesRetry.self, DeliveriesTest.self])
}

/// Which deliveries, and why.
struct DeliveryChoice: ParsableArguments {
  @Argument(help: "The app.") var app: String
  @Argument(help: "Ids of deliveries, at most 500.") var deliveries: [String]
  @Option(help: "Why, for those who read it later; at most 256 bytes.") var reason: String?
  @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (1...DeliveryControl.maximum).contains(deliveries.count) else {
      throw ValidationError(
        "\(deliveries.count) deliveries are named; 1 to \(DeliveryControl.maximum) are taken.")
    }
    for id in deliveries where UUID(uuidString: id) == nil {
      throw ValidationError("'\(id)' is no delivery's id; `explain` and the views show them.")
    }
    if let reason, !(1...Limits.reasonBytes).contains(reason.utf8.count) {
      throw ValidationError(
        "--reason has \(reason.utf8.count) bytes; 1 to \(Limits.reasonBytes) are allowed.")
    }
  }

  func run(_ order: DeliveryControl.Order, _ common: CommonOptions) async throws {
    let app = try AppID(argument: app)
    let ids = deliveries.compactMap { UUID(uuidString: $0) }
    let (reason, dryRun, json) = (reason, dryRun, json)
    try await Session.run(common, "deliveries") { session in
      try await session.requireApp(app)
      let control = DeliveryControl(session.pool)
      let plan = try await control.plan(order, ids, of: app)
      let done =
        dryRun
        ? 0
        : try await control.carryOut(
          order, ids, of: app, by: nil, reason: reason, now: .systemClock())
      json ? Self.print(plan, done) : Self.show(plan, done, order, dryRun: dryRun)
      let known = Set(plan.map(\.id))
      if let unknown = ids.first(where: { !known.contains($0) }) {
        throw NotThere(id: unknown, app: app)
      }
    }
  }

  private static func print(_ plan: [DeliveryControl.Choice], _ done: Int) {
    Output.json(
      [
        "done": .integer(done),
        "deliveries": .array(
          plan.map { choice in
            .object(present: [
              ("delivery_id", JSON(choice.id)), ("message_id", JSON(choice.message)),
              ("user", JSON(choice.user)), ("device", choice.device.map { JSON($0) }),
              ("provider", choice.provider.map { .string($0) }),
              ("status", .string(choice.status)), ("taken", .bool(choice.refusal == nil)),
              ("why_not", choice.refusal.map { .string($0) }),
            ])
          }),
      ])
  }

  private static func show(
    _ plan: [DeliveryControl.Choice], _ done: Int, _ order: DeliveryControl.Order, dryRun: Bool
  ) {
    var table = Table("message", "user", "device", "status", order.rawValue)
    for choice in plan {
      table.add(
        choice.message.rawValue, choice.user.rawValue, choice.device?.rawValue ?? "",
        choice.status, choice.refusal ?? "yes")
    }
    if !table.isEmpty { Output.line(table.text()) }
    let taken = plan.count { $0.refusal == nil }
    switch order {
    case _ where dryRun: Output.line("\(taken.grouped) would be taken. Nothing was done.")
    case .cancel: Output.line("\(done.grouped) \(done == 1 ? "is" : "are") called off.")
    case .retry: Output.line("\(done.grouped) \(done == 1 ? "is" : "are") due again.")
    }
  }

  struct NotThere: Error, CustomStringConvertible {
    var id: UUID
    var app: AppID

    var description: String {
      "\(app) has no delivery \(id.uuidString.lowercased()). See those of a message with: "
        + "pushledger explain MESSAGE --app \(app) --json"
    }
  }
}

struct DeliveriesCancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Calls deliveries off that are due.",
    discussion: """
      What a provider has cannot be taken back.

      EXAMPLE
        pushledger deliveries cancel chat $ID
      """)

  @OptionGroup var choice: DeliveryChoice
  @OptionGroup var common: CommonOptions

  func run() async throws { try await choice.run(.cancel, common) }
}

struct DeliveriesRetry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Sends deliveries again that were refused or called off.",
    discussion: """
      It leaves alone what a provider took, what is due by itself, messages that were recalled or \
      erased or whose time is over, and devices that nothing would be sent to now.

      EXAMPLE
        pushledger deliveries retry chat $ID --dry-run
      """)

  @OptionGroup var choice: DeliveryChoice
  @OptionGroup var common: CommonOptions

  func run() async throws { try await choice.run(.retry, common) }
}

struct DeliveriesTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Sends a notification to one device.",
    discussion: """
      It is a message like any other, so all rules hold for it: a device in the foreground gets \
      nothing. It counts as unread for nobody. Watch it with explain or timeline.

      EXAMPLES
        pushledger deliveries test chat bob phone
        pushledger deliveries test chat bob phone --title Hello --text "Is this on?"
      """)

  @Argument(help: "The app.") var app: String
  @Argument(help: "The user.") var user: String
  @Argument(help: "The device.") var device: String
  @Option(help: "What the notification's title says.") var title = "Test"
  @Option(help: "What it says.") var text = "A test of notifications."
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if text.isEmpty {
      throw ValidationError("--text is empty; say what the notification shows, or leave it out.")
    }
  }

  func run() async throws {
    let app = try AppID(argument: app)
    let user = try UserID(argument: user, "<user>")
    let device = try DeviceID(argument: device, "<device>")
    let order = TestPush.Order(user: user, device: device, title: title, text: text)
    let json = json
    try await Session.run(common, "deliveries") { session in
      try await session.requireApp(app)
      let message = try await TestPush(session.pool).send(order, to: app, now: .systemClock())
      if json {
        Output.json(["message_id": JSON(message)])
      } else {
        Output.line("Sent as \(message). See: pushledger explain \(message) --app \(app)")
      }
    }
  }
}

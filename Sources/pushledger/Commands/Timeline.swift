import ArgumentParser
import Ledger
import Projections
import PushCore

struct Timeline: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what happened to a message, a user, a device or a group, newest last.",
    discussion: """
      A line an event, without what was written. A user's history holds all their devices, their \
      places in groups and what became of messages to them; a device's what it was pushed; a \
      group's its members and messages. Suppressed decisions of messages to many are counted, not \
      listed: `pushledger explain` decides them anew. Where messages are in an archive and not \
      here, the last line says up to which position, in JSON as archived_up_to.

      EXAMPLES
        pushledger timeline --message m-4711
        pushledger timeline --user bob --limit 20
        pushledger timeline --device bob/phone --before 120000
        pushledger timeline --group g1 --follow --json

      EXIT CODES
        0 shown · 1 nothing is known of it · 64 wrong usage
      """)

  @Option(help: "A message's id.") var message: String?
  @Option(help: "A user's id.") var user: String?
  @Option(help: "A user's device, as USER/DEVICE, with / and % of an id written %2F and %25.")
  var device: String?
  @Option(help: "A group's id.") var group: String?
  @Option(help: "Entries at most, 1 to \(TimelineReader.maximumLimit).")
  var limit = TimelineReader.usualLimit
  @Option(help: "Only what lies before this position.") var before: Int64?
  @Flag(help: "Print what was written, too; tokens are never printed.") var showContent = false
  @Flag(
    help: """
      Go on with what comes until stopped. A user's messages come once they are projected, perhaps \
      after later events.
      """)
  var follow = false
  @Flag(help: "Print JSON, an entry a line.") var json = false
  @OptionGroup var app: AppOption
  @OptionGroup var common: CommonOptions

  func validate() throws {
    let named = [message, user, device, group].compactMap(\.self).count
    guard named == 1 else {
      throw ValidationError("Name one of --message, --user, --device, --group.")
    }
    guard 1...TimelineReader.maximumLimit ~= limit else {
      throw ValidationError(
        "--limit is \(limit); a number from 1 to \(TimelineReader.maximumLimit) is expected.")
    }
    guard before ?? 1 >= 1 else {
      throw ValidationError("--before is \(before ?? 0); a position, 1 or more, is expected.")
    }
    guard before == nil || !follow else {
      throw ValidationError("--before looks back and --follow ahead: give one of the two.")
    }
  }

  func run() async throws {
    let subject = try subject()
    try await Session.run(common, "timeline") { session in
      let app = try await app.resolve(session)
      let reader = TimelineReader(session.pool)
      let ledger = LedgerReader(session.pool)
      let head = try await ledger.head(of: app)
      let projected = try await reader.projected(app)
      let page = try await reader.page(
        subject, of: app, .before(before ?? head + 1), limit: limit)
      guard !page.entries.isEmpty || follow else {
        throw NothingKnown(
          subject: subject, app: app,
          archive: page.archivedUpTo == nil ? nil : try await ledger.archive(of: app))
      }
      show(page)
      guard follow else { return }
      try await Follower.run(session) { follower in
        // What the page shows of deliveries may have been projected a moment after that was read.
        let shown = page.entries.last { $0.reach != nil || !$0.deliveries.isEmpty }?.position ?? 0
        try await go(subject, app, reader, follower, after: (head, max(projected, shown)))
      }
    }
  }

  private func subject() throws -> TimelineSubject {
    if let message { return .message(try MessageID(argument: message, "--message")) }
    if let user { return .user(try UserID(argument: user, "--user")) }
    if let group { return .group(try GroupID(argument: group, "--group")) }
    let parts = (device ?? "").split(separator: "/", omittingEmptySubsequences: false)
      .map { StreamName.decode(String($0)) }
    guard parts.count == 2 else {
      throw ValidationError(
        "--device is \(device ?? ""); write it USER/DEVICE, such as bob/phone.")
    }
    return .device(
      try UserID(argument: parts[0], "--device"), try DeviceID(argument: parts[1], "--device"))
  }

  private func show(_ page: TimelineReader.Page) {
    if !json {
      if page.hasMore, let first = page.entries.first {
        Output.note("There is more: --before \(first.position)")
      }
      Output.line(TimelineText.titles)
    }
    for entry in page.entries { show(entry) }
    guard let position = page.archivedUpTo else { return }
    if json {
      Output.json(["archived_up_to": .integer(position)])
    } else {
      Output.note("Messages up to position \(position), and their pushes, are in an archive.")
    }
  }

  private func show(_ entry: TimelineEntry) {
    if json {
      Output.json(entry.json(showsContent: showContent))
    } else {
      Output.line(TimelineText.line(entry, showsContent: showContent))
    }
  }

  /// Shows what comes. What the projection adds comes later than the events themselves.
  private func go(
    _ subject: TimelineSubject, _ app: AppID, _ reader: TimelineReader, _ follower: Follower,
    after start: (events: Position, projected: Position)
  ) async throws {
    var (events, messages) = start
    while !Task.isCancelled {
      let seen = follower.signals.count(of: app)
      let limit = TimelineReader.maximumLimit
      let told = try await reader.page(
        subject, of: app, .after(events), limit: limit, from: [.events]
      ).entries
      let decided = try await reader.page(
        subject, of: app, .after(messages), limit: limit, from: [.messages]
      ).entries
      for entry in (told + decided).sorted(by: { $0.position < $1.position }) { show(entry) }
      events = told.last?.position ?? events
      messages = decided.last?.position ?? messages
      guard told.isEmpty, decided.isEmpty else { continue }
      await follower.signals.wait(for: app, after: seen, atMost: LedgerFollower.usualPoll)
    }
  }
}

/// There is no event of it.
private struct NothingKnown: Error, CustomStringConvertible {
  var subject: TimelineSubject
  var app: AppID
  /// It may know something.
  var archive: LedgerArchive?

  var description: String {
    let name =
      switch subject {
      case .message(let message): "message \(message)"
      case .user(let user): "user \(user)"
      case .device(let user, let device): "device \(user)/\(device)"
      case .group(let group): "group \(group)"
      }
    return "App \(app) knows nothing of \(name) there. Ids are compared byte by byte; look around "
      + "with `pushledger tail --app \(app)`." + (archive.map { " " + $0.hint } ?? "")
  }
}

import ArgumentParser
import Ledger
import Projections
import PushCore

struct Archive: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a ledger up to a moment into files that verify by themselves.",
    discussion: """
      The folder gets compressed NDJSON files of events and of commits, and a manifest with their \
      SHA-256 and the hash chain at both ends of each part. A later run adds what came since. Every \
      part is read back and checked against the chain; --check does that again, without a database.

      With --detach the messages that the archive holds, with their attempts and receipts, are then \
      taken out of the database. What says how things are stays: users, devices, tokens, groups, \
      read marks. Unread counts and statistics stay as they are, and a rebuild begins at a snapshot. \
      `pushledger restore` puts them back. See docs/retention.md.

      EXAMPLES
        pushledger archive --app chat --before 30d --to /backup/chat
        pushledger archive --app chat --before 2026-01-01 --to /backup/chat
        pushledger archive --app chat --before 90d --to /backup/chat --detach
        pushledger archive --check /backup/chat
        pushledger restore --app chat --from /backup/chat

      Exits 1 where an archive is not as it was written.
      """)

  @OptionGroup var app: AppOption
  @Option(
    help: """
      What was recorded before: a day (from midnight in UTC), a time with its zone, or how long \
      ago, such as 30d; 0s: all.
      """)
  var before: String?
  @Option(help: "The folder; it is made where it is not there.") var to: String?
  @Option(help: "Check the archive in this folder, and nothing else.") var check: String?
  @Flag(help: "Take the messages that the archive holds out of the database.") var detach = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if check != nil {
      guard before == nil, to == nil, app.app == nil, !detach else {
        throw ValidationError(
          "--check goes alone: it takes none of --app, --before, --to and --detach.")
      }
    } else if before == nil || to == nil {
      throw ValidationError("Give --before and --to, or --check FOLDER.")
    }
  }

  func run() async throws {
    if let check {
      do {
        let archive = try ArchiveReader(check)
        try await archive.check { events in Output.progress("\(events.grouped) events") }
        Output.progress("")
        show(archive.manifest, newParts: nil, nil)
      } catch {
        guard json, let flaw = error.flawJSON else { throw error }
        Output.progress("")
        let app = try? ArchiveReader(check).manifest.app
        Output.json(
          .object(present: [
            ("app", app.map { .string($0.rawValue) }), ("sound", false), ("flaw", flaw),
          ]))
        throw ExitCode.failure
      }
      return
    }
    let moment = try Timestamp(argument: before ?? "", "--before")
    try await Session.run(common, "archive") { session in
      let app = try await app.resolve(session)
      let done = try await Archiver(session.pool).run(app, before: moment, to: to ?? "") {
        Output.progress("position \($0.grouped)")
      }
      let detached =
        detach && done.manifest.position > 0 ? try await self.detach(app, session) : nil
      Output.progress("")
      show(done.manifest, newParts: done.newParts, detached)
    }
  }

  private func detach(_ app: AppID, _ session: Session) async throws -> Detacher.Report? {
    let archive = try ArchiveReader(to ?? "")
    return try await Detacher(session.pool).run(app, archive: archive) { step, position in
      let doing =
        switch step {
        case .checking: "checking the archive"
        case .folding: "folding the snapshot"
        case .detaching: "detaching"
        }
      Output.progress("\(doing), position \(position.grouped)")
    }
  }

  private func show(
    _ manifest: ArchiveManifest, newParts: Int?, _ detached: Detacher.Report?
  ) {
    let last = manifest.parts.last
    if json {
      Output.json(
        .object(present: [
          ("app", .string(manifest.app.rawValue)), ("sound", true),
          ("position", .integer(manifest.position)),
          ("commits", .integer(last?.lastCommit ?? 0)),
          ("parts", .integer(manifest.parts.count)),
          ("new_parts", newParts.map { .integer($0) }),
          ("recorded_at", last.map { JSON($0.recordedAt) }),
          ("chain", last.map { .string($0.chainAfter) }),
          ("detached_up_to", detached.map { .integer($0.position) }),
          ("detached_events", detached.map { .integer($0.events) }),
          ("kept_messages", detached.map { .integer($0.kept) }),
          ("held_by", detached?.heldBy.map { .string($0) }), ("flaw", .null),
        ]))
      return
    }
    guard let last else {
      Output.line("\(manifest.app): nothing is that old.")
      return
    }
    Output.line(
      "\(manifest.app): sound, \(manifest.position.grouped) events in "
        + "\(last.lastCommit.grouped) commits, up to \(last.recordedAt), "
        + "chain \(last.chainAfter.prefix(16))…"
        + (newParts.map { "; \($0) of \(manifest.parts.count) parts are new" } ?? ""))
    guard let detached else { return }
    let kept =
      detached.kept == 0
      ? "" : ", but for \(detached.kept.grouped) that went on later, until the next run"
    Output.line(
      detached.position == 0
        ? "No messages are detached."
        : "\(detached.events.grouped) events are detached now; messages up to position "
          + "\(detached.position.grouped) are in the archive alone\(kept).")
    if let heldBy = detached.heldBy {
      Output.line("Those after that stay here, too, for they are still needed: \(heldBy).")
    }
  }
}

extension ArchiveError {
  /// What is wrong with an archive, as `verify --json` says it of a ledger; nil where it is not the
  /// archive's fault.
  fileprivate var flawJSON: JSON? {
    switch self {
    case .flaw(let flaw):
      [
        "kind": .string(flaw.kind.rawValue), "position": .integer(flaw.position),
        "detail": .string(description),
      ]
    case .unsound(let file, _):
      ["kind": "file", "file": .string(file), "detail": .string(description)]
    case .transfer(let error) where error != .cancelled:
      ["kind": "file", "detail": .string(description)]
    default: nil
    }
  }
}

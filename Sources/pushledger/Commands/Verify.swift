import ArgumentParser
import Ledger
import PushCore

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Recomputes the hash chain and names the first position that does not fit.",
    discussion: """
      Events that were detached to an archive are not there to be recomputed: of their commits the \
      hash is taken as it is stored, and must lead to the archive's end. With --archive its files \
      are checked, and all that the ledger still holds of them is held against them: that finds \
      what was changed among events that are missing, too.

      EXAMPLES
        pushledger verify              # every app
        pushledger verify chat --json
        pushledger verify --app chat --archive /backup/chat

      Exits 1 where a ledger was changed behind PushLedger's back, or the archive was.
      """)

  @Argument(help: "The apps; none: all, or with --archive its own.") var apps: [String] = []
  @Option(help: "An app, named as other commands take it.") var app: String?
  @Option(help: "The folder of an archive to hold the app's ledger against.") var archive: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if archive != nil, apps.count + (app == nil ? 0 : 1) > 1 {
      throw ValidationError("--archive is of one app. Name that one alone, or none.")
    }
  }

  func run() async throws {
    let archive = try archive.map { try ArchiveReader($0) }
    var named = try apps.map { try AppID(argument: $0) }
    if let app {
      let id = try AppID(argument: app, "--app")
      if !named.contains(id) { named.append(id) }
    }
    if named.isEmpty, let archive { named = [archive.manifest.app] }
    try await Session.run(common, "verify") { [named] session in
      let all = named.isEmpty ? try await Apps(session.pool).list().map(\.id) : named
      var reports: [VerificationReport] = []
      for app in all {
        reports.append(try await verify(app, archive, session))
        Output.progress("", done: false)
      }
      show(reports, archive)
      if reports.contains(where: { !$0.isSound }) { throw ExitCode.failure }
    }
  }

  private func verify(
    _ app: AppID, _ archive: ArchiveReader?, _ session: Session
  ) async throws -> VerificationReport {
    let progress = { @Sendable (position: Position, head: Position) in
      Output.progress("\(app): position \(position.grouped) of \(head.grouped)")
    }
    let verifier = Verifier(session.pool)
    guard let archive else { return try await verifier.verify(app, progress: progress) }
    return try await verifier.verify(app, archive: archive, progress: progress)
  }

  private func show(_ reports: [VerificationReport], _ archive: ArchiveReader?) {
    if json {
      Output.json(
        .array(
          reports.map { report in
            [
              "app": .string(report.app.rawValue), "sound": .bool(report.isSound),
              "events": .integer(report.events), "commits": .integer(report.commits),
              "erased": .integer(report.erased), "detached": .integer(report.detached),
              "archived_up_to": report.archivedUpTo.map { .integer($0) } ?? .null,
              "compared_up_to": archive.map { .integer($0.manifest.position) } ?? .null,
              "chain": .string(report.chain),
              "flaw": report.flaw.map {
                [
                  "kind": .string($0.kind.rawValue), "position": .integer($0.position),
                  "detail": .string($0.description),
                ]
              } ?? .null,
            ]
          }))
      return
    }
    for report in reports {
      if let flaw = report.flaw {
        Output.line("\(report.app): NOT SOUND. \(flaw)")
      } else {
        Output.line(Self.text(of: report, archive))
      }
    }
    if reports.isEmpty { Output.line("No apps.") }
  }

  private static func text(of report: VerificationReport, _ archive: ArchiveReader?) -> String {
    var text =
      "\(report.app): sound, \(report.events.grouped) events in "
      + "\(report.commits.grouped) commits, chain \(report.chain.prefix(16))…"
    if report.erased > 0 { text += "; the content of \(report.erased.grouped) was erased" }
    if let end = report.archivedUpTo {
      text += "; \(report.detached.grouped) events are in the archive up to position \(end.grouped)"
    }
    if let archive {
      text += "; it fits the archive up to position \(archive.manifest.position.grouped)"
    }
    return text
  }
}

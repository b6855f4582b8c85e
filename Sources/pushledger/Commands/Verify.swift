import ArgumentParser
import Ledger
import PushCore

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Recomputes the hash chain and names the first position that does not fit.",
    discussion: """
      EXAMPLES
        pushledger verify              # every app
        pushledger verify chat --json

      Exits 1 where a ledger was changed behind PushLedger's back.
      """)

  @Argument(help: "The apps; none: all.") var apps: [String] = []
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let named = try apps.map { try AppID(argument: $0) }
    try await Session.run(common, "verify") { session in
      let all = named.isEmpty ? try await Apps(session.pool).list().map(\.id) : named
      var reports: [VerificationReport] = []
      for app in all {
        let report = try await Verifier(session.pool).verify(app) { events, head in
          Output.progress("\(app): \(events.grouped) of \(head.grouped) events")
        }
        Output.progress("", done: false)
        reports.append(report)
      }
      show(reports)
      if reports.contains(where: { !$0.isSound }) { throw ExitCode.failure }
    }
  }

  private func show(_ reports: [VerificationReport]) {
    if json {
      Output.json(
        .array(
          reports.map { report in
            [
              "app": .string(report.app.rawValue), "sound": .bool(report.isSound),
              "events": .integer(report.events), "commits": .integer(report.commits),
              "erased": .integer(report.erased), "chain": .string(report.chain),
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
        Output.line(
          "\(report.app): sound, \(report.events.grouped) events in "
            + "\(report.commits.grouped) commits, chain \(report.chain.prefix(16))…"
            + (report.erased > 0 ? "; the content of \(report.erased.grouped) was erased" : ""))
      }
    }
    if reports.isEmpty { Output.line("No apps.") }
  }
}

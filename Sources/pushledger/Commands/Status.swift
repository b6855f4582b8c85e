import ArgumentParser
import Ledger
import Postgres
import PushCore

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows each app's head, lag and what is due.",
    discussion: """
      EXAMPLES
        pushledger status
        pushledger status --json

      What is due without a credential to send it with is said loudly: it waits until one is added.
      """)

  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "status") { session in
      let projections = try await session.pool.query(
        """
        select app, position, head, lag_events, lag_seconds
        from pushledger.projection_status where serves order by app
        """)
      let due = try await DispatchReport(pool: session.pool).lines()
      if json {
        Output.json(try Self.json(projections, due))
      } else {
        try Self.show(projections, due)
      }
    }
  }

  private static func json(
    _ projections: PostgresResult, _ due: [DispatchReport.Line]
  ) throws -> JSON {
    .array(
      try projections.map { row in
        let app: String = try row.get(0)
        return [
          "app": .string(app), "head": .integer(try row.get(2, as: Int64.self)),
          "projected": .integer(try row.get(1, as: Int64.self)),
          "lag_events": .integer(try row.get(3, as: Int64.self)),
          "lag_seconds": .number(String(try row.get(4, as: Double.self))),
          "dispatch": .array(due.filter { $0.app.rawValue == app }.map(DispatchReport.json)),
        ]
      })
  }

  private static func show(
    _ projections: PostgresResult, _ due: [DispatchReport.Line]
  ) throws {
    var table = Table("app", "head", "projected", "lag events", "lag s")
    for row in projections {
      table.add(
        try row.get(0), try row.get(2, as: Int64.self).grouped,
        try row.get(1, as: Int64.self).grouped, try row.get(3, as: Int64.self).grouped,
        String((try row.get(4, as: Double.self) * 10).rounded() / 10))
    }
    Output.line(table.isEmpty ? "No apps. Create one: pushledger apps create NAME" : table.text())
    guard !due.isEmpty else { return }
    var dueTable = Table("app", "provider", "due", "backing off", "oldest", "dispatchers", "")
    for line in due {
      dueTable.add(
        line.app.rawValue, line.provider, line.due.grouped, line.backingOff.grouped,
        line.oldestDueAt?.description ?? "", line.dispatchers.grouped,
        line.lacks.map { "THESE WAIT: \($0)" } ?? "")
    }
    Output.line("\n" + dueTable.text())
  }
}

import ArgumentParser
import Ledger
import Postgres
import PushCore

struct SQLCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Asks the ledger in SQL: answers a question by its name, or opens psql.",
    discussion: """
      Both with the role pushledger_reader, which sees the views and functions of schema pushledger \
      and can change nothing. The database user must be allowed to take it: \
      grant pushledger_reader to ann;

      A value given with --set goes to the server as a parameter, never as a part of the statement.

      EXAMPLES
        pushledger sql                       # opens psql
        pushledger sql --list                # the questions
        pushledger sql why_no_ring --list    # one question, its variables, its SQL
        pushledger sql why_no_ring chat --set message=42 --set user=ann
        pushledger sql latency_by_hour chat --set from=2026-03-02 --csv
      """)

  @Argument(help: "The question's name.") var name: String?
  @Argument(help: "The app that it is about.") var app: String?
  @Option(name: .customLong("set"), help: "A variable of the question, as name=value.")
  var values: [String] = []
  @Flag(help: "List the questions, or tell one.") var list = false
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV, the columns' names first.") var csv = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !(json && csv) else {
      throw ValidationError("--json and --csv are both given; one of the two is expected.")
    }
    guard name != nil || list || (values.isEmpty && !json && !csv) else {
      throw ValidationError(
        "--set, --json and --csv are for a question: name one. See pushledger sql --list")
    }
    for value in values where !value.dropFirst().contains("=") || value.hasPrefix("=") {
      throw ValidationError("--set is \(value.given); name=value is expected.")
    }
  }

  func run() async throws {
    if list { return try tell() }
    try await Session.run(common, "sql", requiresCurrentSchema: false) { session in
      let questions = LedgerQuestions(session.pool)
      guard let name else {
        try await questions.check()
        await session.pool.close()
        try PsqlProgram.run(session.postgres)
      }
      let given = try given()
      let answer = try await questions.ask(try NamedQuery.named(name), given)
      if answer.rows.isEmpty { try await requireKnown(given["app"], session) }
      show(answer)
      try await noteArchives(of: given["app"], session)
    }
  }

  /// That nothing was found for want of an app of that name. A reader sees the views alone.
  private func requireKnown(_ app: String?, _ session: Session) async throws {
    guard let app else { return }
    let rows = try await session.pool.query(
      "select from pushledger.projection_status where app = $1 limit 1", [app])
    guard !rows.isEmpty else { throw AppsError.unknownApp(AppID(unchecked: app)) }
  }

  /// Says of which apps the answer lacks messages.
  private func noteArchives(of app: String?, _ session: Session) async throws {
    let rows = try await session.pool.query(
      "select app, position from pushledger.archives where $1::text is null or app = $1 order by app",
      [app])
    for row in rows {
      let (app, position) = (try row.get(0, as: String.self), try row.get(1, as: Position.self))
      Output.note(
        "Messages of \(app) up to position \(position.grouped) are in its archive: an answer about "
          + "them lacks them.")
    }
  }

  private func given() throws -> [String: String] {
    var given: [String: String] = [:]
    given["app"] = try app.map { try AppID(argument: $0).rawValue }
    for value in values {
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard given.updateValue(String(parts[1]), forKey: String(parts[0])) == nil else {
        throw ValidationError("\(parts[0]) is given twice; give it once.")
      }
    }
    return given
  }

  // MARK: Questions

  private func tell() throws {
    if let name {
      let query = try NamedQuery.named(name)
      json ? Output.json(Self.json(query)) : Self.show(query)
      return
    }
    if json {
      Output.json(.array(NamedQuery.all.map(Self.json)))
      return
    }
    var table = Table("name", "question")
    for query in NamedQuery.all { table.add(query.name, query.question) }
    Output.line(table.text())
  }

  private static func show(_ query: NamedQuery) {
    Output.line(query.question + "\n")
    if !query.variables.isEmpty {
      var table = Table("variable", "default", "meaning")
      for variable in query.variables {
        table.add(variable.name, variable.preset ?? "", variable.meaning)
      }
      Output.line(table.text() + "\n")
    }
    Output.line(query.text + ";")
  }

  private static func json(_ query: NamedQuery) -> JSON {
    [
      "name": .string(query.name), "question": .string(query.question),
      "variables": .array(
        query.variables.map { variable in
          [
            "name": .string(variable.name),
            "default": variable.preset.map { .string($0) } ?? .null,
            "meaning": .string(variable.meaning),
          ]
        }),
      "sql": .string(query.text + ";"),
    ]
  }

  // MARK: Answers

  private func show(_ answer: QueryAnswer) {
    if json {
      Output.json(
        .array(
          answer.rows.map { row in
            .object(zip(answer.columns, row).map { JSON.Member($0, $1) })
          }))
    } else if csv {
      let lines = [answer.columns] + answer.rows.map { $0.map(Self.cell) }
      Output.line(lines.map { $0.map(Self.quoted).joined(separator: ",") }.joined(separator: "\n"))
    } else {
      var table = Table(answer.columns)
      for row in answer.rows { table.add(row.map(Self.cell)) }
      Output.line(table.isEmpty ? "No rows." : table.text())
    }
    if answer.isCut {
      Output.note("Only the first \(LedgerQuestions.rowLimit.grouped) rows are shown.")
    }
  }

  private static func cell(_ value: JSON) -> String {
    switch value {
    case .null: ""
    case .string(let text): text
    case .number(let text): text
    case .bool(let flag): flag ? "true" : "false"
    case .array, .object: value.text
    }
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { ",\"\n\r".contains($0) }) else { return cell }
    return "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}

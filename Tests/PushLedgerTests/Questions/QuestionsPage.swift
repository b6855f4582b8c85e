import Foundation
import Ledger
import Postgres
import PushCore

/// The part of docs/sql.md that is made of the database: its views, its functions, and each
/// question with what it answers about the known history.
struct QuestionsPage {
  /// The page's first part, up to here, is written by people.
  static let mark = "<!-- What follows is written by scripts/sql-doc. -->\n"
  static let file = root.appending(path: "docs/sql.md")

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  let rig: CommandRig

  func text() async throws -> String {
    try await [views(), functions(), questions()].joined(separator: "\n")
  }

  // MARK: The schema

  private func views() async throws -> String {
    let rows = try await rig.pool.query(
      """
      select c.relname, obj_description(c.oid, 'pg_class'),
        (select string_agg('`' || a.attname || '`', ', ' order by a.attnum) from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0)
      from pg_class c
      where c.relnamespace = 'pushledger'::regnamespace and c.relkind = 'v'
      order by c.relname collate "C"
      """)
    var text = "## Views\n\nEach column has a comment: `\\d+ deliveries` in psql shows them.\n"
    for row in rows {
      text += try "\n**`\(row.get(0, as: String.self))`**: \(row.get(1, as: String.self))"
      text += try "\n\(row.get(2, as: String.self)).\n"
    }
    return text
  }

  private func functions() async throws -> String {
    let rows = try await rig.pool.query(
      """
      select p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
        obj_description(p.oid, 'pg_proc')
      from pg_proc p
      where p.pronamespace = 'pushledger'::regnamespace
        and has_function_privilege('pushledger_reader', p.oid, 'execute')
      order by p.proname collate "C"
      """)
    var text = "## Functions\n"
    for row in rows {
      let name: String = try row.get(0)
      text += try "\n**`\(name)(\(row.get(1, as: String.self)))`** returns "
      text += try "`\(row.get(2, as: String.self))`: \(row.get(3, as: String.self))\n"
      let examples = try Self.examples(name)
      if !examples.isEmpty { text += "\n```sql\n\(examples)\n```\n" }
    }
    return text
  }

  /// The examples in the head of a function's file; one that a migration makes has none.
  private static func examples(_ name: String) throws -> String {
    let file = root.appending(path: "sql/functions/\(name).sql")
    guard FileManager.default.fileExists(atPath: file.path) else { return "" }
    let head = try String(contentsOf: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("--") }
    var found: [String] = []
    var isExample = false
    for line in head {
      if line.hasPrefix("--   select") { isExample = true }
      if isExample { found.append(String(line.dropFirst(5))) }
      if line.contains(";") { isExample = false }
    }
    return found.joined(separator: "\n")
  }

  // MARK: The questions

  private func questions() async throws -> String {
    var text = "## Questions\n"
    for query in NamedQuery.all {
      let arguments = Self.arguments(query)
      let answer = try await rig.succeed(["sql"] + arguments)
      text += "\n### \(query.name)\n\n\(query.question)\n\n```console\n"
      text += "$ pushledger sql \(arguments.joined(separator: " "))\n"
      text += "\(answer.text)```\n"
    }
    return text
  }

  /// The command line that asks a question about the known history.
  static func arguments(_ query: NamedQuery) -> [String] {
    var values = KnownLedger.values[query.name] ?? [:]
    for variable in query.variables where values[variable.name] == nil {
      values[variable.name] = KnownLedger.morning[variable.name]
    }
    let takesApp = query.variables.contains { $0.name == "app" }
    return [query.name] + (takesApp ? ["chat"] : [])
      + query.variables.compactMap { variable in
        values[variable.name].map { ["--set", "\(variable.name)=\($0)"] }
      }.flatMap(\.self)
  }
}

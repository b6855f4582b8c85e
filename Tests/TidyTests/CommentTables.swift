import Testing

/// Every table and column says in the database what it holds.
@Suite struct CommentTables {
  private let sql = SourceTree.files
    .filter { $0.path.hasPrefix("sql/migrations/") }
    .map { $0.text.replacing(/--[^\n]*/, with: "") }
    .joined(separator: "\n")

  @Test func describesEveryTable() {
    let tables = tables.keys
    #expect(!tables.isEmpty)
    #expect(tables.filter { !sql.contains("comment on table \($0) is") } == [])
  }

  @Test func describesEveryColumn() {
    let columns = tables.flatMap { table, columns in columns.map { "\(table).\($0)" } }
    #expect(tables.allSatisfy { !$0.value.isEmpty })
    #expect(columns.filter { !sql.contains("comment on column \($0) is") } == [])
  }

  /// The columns of each table, as created and as added later.
  private var tables: [String: [String]] {
    var found: [String: [String]] = [:]
    let create = /create table (?:if not exists )?([\w.]+) \(\n((?:  .*\n)+)\)/
    let constraint = /^(?:constraint|primary key|unique|check|foreign key|exclude|like)\b/
    for match in sql.matches(of: create) {
      // A column stands two spaces in; its continuation lines stand further in.
      found[String(match.output.1)] = match.output.2.split(separator: "\n")
        .compactMap { $0.wholeMatch(of: /\s\s(\w.*)/)?.output.1 }
        .filter { $0.prefixMatch(of: constraint) == nil }
        .compactMap { $0.prefixMatch(of: /\w+/).map { String($0.output) } }
    }
    for match in sql.matches(of: /alter table ([\w.]+)([^;]*);/) {
      let added = match.output.2.matches(of: /add column (?:if not exists )?(\w+)/)
      found[String(match.output.1), default: []] += added.map { String($0.output.1) }
    }
    return found
  }
}

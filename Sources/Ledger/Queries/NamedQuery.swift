internal import LedgerSQL
internal import Postgres

/// A question that people ask of the ledger: a file of `sql/queries`.
///
///     -- Why did this user's phone (not) ring for this message?    the question
///     -- app: the app                                              a variable that must be given
///     -- from = yesterday: from when, inclusive                    one with a default
///     select … where d.app = :'app' …                              as psql takes variables
public struct NamedQuery: Sendable {
  public struct Variable: Sendable, Equatable {
    public var name: String
    /// Nil: it must be given.
    public var preset: String?
    public var meaning: String
  }

  /// The file's name without `.sql`.
  public var name: String
  public var question: String
  public var variables: [Variable]
  /// The statement without its head and its semicolon, with psql's variables in it.
  public var text: String

  /// All of them, in the order of their names.
  public static let all: [NamedQuery] = SQLFiles.queries
    .map { NamedQuery(name: String($0.name.dropLast(4)), file: $0.sql) }
    .sorted { $0.name < $1.name }

  /// - Throws: ``QueryError/unknownQuery(_:)``.
  public static func named(_ name: String) throws(QueryError) -> NamedQuery {
    guard let query = all.first(where: { $0.name == name }) else {
      throw .unknownQuery(name)
    }
    return query
  }

  /// Reads a file: comments up to the first line that is none are its head.
  init(name: String, file: String) {
    self.name = name
    let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
    let head = lines.prefix { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
    question = head.first ?? ""
    variables = head.dropFirst().compactMap { line in
      guard let found = line.wholeMatch(of: /(\w+)(?: = (.+?))?: (.+)/) else { return nil }
      return Variable(
        name: String(found.output.1), preset: found.output.2.map(String.init),
        meaning: String(found.output.3))
    }
    var body = lines.dropFirst(head.count).joined(separator: "\n")
    while let last = body.last, last.isWhitespace || last == ";" { body.removeLast() }
    text = body
  }

  /// The variables that the statement reads, each once, in the order in which it does.
  public var readVariables: [String] {
    var names: [String] = []
    for found in text.matches(of: Self.place) where !names.contains(String(found.output.1)) {
      names.append(String(found.output.1))
    }
    return names
  }

  /// What the statement takes its variables for where that is not text, by their names.
  var types: [String: String] {
    let casts = text.matches(of: /:'(\w+)'::(\w+)/)
    return Dictionary(casts.map { (String($0.1), String($0.2)) }) { first, _ in first }
  }

  /// The statement with its values as parameters: they never become part of its text.
  ///
  /// - Throws: ``QueryError/unknownVariable(_:_:)`` or ``QueryError/missingVariable(_:_:)``.
  func call(_ values: [String: String], limit: Int) throws(QueryError) -> PostgresCall {
    for name in values.keys.sorted() where !variables.contains(where: { $0.name == name }) {
      throw .unknownVariable(name, self)
    }
    var parameters = PostgresParameters()
    var numbers: [String: Int] = [:]
    for variable in variables {
      guard let value = values[variable.name] ?? variable.preset else {
        throw .missingVariable(variable, self)
      }
      parameters.add(value)
      numbers[variable.name] = parameters.count
    }
    let statement = text.replacing(Self.place) { found in
      numbers[String(found.output.1)].map { "$\($0)" } ?? String(found.output.0)
    }
    return PostgresCall(
      "select row_to_json(q) from (\n\(statement)\n) q limit \(limit)", parameters)
  }

  private static var place: Regex<(Substring, Substring)> { /:'(\w+)'/ }
}

/// Why a question was not answered.
public enum QueryError: Error, Equatable {
  case unknownQuery(String)
  case unknownVariable(String, NamedQuery)
  case missingVariable(NamedQuery.Variable, NamedQuery)
  /// A value that PostgreSQL cannot read as the type that the question needs.
  case badValue(name: String, value: String, type: String)
  /// Values that can be read each by itself, and that the question cannot be answered for.
  ///
  /// - Parameters:
  ///   - problem: In PostgreSQL's words, without the values.
  ///   - given: As `name=value`.
  case unfitValues(problem: String, given: [String])
  case tookTooLong(seconds: Int64)
  /// The database user may not take the role.
  case notAReader(user: String)
}

extension QueryError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownQuery(let name):
      "There is no query named \"\(name)\". See what there is: pushledger sql --list"
    case .unknownVariable(let name, let query):
      "The query \(query.name) has no variable \(name); it has "
        + (query.variables.isEmpty
          ? "none." : query.variables.map(\.name).joined(separator: ", ") + ".")
    case .missingVariable(let variable, let query):
      "The query \(query.name) needs \(variable.name), \(variable.meaning): give it with "
        + (variable.name == "app"
          ? "`pushledger sql \(query.name) APP`." : "`--set \(variable.name)=VALUE`.")
    case .badValue(let name, let value, let type):
      "The variable \(name) is \(value); \(Self.expected(type))"
    case .unfitValues(let problem, let given):
      "A value does not fit the question: \(problem). It was given: "
        + "\(given.joined(separator: ", ")); give another."
    case .tookTooLong(let seconds):
      "The question took longer than \(seconds) s and was given up. Ask for a shorter time: "
        + "--set from=… --set to=…"
    case .notAReader(let user):
      "The database user \(user) may not take the role \(LedgerQuestions.role). Let somebody who may "
        + "grant it: grant \(LedgerQuestions.role) to \(user);"
    }
  }

  private static func expected(_ type: String) -> String {
    type == "timestamptz"
      ? "a time is expected, like 2026-03-02T08:00Z or yesterday."
      : "a number is expected, in digits, of at most \(Int32.max)."
  }
}

extension NamedQuery: Equatable {
  public static func == (left: NamedQuery, right: NamedQuery) -> Bool { left.name == right.name }
}

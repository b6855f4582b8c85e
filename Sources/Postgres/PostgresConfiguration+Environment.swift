import CLibPQ

extension PostgresConfiguration {
  /// The connection string as the environment variables that libpq's programs read, such as
  /// `PGHOST`: unlike an argument, no other user of the machine sees them, the password included.
  ///
  /// - Throws: ``PostgresError/Kind/connectionRefused``: libpq does not understand it.
  public func environment() throws(PostgresError) -> [String: String] {
    let string = connectionString
    if string.isEmpty { return [:] }
    guard string.contains("=") || string.contains("://") else { return ["PGDATABASE": string] }
    guard let options = PQconninfoParse(string, nil) else {
      throw PostgresError(
        .connectionRefused,
        message: "The connection string is not one that libpq understands: see its manual, 34.1.1.")
    }
    defer { PQconninfoFree(options) }
    var found: [String: String] = [:]
    var option = options
    while option.pointee.keyword != nil {
      if let name = option.pointee.envvar, let value = option.pointee.val {
        found[String(cString: name)] = String(cString: value)
      }
      option += 1
    }
    return found
  }
}

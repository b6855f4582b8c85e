/// A connection string as a URI, cut as libpq cuts it.
///
///     postgresql://user:password@host:port/database?key=value
enum ConnectionURI {
  /// Whether an `@` or `/` stands where it may belong to the password: libpq takes what comes after it
  /// for a host or a port, and quotes that in its errors.
  static func isAmbiguous(_ string: String) -> Bool {
    let schemes = ["postgresql://", "postgres://"]
    guard let scheme = schemes.first(where: { string.hasPrefix($0) }) else { return false }
    let whole = string.dropFirst(scheme.count)
    var rest = whole
    var before: Substring = ""
    if let end = whole.firstIndex(where: { $0 == "@" || $0 == "/" }), whole[end] == "@" {
      before = whole[..<end]
      rest = whole[whole.index(after: end)...]
    }
    rest = rest.prefix { $0 != "?" }
    let host = rest.prefix { $0 != "/" }
    if host.contains("@") { return true }
    return rest.contains("@") && (before.contains(":") || host.contains(":"))
  }
}

/// Where and how to connect. Host, user, TLS and everything else that libpq knows are said in its own
/// words: a URL, a `key=value` string, or the `PG…` environment for what neither of them says.
public struct PostgresConfiguration: Sendable, CustomStringConvertible {
  /// A libpq URL or `key=value` string; empty means: the environment decides. It may hold a
  /// password, so it is never logged and never part of an error.
  public var connectionString: String

  /// Shown in `pg_stat_activity`, unless the connection string or `PGAPPNAME` say another.
  public var applicationName: String

  /// How long the server may work on one statement; nil leaves the role's setting alone, and then a
  /// silent server is noticed by TCP keep-alive only.
  public var statementTimeout: Duration?

  /// How long one attempt to connect may last, name resolution excepted.
  public var connectTimeout: Duration

  public init(
    _ connectionString: String = "",
    applicationName: String = "pushledger",
    statementTimeout: Duration? = .seconds(30),
    connectTimeout: Duration = .seconds(10)
  ) {
    self.connectionString = connectionString
    self.applicationName = applicationName
    self.statementTimeout = statementTimeout
    self.connectTimeout = connectTimeout
  }

  /// Without the connection string.
  public var description: String { "PostgreSQL settings of \(applicationName)" }
}

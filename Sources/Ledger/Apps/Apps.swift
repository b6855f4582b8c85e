public import Postgres
public import PushCore

/// The tenants of a database.
public struct Apps: Sendable {
  private static let columns = """
    app, lanes, language, suppressed_rows_limit, push_lifetime_seconds, cancel_on_read,
    cancel_on_foreground, created_at, login_policy, reachable_days
    """

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Creates an app with an empty ledger. Needs the rights of the tables' owner.
  public func create(
    _ app: AppID, settings: AppSettings = AppSettings()
  ) async throws(AppsError) {
    try Self.check(settings)
    let created = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Bool in
      try await pool.query("select ledger.create_app($1)", [app.rawValue])[0].get(0)
    }
    guard created else { throw .appExists(app) }
    if settings != AppSettings() { try await update(app, to: settings) }
  }

  public func exists(_ app: AppID) async throws(AppsError) -> Bool {
    try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Bool in
      try await !pool.query("select from ledger.apps where app = $1", [app.rawValue]).isEmpty
    }
  }

  public func app(_ app: AppID) async throws(AppsError) -> App {
    let found = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> [App] in
      try Self.apps(
        try await pool.query(
          "select \(Self.columns) from ledger.apps where app = $1", [app.rawValue]))
    }
    guard let only = found.first else { throw .unknownApp(app) }
    return only
  }

  /// All of them, by name.
  public func list() async throws(AppsError) -> [App] {
    do {
      return try Self.apps(
        try await pool.query("select \(Self.columns) from ledger.apps order by app"))
    } catch {
      throw .database(error)
    }
  }

  /// Replaces an app's settings. Needs the rights of the tables' owner. What was decided before
  /// stays as it was.
  public func update(_ app: AppID, to settings: AppSettings) async throws(AppsError) {
    try Self.check(settings)
    let changed = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        update ledger.apps set lanes = $2, language = $3, suppressed_rows_limit = $4,
          push_lifetime_seconds = $5, cancel_on_read = $6, cancel_on_foreground = $7,
          login_policy = $8, reachable_days = $9
        where app = $1
        """,
        [
          app.rawValue, Int32(settings.lanes), settings.language.rawValue,
          Int32(settings.suppressedRowsLimit), settings.pushLifetime.components.seconds,
          settings.cancelsOnRead, settings.cancelsOnForeground, settings.loginPolicy.rawValue,
          settings.reachableDays.map { Int32($0) },
        ]
      ).affectedRows
    }
    guard changed == 1 else { throw .unknownApp(app) }
  }

  private static func check(_ settings: AppSettings) throws(AppsError) {
    do {
      try settings.check()
    } catch {
      throw .invalid(error)
    }
  }

  private static func apps(_ result: PostgresResult) throws(PostgresError) -> [App] {
    var apps: [App] = []
    for row in result {
      var settings = AppSettings()
      settings.lanes = try row.get(1)
      settings.language = MessageContent.Language(rawValue: try row.get(2)) ?? .en
      settings.suppressedRowsLimit = try row.get(3)
      settings.pushLifetime = .seconds(try row.get(4, as: Int64.self))
      settings.cancelsOnRead = try row.get(5)
      settings.cancelsOnForeground = try row.get(6)
      settings.loginPolicy = LoginPolicy(rawValue: try row.get(8)) ?? .onePerPlatform
      settings.reachableDays = try row.optional(9, as: Int32.self).map { Int($0) }
      apps.append(
        App(
          id: AppID(unchecked: try row.get(0)), settings: settings,
          createdAt: try row.timestamp(7)))
    }
    return apps
  }
}

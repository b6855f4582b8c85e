public import Postgres
public import PushCore
import Synchronization

/// An SDKAppID of Tencent IM and the app that it stands for, without its secret key.
public struct TencentAppSummary: Sendable, Equatable {
  public var sdkAppID: Int64
  public var app: AppID
  /// Identifiers that may send requests of the server API.
  public var administrators: [String]
  public var createdAt: Timestamp
}

/// The same with the key that UserSigs are made with. Its description leaves that out.
public struct TencentApp: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  public var app: AppID
  public var administrators: [String]
  public var secretKey: String
  /// Whether somebody wants to be told of one-to-one messages, also of refused ones.
  public var tellsMessages: Bool

  public var description: String { "SDKAppID of \(app)" }
  public var customMirror: Mirror { Mirror(self, children: ["app": app]) }
}

/// The SDKAppIDs under which apps take requests of Tencent IM's server API.
///
/// What was found is good for ``cacheLifetime`` more without a look at the database, also that there
/// is nothing.
public final class TencentApps: Sendable {
  public static let cacheLifetime = Duration.seconds(5)
  static let cacheLimit = 1_000
  public static let secretKeyBytes = 1_024
  public static let administratorsPerApp = 100
  public static let identifierBytes = 256

  private struct Entry {
    var found: TencentApp?
    var goodUntil: ContinuousClock.Instant
  }

  private let pool: PostgresPool
  private let cache = Mutex<[Int64: Entry]>([:])

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Adds an SDKAppID, or replaces its key and administrators. Needs the rights of the table's
  /// owner.
  ///
  /// - Throws: ``AppsError/sdkAppIDTaken(_:)`` where it stands for another app.
  public func put(
    _ sdkAppID: Int64, for app: AppID, administrators: [String], secretKey: String
  ) async throws(AppsError) {
    try Self.check(sdkAppID, administrators, secretKey)
    let stored = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        insert into ledger.tencent_apps as t (sdkappid, app, secret_key, administrators, created_at)
        values ($1, $2, $3, $4, clock_timestamp())
        on conflict (sdkappid) do update
          set secret_key = excluded.secret_key, administrators = excluded.administrators
          where t.app = excluded.app
        """, [sdkAppID, app.rawValue, secretKey, administrators]
      ).affectedRows
    }
    forget(sdkAppID)
    guard stored == 1 else { throw .sdkAppIDTaken(sdkAppID) }
  }

  public func list(of app: AppID) async throws(AppsError) -> [TencentAppSummary] {
    try await AppsError.wrap(app: app) { () async throws(PostgresError) -> [TencentAppSummary] in
      let result = try await pool.query(
        """
        select sdkappid, administrators, created_at from ledger.tencent_apps
        where app = $1 order by sdkappid
        """, [app.rawValue])
      var list: [TencentAppSummary] = []
      for row in result {
        list.append(
          TencentAppSummary(
            sdkAppID: try row.get(0), app: app,
            administrators: try row.array(1, of: String.self), createdAt: try row.timestamp(2)))
      }
      return list
    }
  }

  public func remove(_ sdkAppID: Int64, of app: AppID) async throws(AppsError) {
    let removed = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        "delete from ledger.tencent_apps where sdkappid = $1 and app = $2",
        [sdkAppID, app.rawValue]
      ).affectedRows
    }
    forget(sdkAppID)
    guard removed == 1 else { throw .unknownSDKAppID(sdkAppID) }
  }

  /// - Returns: Nil where no app has this SDKAppID.
  public func find(_ sdkAppID: Int64) async throws(AppsError) -> TencentApp? {
    let asked = ContinuousClock.now
    if let entry = cache.withLock({ $0[sdkAppID] }), entry.goodUntil > asked { return entry.found }
    do {
      let row = try await pool.query(
        """
        select t.app, t.administrators, t.secret_key,
          coalesce('C2C.CallbackAfterSendMsg' = any (w.commands), false)
        from ledger.tencent_apps t left join ledger.tencent_webhooks w using (sdkappid)
        where t.sdkappid = $1
        """, [sdkAppID]
      ).first
      var found: TencentApp?
      if let row {
        found = TencentApp(
          app: AppID(unchecked: try row.get(0)),
          administrators: try row.array(1, of: String.self), secretKey: try row.get(2),
          tellsMessages: try row.get(3))
      }
      let entry = Entry(found: found, goodUntil: asked + Self.cacheLifetime)
      cache.withLock { cache in
        if cache.count >= Self.cacheLimit { cache = [:] }
        cache[sdkAppID] = entry
      }
      return found
    } catch {
      throw .database(error)
    }
  }

  private func forget(_ sdkAppID: Int64) { cache.withLock { $0[sdkAppID] = nil } }

  private static func check(
    _ sdkAppID: Int64, _ administrators: [String], _ secretKey: String
  ) throws(AppsError) {
    guard sdkAppID > 0 else {
      throw .invalid(
        FieldError(.outOfRange, "sdkappid", "is \(sdkAppID); a number from 1 on is expected."))
    }
    guard 1...administratorsPerApp ~= administrators.count else {
      throw .invalid(
        FieldError(
          administrators.isEmpty ? .missing : .tooLong, "administrators",
          "has \(administrators.count) entries; give 1 to \(administratorsPerApp)."))
    }
    for name in administrators where !(1...identifierBytes ~= name.utf8.count) {
      throw .invalid(
        FieldError(
          .outOfRange, "administrators",
          "has one of \(name.utf8.count) bytes; give 1 to \(identifierBytes)."))
    }
    guard 1...secretKeyBytes ~= secretKey.utf8.count, !secretKey.utf8.contains(0) else {
      throw .invalid(
        FieldError(
          .outOfRange, "secret_key",
          "must be a text of 1 to \(secretKeyBytes) bytes without zero bytes."))
    }
  }
}

import Crypto
public import Postgres
public import PushCore

/// What a key may do.
public enum APIScope: String, Sendable, Hashable, CaseIterable {
  /// Messages, recalls, reads, users, groups, events.
  case send
  /// Devices and their state.
  case device
  /// Reading of all kinds.
  case read
  case admin
}

/// A key as it is listed: without its secret, which is kept nowhere.
public struct APIKey: Sendable, Equatable {
  public var app: AppID
  public var id: String
  public var scopes: Set<APIScope>
  public var label: String
  public var createdAt: Timestamp
  public var revokedAt: Timestamp?
}

/// Who a key speaks for.
public struct APIIdentity: Sendable, Equatable {
  public var app: AppID
  public var scopes: Set<APIScope>
  public var keyID: String

  public init(app: AppID, scopes: Set<APIScope>, keyID: String) {
    self.app = app
    self.scopes = scopes
    self.keyID = keyID
  }

  /// `admin` may do everything.
  public func may(_ scope: APIScope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }
}

/// The keys of the HTTP API.
///
/// A key that was found good is good for ``cacheLifetime`` more without a look at the database: so
/// long may a revocation take to reach other processes. In this one it counts at once.
public final class APIKeys: Sendable {
  public static let cacheLifetime = Duration.seconds(5)
  /// Keys remembered; a process that sees more looks into the database more often.
  static let cacheLimit = 10_000
  /// A label's bytes at most.
  public static let labelBytes = 256

  private let pool: PostgresPool
  private let flights = APIKeyFlights()
  private let cache = APIKeyCache(limit: APIKeys.cacheLimit, lifetime: APIKeys.cacheLifetime)

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Creates a key. Needs the rights of the table's owner.
  ///
  /// - Returns: The key's text, which nobody can show again, and its id.
  public func create(
    for app: AppID, scopes: Set<APIScope>, label: String = ""
  ) async throws(AppsError) -> (text: String, id: String) {
    guard !scopes.isEmpty else {
      throw .invalid(FieldError(.missing, "scopes", "is empty; give one or more."))
    }
    guard label.utf8.count <= Self.labelBytes else {
      throw .invalid(
        FieldError(
          .tooLong, "label",
          "has \(label.utf8.count) bytes; at most \(Self.labelBytes) are allowed."))
    }
    var random = SystemRandomNumberGenerator()
    let key = APIKeyText(for: app, using: &random)
    _ = try await AppsError.wrap(app: app) { () async throws(PostgresError) in
      try await pool.query(
        """
        insert into ledger.api_keys (app, key_id, secret_sha256, scopes, label, created_at)
        values ($1, $2, $3, $4, $5, clock_timestamp())
        """,
        [
          app.rawValue, key.id, PostgresBytes(key.secretSHA256),
          scopes.map(\.rawValue).sorted(), label,
        ])
    }
    return (key.text, key.id)
  }

  /// An app's keys, revoked ones too, oldest first.
  public func list(of app: AppID) async throws(AppsError) -> [APIKey] {
    try await AppsError.wrap(app: app) { () async throws(PostgresError) -> [APIKey] in
      let result = try await pool.query(
        """
        select key_id, scopes, label, created_at, revoked_at from ledger.api_keys
        where app = $1 order by created_at, key_id
        """, [app.rawValue])
      var keys: [APIKey] = []
      for row in result {
        keys.append(
          APIKey(
            app: app, id: try row.get(0), scopes: try Self.scopes(row, 1), label: try row.get(2),
            createdAt: try row.timestamp(3),
            revokedAt: try row.optionalTimestamp(4)))
      }
      return keys
    }
  }

  /// Makes a key worthless; see ``cacheLifetime`` for when. Twice is as once.
  public func revoke(_ id: String, of app: AppID) async throws(AppsError) {
    let found = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        with moment as materialized (select clock_timestamp() as now)
        update ledger.api_keys k set revoked_at = coalesce(k.revoked_at, m.now)
        from moment m where k.app = $1 and k.key_id = $2
        """, [app.rawValue, id]
      ).affectedRows
    }
    cache.remove(id)
    guard found == 1 else { throw .unknownKey(id: id) }
  }

  /// Whom a key speaks for.
  ///
  /// - Parameter text: What stood after `Bearer `.
  /// - Returns: Nil where it is no key, or a wrong or revoked one; which of them is not told.
  public func authenticate(_ text: String) async throws(AppsError) -> APIIdentity? {
    guard text.utf8.count <= APIKeyText.maximumBytes else { return nil }
    let fingerprint = SHA256.hash(data: Array(text.utf8))
    if let known = cache.identity(fingerprint, at: .now) { return known }
    guard let key = APIKeyText(text) else { return nil }
    let question = flights.join(fingerprint, generation: cache.generation) { [self] generation in
      do throws(AppsError) {
        return .success(try await ask(key, fingerprint, generation: generation))
      } catch {
        return .failure(error)
      }
    }
    return try await question.value.get()
  }

  private func ask(
    _ key: APIKeyText, _ fingerprint: SHA256Digest, generation: UInt64
  ) async throws(AppsError) -> APIIdentity? {
    let asked = ContinuousClock.now
    let result = try await AppsError.wrap(app: key.app) { () async throws(PostgresError) in
      try await pool.query(
        """
        select secret_sha256, scopes from ledger.api_keys
        where app = $1 and key_id = $2 and revoked_at is null
        """, [key.app.rawValue, key.id])
    }
    do {
      guard let row = result.first,
        equalInConstantTime(try row.get(0, as: PostgresBytes.self).bytes, key.secretSHA256)
      else { return nil }
      let identity = APIIdentity(
        app: key.app, scopes: try Self.scopes(row, 1), keyID: key.id)
      cache.insert(identity, fingerprint, askedAt: asked, generation: generation)
      return identity
    } catch {
      throw .database(error)
    }
  }

  private static func scopes(_ row: PostgresRow, _ column: Int) throws(PostgresError)
    -> Set<APIScope>
  {
    Set(try row.array(column, of: String.self).compactMap { APIScope(rawValue: $0) })
  }
}

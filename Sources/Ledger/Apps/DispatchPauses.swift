public import Postgres
public import PushCore

/// A person's order that nothing of an app, or of one provider of it, is pushed.
public struct DispatchPause: Sendable, Equatable {
  public var app: AppID
  /// Nil: the whole app.
  public var provider: ProviderName?
  public var pausedAt: Timestamp
  /// The API key under which it was ordered; nil: by the command.
  public var keyID: String?
  public var reason: String?

  public init(
    app: AppID, provider: ProviderName?, pausedAt: Timestamp, keyID: String? = nil,
    reason: String? = nil
  ) {
    self.app = app
    self.provider = provider
    self.pausedAt = pausedAt
    self.keyID = keyID
    self.reason = reason
  }

  /// Whether it holds a provider's pushes of an app back.
  public func holds(_ app: AppID, _ provider: ProviderName) -> Bool {
    self.app == app && (self.provider ?? provider) == provider
  }
}

/// What is paused. Dispatchers and streams hand nothing of it out; what is in flight is finished.
public struct DispatchPauses: Sendable {
  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// - Parameter app: Nil: of all apps.
  public func list(of app: AppID? = nil) async throws(AppsError) -> [DispatchPause] {
    do {
      let result = try await pool.query(
        """
        select app, provider, paused_at, key_id, reason from dispatch.pauses
        where $1::text is null or app = $1 order by app, coalesce(provider, '')
        """, [app?.rawValue])
      var pauses: [DispatchPause] = []
      for row in result {
        let name: String? = try row.optional(1)
        let provider = name.flatMap { ProviderName(rawValue: $0) }
        // One that this program does not know it can't push through either.
        if name != nil, provider == nil { continue }
        pauses.append(
          DispatchPause(
            app: AppID(unchecked: try row.get(0)), provider: provider,
            pausedAt: try row.timestamp(2), keyID: try row.optional(3), reason: try row.optional(4))
        )
      }
      return pauses
    } catch {
      throw .database(error)
    }
  }

  /// - Parameters:
  ///   - provider: Nil: the whole app.
  ///   - keyID: The API key under which it is ordered; nil: by the command.
  ///   - reason: 1 to 256 bytes without zero bytes.
  /// - Returns: False where it was paused already: that pause stays as it is.
  public func pause(
    _ provider: ProviderName?, of app: AppID, by keyID: String? = nil, reason: String? = nil
  ) async throws(AppsError) -> Bool {
    if let reason {
      guard (1...Limits.reasonBytes).contains(reason.utf8.count), !reason.utf8.contains(0) else {
        throw .invalid(
          FieldError(
            .outOfRange, "reason",
            "has \(reason.utf8.count) bytes; 1 to \(Limits.reasonBytes) without zero bytes are "
              + "allowed."))
      }
    }
    return try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Bool in
      try await pool.query(
        """
        insert into dispatch.pauses (app, provider, key_id, reason) values ($1, $2, $3, $4)
        on conflict (app, coalesce(provider, '')) do nothing
        """, [app.rawValue, provider?.rawValue, keyID, reason]
      ).affectedRows == 1
    }
  }

  /// - Parameter provider: Nil: the pause of the whole app; those of its providers stay.
  /// - Returns: False where it was not paused.
  public func resume(
    _ provider: ProviderName?, of app: AppID
  ) async throws(AppsError) -> Bool {
    try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Bool in
      try await pool.query(
        """
        delete from dispatch.pauses where app = $1 and coalesce(provider, '') = coalesce($2, '')
        """, [app.rawValue, provider?.rawValue]
      ).affectedRows == 1
    }
  }
}

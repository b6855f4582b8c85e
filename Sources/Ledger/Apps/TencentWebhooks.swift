import Foundation
public import Postgres
public import PushCore

/// Where a backend of Tencent IM wants to be told what happened. Its description leaves the token out.
public struct TencentWebhook: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  public var sdkAppID: Int64
  public var app: AppID
  /// http or https.
  public var url: String
  /// What a call is signed with; nil: it is not.
  public var token: String?
  public var commands: [String]
  /// Whether it may be an address of this server's own network.
  public var allowsPrivate: Bool

  public init(
    sdkAppID: Int64, app: AppID, url: String, token: String?, commands: [String],
    allowsPrivate: Bool
  ) {
    self.sdkAppID = sdkAppID
    self.app = app
    self.url = url
    self.token = token
    self.commands = commands
    self.allowsPrivate = allowsPrivate
  }

  public var description: String { "webhook of SDKAppID \(sdkAppID)" }
  public var customMirror: Mirror { Mirror(self, children: ["sdkAppID": sdkAppID]) }
}

/// A webhook as it is listed: without its token.
public struct TencentWebhookStatus: Sendable, Equatable {
  public var sdkAppID: Int64
  public var url: String
  public var isSigned: Bool
  public var commands: [String]
  public var allowsPrivate: Bool
  public var position: Position
  /// Events after that.
  public var behind: Int64
  public var calls: Int64
  /// In a row.
  public var failures: Int32
  public var reason: String?
}

/// The webhooks of the SDKAppIDs.
public struct TencentWebhooks: Sendable {
  public static let urlBytes = 2_048
  public static let tokenBytes = 256
  /// What can be told.
  public static let commands = [
    "State.StateChange", "C2C.CallbackAfterSendMsg", "Group.CallbackAfterSendMsg",
    "C2C.CallbackAfterMsgReport", "C2C.CallbackAfterMsgWithDraw", "Push.OfflinePush",
    "Push.AllMemberPush",
  ]

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Sets an SDKAppID's webhook. A new one is told what comes from now on; one that was there goes
  /// on where it was, and keeps what is nil. Needs the rights of the tables' owner.
  ///
  /// - Parameters:
  ///   - token: An empty one takes it away.
  ///   - commands: Nil, of a new one: all.
  public func put(
    _ sdkAppID: Int64, of app: AppID, url: String, token: String? = nil,
    commands: [String]? = nil, allowsPrivate: Bool? = nil
  ) async throws(AppsError) {
    let known = try await list(of: app).first { $0.sdkAppID == sdkAppID }
    try Self.check(
      url: url, token: token, commands: commands ?? Self.commands,
      allowsPrivate: allowsPrivate ?? known?.allowsPrivate ?? false)
    let stored = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        with webhook as (
          insert into ledger.tencent_webhooks
            (sdkappid, url, token, commands, allows_private, created_at)
          select t.sdkappid, $3, nullif($4, ''), case when $6 then $5::text[] else $8::text[] end,
            coalesce($7, false), clock_timestamp()
          from ledger.tencent_apps t where t.sdkappid = $1 and t.app = $2
          on conflict (sdkappid) do update set url = excluded.url,
            token = case when $4::text is null then tencent_webhooks.token else nullif($4, '') end,
            commands = case when $6 then $5::text[] else tencent_webhooks.commands end,
            allows_private = coalesce($7, tencent_webhooks.allows_private)
          returning sdkappid
        )
        insert into reactions.webhooks as w (sdkappid, app, position)
        select webhook.sdkappid, $2, h.position from webhook, ledger.heads h where h.app = $2
        on conflict (sdkappid) do update set failures = 0, retry_at = null, reason = null,
          failed_position = null
        """,
        [
          sdkAppID, app.rawValue, url, token, commands ?? [], commands != nil, allowsPrivate,
          Self.commands,
        ]
      ).affectedRows
    }
    guard stored == 1 else { throw .unknownSDKAppID(sdkAppID) }
  }

  public func list(of app: AppID) async throws(AppsError) -> [TencentWebhookStatus] {
    try await AppsError.wrap(app: app) { () async throws(PostgresError) -> [TencentWebhookStatus] in
      let result = try await pool.query(
        """
        select t.sdkappid, t.url, t.token is not null, t.commands, t.allows_private, w.position,
          w.behind, w.calls, w.failures, w.reason
        from pushledger.webhooks w join ledger.tencent_webhooks t using (sdkappid)
        where w.app = $1 order by 1
        """, [app.rawValue])
      var list: [TencentWebhookStatus] = []
      for row in result {
        list.append(
          TencentWebhookStatus(
            sdkAppID: try row.get(0), url: try row.get(1), isSigned: try row.get(2),
            commands: try row.array(3, of: String.self), allowsPrivate: try row.get(4),
            position: try row.get(5), behind: try row.get(6), calls: try row.get(7),
            failures: try row.get(8), reason: try row.optional(9)))
      }
      return list
    }
  }

  public func remove(_ sdkAppID: Int64, of app: AppID) async throws(AppsError) {
    let removed = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        delete from ledger.tencent_webhooks w using ledger.tencent_apps t
        where w.sdkappid = $1 and t.sdkappid = $1 and t.app = $2
        """, [sdkAppID, app.rawValue]
      ).affectedRows
    }
    guard removed == 1 else { throw .unknownWebhook(sdkAppID) }
  }

  /// Leaves out what was not told yet.
  ///
  /// - Returns: How many events that were.
  public func skipAll(_ sdkAppID: Int64, of app: AppID) async throws(AppsError) -> Int64 {
    try await skip(
      """
      update reactions.webhooks w
      set position = h.position, failures = 0, retry_at = null, reason = null,
        failed_position = null
      from ledger.heads h, reactions.webhooks old
      where w.sdkappid = $1 and w.app = $2 and h.app = $2 and old.sdkappid = $1
      returning w.position - old.position
      """, sdkAppID, app) ?? 0
  }

  /// Leaves out the call that fails, with what else it tells of.
  ///
  /// - Returns: How many events that were; nil where no call fails.
  public func skipFailing(_ sdkAppID: Int64, of app: AppID) async throws(AppsError) -> Int64? {
    try await skip(
      """
      update reactions.webhooks w
      set position = greatest(w.position, w.failed_position), failures = 0, retry_at = null,
        reason = null, failed_position = null
      from reactions.webhooks old
      where w.sdkappid = $1 and w.app = $2 and old.sdkappid = $1
      returning case when old.failed_position is not null then w.position - old.position end
      """, sdkAppID, app)
  }

  private func skip(
    _ sql: String, _ sdkAppID: Int64, _ app: AppID
  ) async throws(AppsError) -> Int64? {
    let rows = try await AppsError.wrap(app: app) { () async throws(PostgresError) in
      try await pool.query(sql, [sdkAppID, app.rawValue])
    }
    guard let row = rows.first else { throw .unknownWebhook(sdkAppID) }
    do { return try row.optional(0) } catch { throw .database(error) }
  }

  /// All webhooks, with their tokens: for the role that calls them.
  public func load() async throws(AppsError) -> [TencentWebhook] {
    do {
      let result = try await pool.query(
        """
        select w.sdkappid, t.app, w.url, w.token, w.commands, w.allows_private
        from ledger.tencent_webhooks w join ledger.tencent_apps t using (sdkappid) order by 1
        """)
      var list: [TencentWebhook] = []
      for row in result {
        list.append(
          TencentWebhook(
            sdkAppID: try row.get(0), app: AppID(unchecked: try row.get(1)), url: try row.get(2),
            token: try row.optional(3), commands: try row.array(4, of: String.self),
            allowsPrivate: try row.get(5)))
      }
      return list
    } catch {
      throw .database(error)
    }
  }

  private static func check(
    url: String, token: String?, commands: [String], allowsPrivate: Bool
  ) throws(AppsError) {
    guard url.utf8.count <= urlBytes,
      !url.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "#") }),
      let parsed = URL(string: url), let scheme = parsed.scheme?.lowercased(),
      ["http", "https"].contains(scheme)
    else {
      throw .invalid(
        FieldError(
          .badFormat, "url",
          "is \(FieldError.quoted(url)), no http or https URL of at most \(urlBytes) ASCII "
            + "characters."))
    }
    guard parsed.user == nil, parsed.password == nil else {
      throw .invalid(
        FieldError(.badFormat, "url", "holds a user; calls are signed with a token instead."))
    }
    guard let host = parsed.host, !host.isEmpty, parsed.port.map({ 1...65_535 ~= $0 }) ?? true
    else {
      throw .invalid(
        FieldError(
          .badFormat, "url", "is \(FieldError.quoted(url)), with no host, or no port there is."))
    }
    if !allowsPrivate, HostAddress.isInside(host) {
      throw .invalid(
        FieldError(
          .outOfRange, "url",
          "is \(FieldError.quoted(url)), which leads into this server's own network; give "
            + "`--allow-private`, if it is meant to."))
    }
    guard !url.contains("?") else {
      throw .invalid(FieldError(.badFormat, "url", "has a query; the calls bring their own."))
    }
    if let token, token.utf8.count > tokenBytes {
      throw .invalid(
        FieldError(.tooLong, "token", "has more than \(tokenBytes) bytes."))
    }
    guard !commands.isEmpty else {
      throw .invalid(FieldError(.missing, "command", "is missing; name what is to be told."))
    }
    for command in commands where !self.commands.contains(command) {
      throw .invalid(
        FieldError(
          .unknownValue, "command",
          "is \(FieldError.shown(command)); one of \(self.commands.joined(separator: ", ")) is "
            + "expected."))
    }
  }
}

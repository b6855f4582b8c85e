public import Postgres
public import PushCore

/// A credential as it is listed: without its secret.
public struct CredentialSummary: Sendable, Equatable {
  public var app: AppID
  public var provider: ProviderName
  /// Unique among the app's credentials of this provider: 1 to 128 of `0-9 A-Z a-z . _ -`.
  public var id: String
  /// The topics that it is good for; empty: all.
  public var topics: [String]
  /// Nil: both.
  public var environment: PushEnvironment?
  /// What else belongs to it and is no secret; an object.
  public var settings: JSON
  /// The master key that its secret is sealed under; see ``MasterKeys/currentID``.
  public var keyID: String
  public var createdAt: Timestamp

  /// Whether it may send to a device of this topic and environment.
  public func fits(topic: String?, environment wanted: PushEnvironment) -> Bool {
    if let environment, environment != wanted { return false }
    guard let topic else { return true }
    return topics.isEmpty || topics.contains(topic)
  }
}

/// A credential with its secret. Its description leaves that out.
public struct LoadedCredential: Sendable, Equatable, CustomStringConvertible,
  CustomReflectable
{
  public var summary: CredentialSummary
  /// The private key or certificate, as the provider hands it out, or why it can't be opened.
  public var secret: Result<String, FieldError>

  public var description: String { "credential \(summary.id) of \(summary.app)" }
  public var customMirror: Mirror { Mirror(self, children: ["summary": summary]) }

  /// Sealed under another key it is still the same credential.
  public static func == (left: LoadedCredential, right: LoadedCredential) -> Bool {
    var summary = left.summary
    summary.keyID = right.summary.keyID
    return summary == right.summary && left.secret == right.secret
  }
}

/// What the dispatcher signs in to push providers with. Only its role, and the owner, can load
/// secrets, and only with the master key that each is sealed under.
public struct ProviderCredentials: Sendable {
  /// A secret's bytes at most.
  public static let secretBytes = 65_536
  public static let idBytes = 128
  private static let columns =
    "app, provider, credential_id, topics, environment, settings, key_id, created_at"

  /// The setting that tells a provider where to report to.
  public static let receiptAddress = "receipt_url"

  /// Where a provider reports to was set apart, so it stays unless it is given anew.
  private static let replacing = """
    on conflict (app, provider, credential_id) do update set topics = excluded.topics,
      environment = excluded.environment, sealed = excluded.sealed, key_id = excluded.key_id,
      created_at = excluded.created_at,
      settings = case when provider_credentials.settings ? '\(receiptAddress)'
        then jsonb_build_object(
          '\(receiptAddress)', provider_credentials.settings -> '\(receiptAddress)')
        else '{}' end || excluded.settings
    """

  let pool: PostgresPool
  let keys: MasterKeys?

  /// - Parameter keys: What secrets are sealed and opened with; listing and removing need none.
  public init(_ pool: PostgresPool, keys: MasterKeys? = nil) {
    self.pool = pool
    self.keys = keys
  }

  /// Keeps a credential, its secret sealed under the current master key. Whether it works is for
  /// the provider's module to check before.
  ///
  /// - Parameter replaces: Whether one that has this id already gives way to it, in one step; only
  ///   ``receiptAddress`` stays.
  public func add(
    _ id: String, provider: ProviderName, of app: AppID, topics: [String] = [],
    environment: PushEnvironment? = nil, settings: JSON = [:], secret: String,
    replaces: Bool = false
  ) async throws(AppsError) {
    try Self.check(id: id, settings: settings, secret: secret)
    let owner = SecretOwner(app: app.rawValue, provider: provider.rawValue, credentialID: id)
    let sealed = try seal(secret, of: owner)
    do {
      _ = try await AppsError.wrap(app: app) { () async throws(PostgresError) in
        try await pool.query(
          """
          insert into ledger.provider_credentials (app, provider, credential_id, topics,
            environment, settings, sealed, key_id, created_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
          \(replaces ? Self.replacing : "")
          """,
          [
            app.rawValue, provider.rawValue, id, topics, environment?.rawValue,
            PostgresJSONB(settings.serialized()), PostgresBytes(sealed.bytes), sealed.keyID,
          ])
      }
    } catch .database(let error) where error.kind == .uniqueViolation {
      throw .credentialExists(provider: provider, id: id)
    }
  }

  /// An app's credentials, without secrets.
  public func list(of app: AppID) async throws(AppsError) -> [CredentialSummary] {
    try await AppsError.wrap(app: app) { () async throws(PostgresError) -> [CredentialSummary] in
      let result = try await pool.query(
        """
        select \(Self.columns) from ledger.provider_credentials
        where app = $1 order by provider, created_at, credential_id
        """, [app.rawValue])
      var list: [CredentialSummary] = []
      for row in result {
        if let summary = try Self.summary(row) { list.append(summary) }
      }
      return list
    }
  }

  /// The credentials of all apps, or of one, with their secrets: for the dispatcher. One whose
  /// secret can't be opened says why in its place, and keeps no other from being loaded.
  public func load(of app: AppID? = nil) async throws(AppsError) -> [LoadedCredential] {
    do {
      let result = try await pool.query(
        """
        select \(Self.columns), sealed from ledger.provider_credentials
        where $1::text is null or app = $1 order by app, provider, created_at, credential_id
        """, [app?.rawValue])
      var list: [LoadedCredential] = []
      for row in result {
        guard let summary = try Self.summary(row) else { continue }
        let sealed = SealedSecret(
          bytes: try row.get(8, as: PostgresBytes.self).bytes, keyID: summary.keyID)
        list.append(LoadedCredential(summary: summary, secret: open(sealed, of: summary)))
      }
      return list
    } catch {
      throw .database(error)
    }
  }

  /// Changes one setting of a credential, which stays as it is otherwise.
  public func set(
    _ name: String, to value: String, of id: String, provider: ProviderName, of app: AppID
  ) async throws(AppsError) {
    let changed = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        update ledger.provider_credentials set settings = settings || jsonb_build_object(
          $4::text, $5::text)
        where app = $1 and provider = $2 and credential_id = $3
        """, [app.rawValue, provider.rawValue, id, name, value]
      ).affectedRows
    }
    guard changed == 1 else { throw .unknownCredential(provider: provider, id: id) }
  }

  public func remove(
    _ id: String, provider: ProviderName, of app: AppID
  ) async throws(AppsError) {
    let removed = try await AppsError.wrap(app: app) { () async throws(PostgresError) -> Int in
      try await pool.query(
        """
        delete from ledger.provider_credentials
        where app = $1 and provider = $2 and credential_id = $3
        """, [app.rawValue, provider.rawValue, id]
      ).affectedRows
    }
    guard removed == 1 else { throw .unknownCredential(provider: provider, id: id) }
  }

  func seal(
    _ secret: String, of owner: SecretOwner
  ) throws(AppsError) -> SealedSecret {
    guard let keys else { throw .noMasterKey }
    do {
      return try SealedSecret(secret, of: owner, under: keys)
    } catch {
      throw .invalid(error)
    }
  }

  private func open(
    _ sealed: SealedSecret, of summary: CredentialSummary
  ) -> Result<String, FieldError> {
    let owner = SecretOwner(
      app: summary.app.rawValue, provider: summary.provider.rawValue, credentialID: summary.id)
    return Result { () throws(FieldError) in try sealed.opened(for: owner, with: keys) }
  }

  /// Whether a credential may be called so: 1 to ``idBytes`` of `0-9 A-Z a-z . _ -`.
  public static func isID(_ id: String) -> Bool {
    (1...idBytes).contains(id.utf8.count)
      && id.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static func check(id: String, settings: JSON, secret: String) throws(AppsError) {
    guard isID(id) else {
      throw .invalid(
        FieldError(
          .badFormat, "credential_id",
          "is \(FieldError.quoted(id)); 1 to \(idBytes) of 0-9 A-Z a-z . _ - are expected."))
    }
    guard settings.members != nil else {
      throw .invalid(
        FieldError(.wrongType, "settings", "is \(settings.kind); an object is expected."))
    }
    guard (1...secretBytes).contains(secret.utf8.count), !secret.utf8.contains(0) else {
      throw .invalid(
        FieldError(
          .outOfRange, "secret", "must be a text of 1 to \(secretBytes) bytes without zero bytes."))
    }
  }

  /// Nil for a provider that this program does not know.
  private static func summary(_ row: PostgresRow) throws(PostgresError) -> CredentialSummary? {
    guard let provider = ProviderName(rawValue: try row.get(1)) else { return nil }
    let settings = try? JSON.parse(try row.get(5, as: PostgresJSONB.self).bytes)
    return CredentialSummary(
      app: AppID(unchecked: try row.get(0)), provider: provider, id: try row.get(2),
      topics: try row.array(3, of: String.self),
      environment: try row.optional(4, as: String.self).flatMap { PushEnvironment(rawValue: $0) },
      settings: settings ?? [:], keyID: try row.get(6), createdAt: try row.timestamp(7))
  }
}

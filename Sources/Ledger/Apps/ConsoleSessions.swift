import Crypto
public import Postgres
public import PushCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A browser that is signed in to the console.
public struct ConsoleSession: Sendable, Equatable {
  /// Whom the key speaks for that it signed in with.
  public var caller: APIIdentity
  public var expiresAt: Timestamp
  /// What every form of this session carries, so that no other site's form is taken for one: 64
  /// hexadecimal digits.
  public var formToken: String

  /// Compares in constant time.
  public func accepts(formToken text: String) -> Bool {
    equalInConstantTime(Array(text.utf8), Array(formToken.utf8))
  }
}

/// Who is signed in to the console.
///
/// A cookie is `<session>.<secret>`, both in hexadecimal. Of the secret only the SHA-256 is kept, so
/// a copy of the database signs nobody in. A session is worth nothing once its key is revoked.
public struct ConsoleSessions: Sendable {
  /// How long a session is good, from signing in.
  public static let lifetime = Duration.seconds(8 * 3_600)
  /// Sessions of one key at most; a further one ends the oldest.
  static let perKey: Int64 = 100
  private static let sessionBytes = 16
  private static let secretBytes = 32

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Signs a browser in, and says so in the audit.
  ///
  /// - Returns: What its cookie holds; nobody can show it again.
  public func open(for caller: APIIdentity) async throws(PostgresError) -> String {
    var random = SystemRandomNumberGenerator()
    let session = Hex.encode(Self.bytes(Self.sessionBytes, using: &random))
    let secret = Self.bytes(Self.secretBytes, using: &random)
    _ = try await pool.query(
      "select ledger.open_session($1, $2, $3, $4, $5, $6)",
      [
        caller.app.rawValue, caller.keyID, session, PostgresBytes(Array(SHA256.hash(data: secret))),
        Self.lifetime.components.seconds, Self.perKey,
      ])
    return "\(session).\(Hex.encode(secret))"
  }

  /// The session of a cookie; nil where it is none, or a wrong, an expired or a closed one.
  public func find(_ cookie: String) async throws(PostgresError) -> ConsoleSession? {
    guard let parts = Self.parts(cookie) else { return nil }
    let result = try await pool.query(
      """
      select s.secret_sha256, s.app, s.key_id, k.scopes, s.expires_at
      from ledger.console_sessions s
      join ledger.api_keys k on k.app = s.app and k.key_id = s.key_id and k.revoked_at is null
      where s.session_id = $1 and s.expires_at > clock_timestamp()
      """, [parts.session])
    guard let row = result.first,
      equalInConstantTime(
        try row.get(0, as: PostgresBytes.self).bytes, Array(SHA256.hash(data: parts.secret)))
    else { return nil }
    let scopes = try row.array(3, of: String.self).compactMap { APIScope(rawValue: $0) }
    return ConsoleSession(
      caller: APIIdentity(
        app: AppID(unchecked: try row.get(1)), scopes: Set(scopes), keyID: try row.get(2)),
      expiresAt: try row.timestamp(4), formToken: Self.formToken(parts.secret))
  }

  /// Ends a session, and says so in the audit. Without one it does nothing.
  public func close(_ cookie: String) async throws(PostgresError) {
    guard try await find(cookie) != nil, let parts = Self.parts(cookie) else { return }
    _ = try await pool.query("select ledger.close_session($1)", [parts.session])
  }

  private static func formToken(_ secret: [UInt8]) -> String {
    Hex.encode(
      HMAC<SHA256>.authenticationCode(
        for: Array("form".utf8), using: SymmetricKey(data: secret)))
  }

  private static func parts(_ cookie: String) -> (session: String, secret: [UInt8])? {
    let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == sessionBytes * 2,
      let session = Hex.decode(String(parts[0])), let secret = Hex.decode(String(parts[1])),
      secret.count == secretBytes
    else { return nil }
    return (Hex.encode(session), secret)
  }

  private static func bytes(
    _ count: Int, using random: inout some RandomNumberGenerator
  ) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }
}

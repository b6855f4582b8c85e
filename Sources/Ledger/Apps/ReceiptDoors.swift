import Crypto
import Foundation
public import Postgres
public import PushCore

/// The addresses that push providers report to: one for each credential that wants one.
public struct ReceiptDoors: Sendable {
  /// What stands behind an address.
  public struct Door: Sendable, Equatable {
    public var app: AppID
    public var provider: ProviderName
    public var credential: String
  }

  /// In front of the secret in an address.
  private static let prefix = "plr_"
  private static let secretBytes = 32
  /// A longer text is no secret of ours.
  private static let textBytes = 64

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// Makes the address's secret for a credential; one made before is good no longer.
  ///
  /// - Parameter secret: The last part of the address's path. It is kept nowhere.
  /// - Returns: The secret.
  @discardableResult
  public func open(
    _ credential: String, provider: ProviderName, of app: AppID,
    secret: String = ReceiptDoors.newSecret()
  ) async throws(AppsError) -> String {
    do {
      _ = try await pool.query(
        """
        insert into ledger.receipt_doors (token_sha256, app, provider, credential_id, created_at)
        values ($1, $2, $3, $4, clock_timestamp())
        on conflict (app, provider, credential_id) do update
          set token_sha256 = excluded.token_sha256, created_at = excluded.created_at
        """,
        [PostgresBytes(Self.digest(secret)), app.rawValue, provider.rawValue, credential])
    } catch  where error.kind == .foreignKeyViolation {
      throw .unknownCredential(provider: provider, id: credential)
    } catch {
      throw .database(error)
    }
    return secret
  }

  /// What an address's secret opens; nil for one that is not, or no longer, good.
  public func door(_ secret: String) async throws(PostgresError) -> Door? {
    guard secret.hasPrefix(Self.prefix), secret.utf8.count <= Self.textBytes else { return nil }
    let rows = try await pool.query(
      """
      select app, provider, credential_id from ledger.receipt_doors where token_sha256 = $1
      """, [PostgresBytes(Self.digest(secret))])
    guard let row = rows.first, let provider = ProviderName(rawValue: try row.get(1)) else {
      return nil
    }
    return Door(
      app: AppID(unchecked: try row.get(0)), provider: provider, credential: try row.get(2))
  }

  private static func digest(_ secret: String) -> [UInt8] {
    Array(SHA256.hash(data: Array(secret.utf8)))
  }

  /// A new secret for an address.
  public static func newSecret() -> String {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return prefix
      + Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}

import Postgres
public import PushCore

/// What a change of the master key came to.
public struct ResealReport: Sendable, Equatable {
  /// A credential that stays as it was.
  public struct Unopened: Sendable, Equatable {
    public var app: String
    public var provider: String
    public var credentialID: String
    public var error: FieldError
  }

  /// The key that all are under now, but for those left.
  public var keyID: String
  public var resealed = 0
  /// Those that were under that key before.
  public var already = 0
  /// Those that no key at hand opens.
  public var unopened: [Unopened] = []
  /// Those that were replaced under an older key time and again while this ran.
  public var left = 0
}

extension ProviderCredentials {
  /// How often the rows are looked at: one that is replaced in the meantime is looked at again.
  private static let rounds = 5

  private struct Row {
    var owner: SecretOwner
    var sealed: SealedSecret
  }

  /// Seals the credentials of all apps, or of one, anew under the current master key, each in a
  /// transaction of its own. One that is replaced or removed meanwhile stays what it became. Needs
  /// the rights of the tables' owner.
  public func reseal(of app: AppID? = nil) async throws(AppsError) -> ResealReport {
    guard let keys else { throw .noMasterKey }
    var report = ResealReport(keyID: keys.currentID)
    do {
      let already = try await pool.query(
        """
        select count(*) from ledger.provider_credentials
        where ($1::text is null or app = $1) and key_id = $2
        """, [app?.rawValue, keys.currentID])
      for row in already { report.already = Int(try row.get(0, as: Int64.self)) }
    } catch {
      throw .database(error)
    }
    for _ in 0..<Self.rounds {
      report.unopened = []
      report.left = 0
      for row in try await older(than: keys.currentID, of: app) {
        try await reseal(row, keys, &report)
      }
      guard report.left > 0 else { break }
    }
    return report
  }

  private func reseal(
    _ row: Row, _ keys: MasterKeys, _ report: inout ResealReport
  ) async throws(AppsError) {
    let secret: String
    do {
      secret = try row.sealed.opened(for: row.owner, with: keys)
    } catch {
      report.unopened.append(
        ResealReport.Unopened(
          app: row.owner.app, provider: row.owner.provider,
          credentialID: row.owner.credentialID, error: error))
      return
    }
    if try await replace(row, with: try seal(secret, of: row.owner)) {
      report.resealed += 1
    } else {
      report.left += 1
    }
  }

  private func older(than keyID: String, of app: AppID?) async throws(AppsError) -> [Row] {
    do {
      let result = try await pool.query(
        """
        select app, provider, credential_id, sealed, key_id from ledger.provider_credentials
        where ($1::text is null or app = $1) and key_id <> $2
        order by app, provider, credential_id
        """, [app?.rawValue, keyID])
      var rows: [Row] = []
      for row in result {
        rows.append(
          Row(
            owner: SecretOwner(
              app: try row.get(0), provider: try row.get(1), credentialID: try row.get(2)),
            sealed: SealedSecret(
              bytes: try row.get(3, as: PostgresBytes.self).bytes, keyID: try row.get(4))))
      }
      return rows
    } catch {
      throw .database(error)
    }
  }

  /// - Returns: False where the row is not what it was.
  private func replace(
    _ row: Row, with sealed: SealedSecret
  ) async throws(AppsError) -> Bool {
    do {
      return try await pool.query(
        """
        update ledger.provider_credentials set sealed = $5, key_id = $6
        where app = $1 and provider = $2 and credential_id = $3 and sealed = $4
        """,
        [
          row.owner.app, row.owner.provider, row.owner.credentialID,
          PostgresBytes(row.sealed.bytes), PostgresBytes(sealed.bytes), sealed.keyID,
        ]
      ).affectedRows == 1
    } catch {
      throw .database(error)
    }
  }
}

public import Postgres
public import PushCore

/// Why an app, a key or a credential could not be read or changed.
public enum AppsError: Error, Equatable, Sendable, CustomStringConvertible {
  case appExists(AppID)
  case unknownApp(AppID)
  case unknownKey(id: String)
  case credentialExists(provider: ProviderName, id: String)
  /// Provider nil: for any.
  case unknownCredential(provider: ProviderName?, id: String)
  case sdkAppIDTaken(Int64)
  case unknownSDKAppID(Int64)
  case unknownWebhook(Int64)
  case noMasterKey
  case invalid(FieldError)
  case database(PostgresError)

  /// A stable name for answers, logs and metrics.
  public var code: String {
    switch self {
    case .appExists: "app_exists"
    case .unknownApp: "unknown_app"
    case .unknownKey: "unknown_key"
    case .credentialExists: "credential_exists"
    case .unknownCredential: "unknown_credential"
    case .sdkAppIDTaken: "sdkappid_taken"
    case .unknownSDKAppID: "unknown_sdkappid"
    case .unknownWebhook: "unknown_webhook"
    case .noMasterKey: "no_master_key"
    case .invalid(let error): error.code.rawValue
    case .database: "ledger_unavailable"
    }
  }

  public var description: String {
    switch self {
    case .appExists(let app): "App \(app) exists already. Choose another name, or use it."
    case .unknownApp(let app):
      "App \(app) is unknown. Create it with `pushledger apps create \(app)`."
    case .unknownKey(let id): "The app has no key \(id). `pushledger keys list` shows them."
    case .credentialExists(let provider, let id):
      "The app has a credential \(id) for \(provider.rawValue) already. Give it `--replace`, or "
        + "another name."
    case .unknownCredential(let provider, let id):
      "The app has no credential \(FieldError.quoted(id))"
        + (provider.map { " for \($0.rawValue)" } ?? "")
        + ". `pushledger credentials list` shows them."
    case .sdkAppIDTaken(let id): "SDKAppID \(id) stands for another app. Remove it there first."
    case .unknownSDKAppID(let id):
      "The app has no SDKAppID \(id). `pushledger apps tencent list` shows them."
    case .unknownWebhook(let id):
      "SDKAppID \(id) has no webhook. `pushledger apps tencent webhook set` sets one."
    case .noMasterKey:
      "There is no master key to seal the secret under. Make one with `pushledger credentials "
        + "new-key`, and set PUSHLEDGER_MASTER_KEY to it, or PUSHLEDGER_MASTER_KEY_FILE to a file "
        + "that holds it, here and for the dispatchers."
    case .invalid(let error): error.description
    case .database(let error): error.description
    }
  }

  /// Runs a body and says its errors in these terms; a foreign key that points nowhere means that
  /// there is no such app.
  static func wrap<Answer>(
    app: AppID, _ body: () async throws(PostgresError) -> Answer
  ) async throws(AppsError) -> Answer {
    do {
      return try await body()
    } catch {
      throw error.kind == .foreignKeyViolation ? .unknownApp(app) : .database(error)
    }
  }
}

import PushCore
import Synchronization

// Who may send: clients with a session, and service accounts with a token of their own.
extension HuaweiSimulation {
  /// Calls for sessions that an app may make in five minutes.
  private static let loginLimit = 1_000
  private static let loginWindow = Duration.seconds(300)
  /// How long a service account's token may live, and how far clocks may differ.
  private static let longestSeconds: Int64 = 3_600
  private static let skewSeconds: Int64 = 300
  private static let audience = "https://oauth-login.cloud.huawei.com/oauth2/v3/token"

  // MARK: Login

  func login(_ request: SimulatedRequest, in world: SimulatedWorld) -> SimulatedAnswer {
    let form = request.form
    guard form["grant_type"] == "client_credentials" else {
      return Self.loginRefused(1102, 20152, "invalid grant_type")
    }
    guard let id = form["client_id"], let secret = form["client_secret"] else {
      return Self.loginRefused(1102, 20042, "missing required parameter")
    }
    let now = world.now
    let isInTime = state.withLock { state -> Bool? in
      guard let entry = state.apps[id], entry.app.clientSecret == secret else { return nil }
      if now >= entry.loginsUntil {
        state.apps[id]?.loginsUntil = now + Self.loginWindow
        state.apps[id]?.logins = 0
      }
      state.apps[id]?.logins += 1
      return state.apps[id]?.logins ?? 0 <= Self.loginLimit
    }
    guard let isInTime else { return Self.loginRefused(1101, 20044, "invalid client") }
    // Which answer Huawei has for this is not known.
    guard isInTime else { return HuaweiRefusal.tooFast.answer }
    let token = world.issueSession(id, lifetime: .seconds(Self.sessionSeconds), prefix: "CV/")
    let answer: JSON = [
      "access_token": .string(token), "expires_in": .integer(Self.sessionSeconds),
      "token_type": "Bearer",
    ]
    // Huawei writes slashes with a backslash before them.
    return SimulatedAnswer(
      status: 200, headers: [("content-type", "application/json")],
      body: Array(answer.text.replacing("/", with: "\\/").utf8))
  }

  private static func loginRefused(
    _ error: Int, _ subError: Int, _ description: String
  ) -> SimulatedAnswer {
    .json(
      [
        "error": .integer(error), "sub_error": .integer(subError),
        "error_description": .string(description),
      ], status: 400)
  }

  // MARK: The app of a request

  /// - Parameters:
  ///   - version: `v1`, where `id` is a client's, or `v2`, where it is a project's.
  func app(
    _ version: Substring, _ id: Substring, _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(HuaweiRefusal) -> HuaweiApp {
    guard version == "v1" || version == "v2" else { throw .status(404) }
    guard let bearer = request.bearer else { throw .noToken }
    let apps = state.withLock { $0.apps.mapValues(\.app) }
    if let signed = HuaweiSignedToken(bearer) {
      let project = try check(signed, request, at: world.now)
      let app =
        version == "v1"
        ? apps[String(id)] : apps.values.first { $0.projectID == project && project == id }
      guard let app, app.projectID == project else { throw .noPermission }
      return app
    }
    guard case .live(let client)? = world.session(bearer) else { throw .sessionExpired }
    guard let app = apps[client], (version == "v1" ? app.clientID : app.projectID ?? "") == id
    else {
      throw .noToken
    }
    return app
  }

  /// - Returns: The account's project.
  private func check(
    _ token: HuaweiSignedToken, _ request: SimulatedRequest, at now: Timestamp
  ) throws(HuaweiRefusal) -> String {
    guard let found = state.withLock({ $0.accounts[token.keyID] }),
      found.account.subAccount == token.issuer, token.isSigned(by: found.algorithm),
      token.audience == Self.audience, token.issuedAt <= now.seconds + Self.skewSeconds
    else { throw .noToken }
    guard token.expiresAt > now.seconds else { throw .signedTokenExpired }
    guard token.expiresAt - token.issuedAt <= Self.longestSeconds else {
      throw .signedTokenTooLong
    }
    return found.account.projectID
  }
}

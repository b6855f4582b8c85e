import HTTPTypes
import Hummingbird
import Ledger
import PushCore

/// Tells from a request's UserSig which user of which app speaks.
struct SigAccess: Sendable {
  let apps: TencentApps

  /// - Throws: ``Problem``: no signature, or not a good one.
  func caller(
    of headers: HTTPFields, now: Timestamp
  ) async throws -> (APIIdentity, UserID) {
    let parts = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "usersig" else {
      throw Problem(
        .signatureRefused,
        "Give the user's UserSig in the header Authorization: UserSig <signature>.",
        members: [.init("tencent_code", .integer(UserSigError.empty.rawValue))],
        headers: [.wwwAuthenticate: "UserSig realm=\"pushledger\""])
    }
    do {
      return try await caller(String(parts[1]), now: now)
    } catch let error as UserSigError {
      throw Problem(
        .signatureRefused, error.description,
        members: [.init("tencent_code", .integer(error.rawValue))],
        headers: [.wwwAuthenticate: "UserSig realm=\"pushledger\", error=\"invalid_token\""])
    }
  }

  private func caller(
    _ text: String, now: Timestamp
  ) async throws -> (APIIdentity, UserID) {
    let sig = try UserSig(reading: text)
    // The signature itself says whose it is; without the app's key it says nothing.
    guard let app = try await apps.find(sig.sdkAppID),
      let user = TencentBody.account(sig.identifier)
    else { throw UserSigError.otherKey }
    try sig.verify(
      identifier: sig.identifier, sdkAppID: sig.sdkAppID, now: now.seconds,
      secretKey: app.secretKey)
    return (APIIdentity(app: app.app, scopes: [], keyID: ""), user)
  }
}

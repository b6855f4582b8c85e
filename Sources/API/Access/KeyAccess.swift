import HTTPTypes
import Hummingbird
import Ledger
import Postgres
import PushCore

/// Tells from a request's key, in its headers, whom it speaks for, and whether it may do what it asks.
struct KeyAccess: Sendable {
  let keys: APIKeys

  /// - Throws: ``Problem``: no key, not a good one, or without the scope.
  func caller(of headers: HTTPFields, for scope: APIScope) async throws -> APIIdentity {
    guard let text = Self.key(headers) else {
      throw Problem(
        .keyMissing, "Give an API key in the header Authorization: Bearer <key>.",
        headers: [.wwwAuthenticate: "Bearer realm=\"pushledger\""])
    }
    guard let caller = try await keys.authenticate(text) else {
      throw Problem(
        .keyUnknown, "The API key is wrong, or it was revoked. `pushledger keys` makes another.",
        headers: [.wwwAuthenticate: "Bearer realm=\"pushledger\", error=\"invalid_token\""])
    }
    try caller.require(scope)
    return caller
  }

  private static func key(_ headers: HTTPFields) -> String? {
    guard let header = headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}

extension APIIdentity {
  func require(_ scope: APIScope, field: String? = nil) throws(Problem) {
    guard may(scope) else {
      throw Problem(
        .scopeMissing,
        "The API key lacks the scope \(scope.rawValue). Use one that has it; this one has "
          + "\(scopes.map(\.rawValue).sorted().joined(separator: ", ")).",
        field: field,
        headers: [
          .wwwAuthenticate: "Bearer realm=\"pushledger\", error=\"insufficient_scope\", "
            + "scope=\"\(scope.rawValue)\""
        ])
    }
  }
}

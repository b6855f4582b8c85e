import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import PushCore

/// A request that found its route and whose key was good for it.
struct APICall: Sendable {
  let request: Request
  let route: Route
  /// The path's parameters, decoded, in the route's order.
  let pathValues: [String]
  let query: QueryValues
  /// Whom the key speaks for.
  let caller: APIIdentity
  /// The user who signed; nil where a key speaks for the app.
  var signer: UserID?
  let bodies: BodyBudget
  /// The connection that the request came on.
  let channel: any Channel
  /// When the request came, by the server's clock.
  let now: Timestamp
  /// Whether its key was not revoked, or its signature has not run out, meanwhile: an answer without
  /// an end asks before each part.
  let stillHolds: @Sendable () async -> Bool

  var app: AppID { caller.app }

  /// A path's parameter as an id.
  func id<ID: EntityID>(_ name: String, _: ID.Type = ID.self) throws(FieldError) -> ID {
    guard let index = route.parameters.firstIndex(of: name), index < pathValues.count else {
      throw FieldError(.missing, name, "is missing in the path.")
    }
    return try ID(validating: pathValues[index], field: name)
  }

  /// Who signed, or whom the path names.
  func user() throws(FieldError) -> UserID {
    if let signer { signer } else { try id("user") }
  }
  func device() throws(FieldError) -> DeviceID { try id("device") }
  func group() throws(FieldError) -> GroupID { try id("group") }

  // MARK: Idempotency

  static let idempotencyKey = "Idempotency-Key"
  private static let idempotencyField = HTTPField.Name(idempotencyKey)

  /// The caller's name for this request; nil where it has none.
  func idempotencyKey() throws(FieldError) -> String? {
    guard let name = Self.idempotencyField, let key = request.headers[name] else { return nil }
    guard request.headers[values: name].count == 1,
      key.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
    else {
      throw FieldError(
        .badCharacter, Self.idempotencyKey,
        "is given twice, or holds what is no ASCII; give it once, in ASCII.")
    }
    let count = key.utf8.count
    guard count > 0, count <= APILimits.idempotencyKeyBytes else {
      throw FieldError(
        count == 0 ? .tooShort : .tooLong, Self.idempotencyKey,
        "has \(count) bytes; give 1 to \(APILimits.idempotencyKeyBytes).")
    }
    return key
  }

  /// The ids of the request's events: named by its idempotency key, else new ones.
  func eventIDs(_ count: Int) throws(FieldError) -> [UUID] {
    guard let key = try idempotencyKey() else {
      var source = OrderedIDs(at: now)
      return (0..<count).map { _ in source.next() }
    }
    // A user's key is that user's alone.
    let name = [route.method.rawValue, request.uri.path, signer?.rawValue].compactMap(\.self)
      .joined(separator: " ")
    return (0..<count).map { EventID.request(key, route: name, index: $0, app: app) }
  }
}

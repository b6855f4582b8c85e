internal import Foundation
internal import PushCore

/// A browser's `PushSubscription`, as an app registers it.
///
/// ```
/// {"endpoint":"https://…","expirationTime":null,"keys":{"p256dh":"…","auth":"…"}}
/// ```
struct WebPushSubscription: Sendable {
  private static let authBytes = 16

  /// Anybody who has it may send: never to be logged.
  let endpoint: WebAddress
  let recipient: WebPushEncryption.Recipient

  /// A member that is missing, or not what browsers give.
  enum Flaw: Error { case endpoint, p256dh, auth }

  /// - Returns: Nil where it can't be read.
  init?(_ token: String) {
    guard let json = try? JSON.parse(token), let read = try? Self(json) else { return nil }
    self = read
  }

  init(_ json: JSON) throws(Flaw) {
    guard let endpoint = Self.endpoint(json) else { throw .endpoint }
    guard let auth = json["keys"]?["auth"]?.string.flatMap(Base64URL.decode),
      auth.count == Self.authBytes
    else { throw .auth }
    guard let point = json["keys"]?["p256dh"]?.string.flatMap(Base64URL.decode),
      let recipient = WebPushEncryption.Recipient(publicKey: Array(point), auth: Array(auth))
    else { throw .p256dh }
    self.endpoint = endpoint
    self.recipient = recipient
  }

  /// The endpoint's host alone; empty where there is none.
  static func host(of token: String) -> String {
    (try? JSON.parse(token)).flatMap(endpoint)?.host ?? ""
  }

  private static func endpoint(_ json: JSON) -> WebAddress? {
    json["endpoint"]?.string.flatMap { WebAddress($0) }
  }
}

extension WebPushSubscription.Flaw {
  var problem: String {
    switch self {
    case .endpoint: "endpoint is no https URL that a push can be sent to"
    case .p256dh: "keys.p256dh is no public key, a point of P-256 in base64url"
    case .auth: "keys.auth is not 16 bytes in base64url"
    }
  }
}

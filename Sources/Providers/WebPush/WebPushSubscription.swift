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

  /// - Returns: Nil where it can't be read.
  init?(_ token: String) {
    guard let json = try? JSON.parse(token), let endpoint = Self.endpoint(json),
      let point = json["keys"]?["p256dh"]?.string.flatMap(Base64URL.decode),
      let auth = json["keys"]?["auth"]?.string.flatMap(Base64URL.decode),
      auth.count == Self.authBytes,
      let recipient = WebPushEncryption.Recipient(publicKey: Array(point), auth: Array(auth))
    else { return nil }
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

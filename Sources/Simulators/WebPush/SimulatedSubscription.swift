import Crypto
import Foundation
import PushCore

/// A browser that subscribed, and what it got.
struct SimulatedSubscription {
  /// A push that waits for a browser that is offline.
  struct Waiting {
    var topic: String?
    var text: [UInt8]
    var expiresAt: Timestamp
  }

  /// What became of a push that was taken.
  enum Arrival: String {
    case delivered, waiting, replaced, dropped
  }

  let dialect: WebPushDialect
  /// Such as `https://localhost:8443`.
  let origin: String
  let id: String
  /// The key that alone may push; nil: anybody.
  let senderKey: Data?
  let key = P256.KeyAgreement.PrivateKey()
  let auth = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
  var isOnline = true
  var isGone = false
  private(set) var waiting: [Waiting] = []
  /// What the service worker was handed, the newest last.
  private(set) var shown: [[UInt8]] = []

  /// So many pushes are kept for a browser that is offline, and so many of those it showed.
  static let kept = 100

  var path: String { "/\(dialect.rawValue)/\(id)" }
  var endpoint: String { origin + path }

  /// As a browser's `JSON.stringify(subscription)`.
  var json: JSON {
    [
      "endpoint": .string(endpoint), "expirationTime": nil,
      "keys": [
        "p256dh": .string(WebPushText.encode(key.publicKey.x963Representation)),
        "auth": .string(WebPushText.encode(auth)),
      ],
    ]
  }

  /// - Parameter ttl: Seconds; 0: now or never.
  mutating func take(_ text: [UInt8], topic: String?, ttl: Int, at now: Timestamp) -> Arrival {
    guard !isOnline else {
      show(text)
      return .delivered
    }
    guard ttl > 0 else { return .dropped }
    let push = Waiting(topic: topic, text: text, expiresAt: now + .seconds(ttl))
    if let topic, let index = waiting.firstIndex(where: { $0.topic == topic }) {
      waiting[index] = push
      return .replaced
    }
    waiting.append(push)
    if waiting.count > Self.kept { waiting.removeFirst() }
    return .waiting
  }

  /// The browser is there again: it gets what waits and has not expired.
  mutating func comeBack(at now: Timestamp) {
    isOnline = true
    for push in waiting where push.expiresAt > now { show(push.text) }
    waiting = []
  }

  private mutating func show(_ text: [UInt8]) {
    shown.append(text)
    if shown.count > Self.kept { shown.removeFirst() }
  }
}

import Crypto
import Foundation
import PushCore

/// `authorization: vapid t=<token>, k=<public key>` (RFC 8292), and whether it is good.
struct VAPIDAuthorization {
  /// The uncompressed point that the sender says its key is.
  let key: Data
  private let token: Substring

  private static let longestLife: Int64 = 24 * 3_600

  init(_ header: String) throws(WebPushProblem) {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "vapid" else { throw .vapidMalformed }
    var fields: [String: Substring] = [:]
    for field in parts[1].split(separator: ",") {
      let sides = field.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else { throw .vapidMalformed }
      fields[sides[0].filter { $0 != " " }.lowercased()] = sides[1].trimming(" ")
    }
    guard let token = fields["t"], let text = fields["k"] else { throw .vapidMalformed }
    guard let key = WebPushText.decode(text, isStrict: true), key.count == 65 else {
      throw .keyMalformed
    }
    self.key = key
    self.token = token
  }

  /// - Parameter origin: The service's own, which the token must be for.
  func check(origin: String, needsSubject: Bool, at now: Timestamp) throws(WebPushProblem) {
    guard let key = try? P256.Signing.PublicKey(x963Representation: key) else {
      throw .keyMalformed
    }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Self.json(parts[0]), head["alg"]?.string == "ES256",
      let claims = Self.json(parts[1]),
      let raw = WebPushText.decode(parts[2], isStrict: true),
      let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw),
      key.isValidSignature(signature, for: Data((parts[0] + "." + parts[1]).utf8)),
      claims["aud"]?.string == origin, let end = claims["exp"]?.integer,
      (now.seconds + 1...now.seconds + Self.longestLife).contains(end),
      Self.isSubject(claims["sub"]?.string, isNeeded: needsSubject)
    else { throw .tokenRefused }
  }

  private static func isSubject(_ text: String?, isNeeded: Bool) -> Bool {
    guard let text else { return !isNeeded }
    return (text.hasPrefix("mailto:") || text.hasPrefix("https://"))
      && !(isNeeded && text.hasSuffix("localhost"))
  }

  private static func json(_ part: Substring) -> JSON? {
    WebPushText.decode(part, isStrict: true).flatMap { try? JSON.parse(Array($0)) }
  }
}

extension Substring {
  fileprivate func trimming(_ character: Character) -> Substring {
    var text = self
    while text.first == character { text.removeFirst() }
    while text.last == character { text.removeLast() }
    return text
  }
}

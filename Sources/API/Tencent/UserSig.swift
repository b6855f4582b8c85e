import Crypto
import Foundation
public import PushCore

/// What somebody who holds an app's secret key says of a user: it is them, until a time.
///
/// Tencent's TLSSigAPIv2: a JSON object with an HMAC-SHA256 over its lines, deflated, in base64 with
/// other signs for `+`, `/` and `=`. https://cloud.tencent.com/document/product/269/32688 and
/// https://github.com/tencentyun/tls-sig-api-v2-python
public struct UserSig: Sendable, Equatable {
  /// Of a signature's text, in bytes. What the published libraries make has some 250.
  public static let textBytes = 8_192
  /// What a text may inflate to.
  static let jsonBytes = 16_384
  static let identifierBytes = 256
  static let userbufBytes = 4_096
  /// What the published libraries take unless told otherwise: 180 days.
  public static let usualLifetime: Int64 = 180 * 86_400

  /// The user, or an administrator.
  public var identifier: String
  public var sdkAppID: Int64
  /// Seconds since 1970.
  public var issuedAt: Int64
  /// Seconds that it is good for.
  public var lifetime: Int64
  /// Bytes of the app's own that are signed with the rest; nil: none.
  public var userbuf: [UInt8]?
  private var signature: [UInt8]

  /// Seconds since 1970; it is good up to and with this one.
  public var expiresAt: Int64 {
    let (sum, isTooLarge) = issuedAt.addingReportingOverflow(lifetime)
    return isTooLarge ? .max : sum
  }

  // MARK: Making

  /// Signs with the app's secret key, whose characters are the key as they stand.
  ///
  /// - Throws: ``FieldError`` naming what can't be signed.
  public init(
    identifier: String, sdkAppID: Int64, issuedAt: Int64, lifetime: Int64 = usualLifetime,
    userbuf: [UInt8]? = nil, secretKey: String
  ) throws(FieldError) {
    self.identifier = identifier
    self.sdkAppID = sdkAppID
    self.issuedAt = issuedAt
    self.lifetime = lifetime
    self.userbuf = userbuf
    signature = []
    try check()
    guard !secretKey.isEmpty else { throw FieldError(.missing, "secret_key", "is empty.") }
    signature = Array(
      HMAC<SHA256>.authenticationCode(for: signedBytes, using: Self.key(secretKey)))
  }

  private func check() throws(FieldError) {
    guard 1...Self.identifierBytes ~= identifier.utf8.count else {
      throw FieldError(
        identifier.isEmpty ? .missing : .tooLong, "identifier",
        "has \(identifier.utf8.count) bytes; 1 to \(Self.identifierBytes) are expected.")
    }
    guard !identifier.utf8.contains(where: { $0 < 0x20 }) else {
      throw FieldError(.badCharacter, "identifier", "holds a control character.")
    }
    guard sdkAppID > 0 else {
      throw FieldError(
        .outOfRange, "sdkappid", "is \(sdkAppID); the number of the app is expected.")
    }
    guard issuedAt >= 0 else {
      throw FieldError(.outOfRange, "time", "is \(issuedAt); seconds since 1970 are expected.")
    }
    guard lifetime > 0 else {
      throw FieldError(.outOfRange, "expire", "is \(lifetime); 1 second or more is expected.")
    }
    guard userbuf?.count ?? 0 <= Self.userbufBytes else {
      throw FieldError(
        .tooLong, "userbuf",
        "has \(userbuf?.count ?? 0) bytes; at most \(Self.userbufBytes) are taken.")
    }
  }

  private static func key(_ secret: String) -> SymmetricKey {
    SymmetricKey(data: Array(secret.utf8))
  }

  private var signedBytes: [UInt8] {
    var text = "TLS.identifier:\(identifier)\nTLS.sdkappid:\(sdkAppID)\n"
    text += "TLS.time:\(issuedAt)\nTLS.expire:\(lifetime)\n"
    if let userbuf { text += "TLS.userbuf:\(Data(userbuf).base64EncodedString())\n" }
    return Array(text.utf8)
  }

  /// As it stands in a request's query.
  public var text: String {
    let json: [(String, JSON)] =
      [
        ("TLS.ver", "2.0"), ("TLS.identifier", .string(identifier)),
        ("TLS.sdkappid", .integer(sdkAppID)), ("TLS.expire", .integer(lifetime)),
        ("TLS.time", .integer(issuedAt)),
      ]
      + (userbuf.map { [("TLS.userbuf", .string(Data($0).base64EncodedString()))] } ?? [])
      + [("TLS.sig", .string(Data(signature).base64EncodedString()))]
    // Spaces as Python's writer sets them: so the text is the published library's to the byte.
    let members = json.map { "\"\($0.0)\": \($0.1.text)" }.joined(separator: ", ")
    return SigBase64.encode(Zlib.deflate(Array("{\(members)}".utf8)))
  }

  // MARK: Reading

  /// Reads a signature, whoever made it.
  ///
  /// - Throws: ``UserSigError/illegal``.
  public init(reading text: String) throws(UserSigError) {
    guard !text.isEmpty else { throw .empty }
    guard text.utf8.count <= Self.textBytes, let deflated = SigBase64.decode(text),
      let bytes = Zlib.inflate(deflated, atMost: Self.jsonBytes), let json = try? JSON.parse(bytes),
      json["TLS.ver"]?.string == "2.0", let identifier = json["TLS.identifier"]?.string,
      let sdkAppID = json["TLS.sdkappid"]?.integer, let issuedAt = json["TLS.time"]?.integer,
      let lifetime = json["TLS.expire"]?.integer,
      let signature = json["TLS.sig"]?.string.flatMap({ Data(base64Encoded: $0) })
    else { throw .illegal }
    self.identifier = identifier
    self.sdkAppID = sdkAppID
    self.issuedAt = issuedAt
    self.lifetime = lifetime
    self.signature = Array(signature)
    if let userbuf = json["TLS.userbuf"] {
      guard let bytes = userbuf.string.flatMap({ Data(base64Encoded: $0) }) else {
        throw .illegal
      }
      self.userbuf = Array(bytes)
    }
    do {
      try check()
    } catch {
      throw .illegal
    }
  }

  // MARK: Verifying

  /// Checks for whom and until when it is good, then that the key made it, in constant time.
  ///
  /// - Parameter now: Seconds since 1970.
  public func verify(
    identifier: String, sdkAppID: Int64, now: Int64, secretKey: String
  ) throws(UserSigError) {
    try check(identifier: identifier, sdkAppID: sdkAppID, now: now)
    guard isSigned(with: secretKey) else { throw .otherKey }
  }

  /// Checks for whom and until when it is good, not who made it.
  func check(identifier: String, sdkAppID: Int64, now: Int64) throws(UserSigError) {
    guard self.sdkAppID == sdkAppID else { throw .otherApp }
    guard self.identifier.utf8.elementsEqual(identifier.utf8) else { throw .otherIdentifier }
    guard now <= expiresAt else { throw .expired }
  }

  /// Whether the key made it, whoever it is for and however old it is.
  public func isSigned(with secretKey: String) -> Bool {
    HMAC<SHA256>.isValidAuthenticationCode(
      signature, authenticating: signedBytes, using: Self.key(secretKey))
  }
}

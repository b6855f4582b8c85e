internal import NIOSSL
internal import PushCore

/// Reads the settings of a credential; every error names the setting.
struct SettingsReader {
  private static let textBytes = 512
  private static let urlBytes = 1_024

  private let fields: Fields

  /// - Throws: ``FieldError`` for a setting that is none of `known`.
  init(_ settings: JSON, known: [CredentialGuide.Setting]) throws(FieldError) {
    fields = try Fields(settings, at: "settings")
    try fields.refuse(otherThan: Set(known.map(\.name)))
  }

  /// - Returns: Nil where it is left out.
  func text(_ name: String) throws(FieldError) -> String? {
    guard let text = try fields.string(name, maxBytes: Self.textBytes) else { return nil }
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw FieldError(
        .badFormat, fields.name(name), "is empty or holds control characters.")
    }
    return text
  }

  func required(_ name: String) throws(FieldError) -> String {
    guard let text = try text(name) else {
      throw FieldError(.missing, fields.name(name), "is missing; it is required.")
    }
    return text
  }

  /// `true` or `false`, also as a text.
  func flag(_ name: String) throws(FieldError) -> Bool {
    switch fields[name] {
    case nil: return false
    case .string("true"): return true
    case .string("false"): return false
    case .string(let text):
      throw FieldError(
        .unknownValue, fields.name(name),
        "is \(FieldError.quoted(text)); true or false is expected.")
    default: return try fields.bool(name) ?? false
    }
  }

  func number(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64? {
    guard let value = fields[name] else { return nil }
    guard let number = value.integer ?? value.string.flatMap({ Int64($0) }), range.contains(number)
    else {
      throw FieldError(
        .outOfRange, fields.name(name),
        "is \(FieldError.quoted(value.string ?? value.text)), no whole number from "
          + "\(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// An address of a server in place of the provider's own, such as `https://localhost:8443`,
  /// without a path and without `/` at its end.
  func origin(_ name: String = "url") throws(FieldError) -> String? {
    guard let text = try fields.string(name, maxBytes: Self.urlBytes) else { return nil }
    let rest = text.dropFirst("https://".count)
    guard text.hasPrefix("https://"), !rest.isEmpty,
      rest.utf8.allSatisfy({
        $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
          && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
      })
    else {
      throw FieldError(
        .badFormat, fields.name(name),
        "is \(FieldError.quoted(text)), no address such as https://push.example:8443: https, a "
          + "host, no path.")
    }
    return text
  }

  /// Where the provider is to report what became of a push: an `https` URL.
  func receiptURL(maxBytes: Int) throws(FieldError) -> String? {
    guard let text = try fields.string("receipt_url", maxBytes: Self.urlBytes) else { return nil }
    guard text.hasPrefix("https://"), text.utf8.count <= maxBytes,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else {
      throw FieldError(
        .badFormat, fields.name("receipt_url"),
        "is no https URL of at most \(maxBytes) characters of ASCII.")
    }
    return text
  }

  /// PEM certificates that vouch for the server of ``origin(_:)``.
  func trustRoots() throws(FieldError) -> TrustRoots {
    guard let text = try fields.string("trust_root", maxBytes: Limits.eventBytes) else {
      return .system
    }
    guard let found = try? NIOSSLCertificate.fromPEMBytes(Array(text.utf8)), !found.isEmpty else {
      throw FieldError(
        .badFormat, fields.name("trust_root"), "holds no PEM certificate that can be read.")
    }
    return TrustRoots(pem: text)
  }
}

extension CredentialGuide.Setting {
  /// A server in place of the provider's own: a simulator, a test, a relay.
  static let elsewhere: [(String, String, isRequired: Bool)] = [
    ("url", "a server in place of the provider's own: https://host:port", isRequired: false),
    ("trust_root", "PEM certificates that vouch for that server", isRequired: false),
  ]
  static let receipts: [(String, String, isRequired: Bool)] = [
    ("receipt_url", "where the provider reports what became of a push", isRequired: false)
  ]
  static let requestsPerSecond: [(String, String, isRequired: Bool)] = [
    ("requests_per_second", "how many the provider allows", isRequired: false)
  ]
}

internal import NIOSSL
internal import PushCore

/// The settings of a stored APNs credential, read and checked.
struct APNsSettings {
  var teamID: String?
  var keyID: String?
  var host: String?
  var port = APNsSettings.applePort
  var trustRoots: [NIOSSLCertificate]?

  static let applePort = 443
  /// What Apple's Team IDs and Key IDs are long.
  static let identifierCharacters = 10
  static let hostBytes = 253

  init(_ settings: JSON) throws(FieldError) {
    guard let members = settings.members else {
      throw FieldError(.wrongType, "settings", "is \(settings.kind); give an object.")
    }
    for member in members {
      let field = "settings.\(member.key)"
      switch member.key {
      case "team_id":
        teamID = try Self.identifier(member.value, field, name: "Team ID")
      case "key_id":
        keyID = try Self.identifier(member.value, field, name: "Key ID")
      case "host":
        host = try Self.host(member.value, field)
      case "port":
        port = try Self.port(member.value, field)
      case "trust_root":
        trustRoots = try Self.certificates(member.value, field)
      default:
        throw FieldError(
          .unknownField, field,
          "is no setting of an APNs credential; those are team_id, key_id, host, port, trust_root.")
      }
    }
  }

  private static func text(_ value: JSON, _ field: String) throws(FieldError) -> String {
    guard let text = value.string else {
      throw FieldError(.wrongType, field, "is \(value.kind); give a string.")
    }
    return text
  }

  private static func identifier(
    _ value: JSON, _ field: String, name: String
  ) throws(FieldError) -> String {
    let text = try text(value, field)
    let fits = text.utf8.allSatisfy {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    guard fits, text.utf8.count == identifierCharacters else {
      throw FieldError(
        .badFormat, field,
        "is \(FieldError.quoted(text)), of \(text.count) characters; Apple's \(name) is "
          + "\(identifierCharacters) of A-Z 0-9.")
    }
    return text
  }

  private static func host(_ value: JSON, _ field: String) throws(FieldError) -> String {
    let text = try text(value, field)
    let fits = text.utf8.allSatisfy {
      $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
    }
    guard fits, !text.isEmpty, text.utf8.count <= hostBytes else {
      throw FieldError(
        .badFormat, field,
        "is \(FieldError.quoted(text)), no host; give a name or an address, without scheme, "
          + "port or path.")
    }
    return text
  }

  private static func port(_ value: JSON, _ field: String) throws(FieldError) -> Int {
    guard let port = value.integer ?? value.string.flatMap({ Int64($0) }) else {
      throw FieldError(.wrongType, field, "is \(value.kind); give a whole number.")
    }
    guard (1...65_535).contains(port) else {
      throw FieldError(.outOfRange, field, "is \(port); a port is 1 to 65535.")
    }
    return Int(port)
  }

  private static func certificates(
    _ value: JSON, _ field: String
  ) throws(FieldError) -> [NIOSSLCertificate] {
    let text = try text(value, field)
    let found: [NIOSSLCertificate]
    do {
      found = try NIOSSLCertificate.fromPEMBytes(Array(text.utf8))
    } catch {
      throw FieldError(.badFormat, field, "holds no PEM certificate that can be read.")
    }
    guard !found.isEmpty else {
      throw FieldError(.badFormat, field, "holds no PEM certificate.")
    }
    return found
  }
}

/// An `https` URL that somebody else named: a browser's endpoint, an app's callback.
///
/// It is taken only where every reader finds the same host in it: no user, no fragment, nothing but
/// visible ASCII, and a host of letters, digits, `.`, `-` and `_`, or an IPv6 address in brackets.
struct WebAddress: Hashable, Sendable {
  static let maxBytes = 4_096
  private static let hostBytes = 253
  private static let scheme = "https://"
  static let usualPort = 443

  /// Whole, scheme and host in lower case.
  let url: String
  /// In lower case; an IPv6 address without its brackets.
  let host: String
  let port: Int

  init?(_ text: String) {
    guard text.utf8.count <= Self.maxBytes,
      text.prefix(Self.scheme.count).lowercased() == Self.scheme,
      text.utf8.allSatisfy(Self.mayStand)
    else { return nil }
    let rest = text.dropFirst(Self.scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = rest[..<end].lowercased()
    guard let (host, port) = Self.split(authority) else { return nil }
    self.host = host
    self.port = port
    url = Self.scheme + authority + rest[end...]
  }

  /// Scheme, host, and the port where it is not the usual one, without a path (RFC 6454).
  var origin: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return Self.scheme + name + (port == Self.usualPort ? "" : ":\(port)")
  }

  /// Where a `location` leads from here: an address of its own, or a path of the same server.
  func following(_ location: String) -> WebAddress? {
    location.hasPrefix("/") && !location.hasPrefix("//")
      ? WebAddress(origin + location) : WebAddress(location)
  }

  /// Visible ASCII without `"`, `#`, `<`, `>`, `\`, `^`, `` ` ``, `{`, `|` and `}`.
  private static func mayStand(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x23, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0x7D: false
    default: byte > 0x20 && byte < 0x7F
    }
  }

  private static func split(_ authority: String) -> (host: String, port: Int)? {
    var host = Substring(authority)
    var rest: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[..<end].dropFirst()
      rest = authority[authority.index(after: end)...]
      guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
      else { return nil }
    } else {
      rest = authority.firstIndex(of: ":").map { authority[$0...] } ?? ""
      host = authority.dropLast(rest.count)
      guard host.allSatisfy({ $0.isLetter || $0.isNumber || ".-_".contains($0) }) else {
        return nil
      }
    }
    guard !host.isEmpty, host.utf8.count <= hostBytes else { return nil }
    guard rest.popFirst() != nil else { return (String(host), usualPort) }
    guard rest.utf8.count <= 5, rest.allSatisfy(\.isNumber), let port = Int(rest),
      (1...65_535).contains(port)
    else { return nil }
    return (String(host), port)
  }
}

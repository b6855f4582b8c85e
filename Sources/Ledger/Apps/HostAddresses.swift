import Foundation
import PushCore

/// The addresses of a host.
public struct HostAddress: Sendable, Equatable {
  /// As it stands in a URL, without brackets.
  public var text: String
  /// 4 or 16, in network order.
  public var bytes: [UInt8]

  /// Looks a host up with the system's resolver, which may take as long as that wants.
  ///
  /// - Parameters:
  ///   - host: A name, or an address however it is spelled; brackets are left out.
  ///   - isNumeric: Only read an address; no name is looked up.
  /// - Returns: Empty where there is none.
  public static func lookUp(_ host: String, isNumeric: Bool = false) -> [HostAddress] {
    let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    if isNumeric { hints.ai_flags = Int32(AI_NUMERICHOST) }
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [HostAddress] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      if let address = HostAddress(entry) { found.append(address) }
    }
    return found
  }

  /// Whether a host is, without looking a name up, one of the server's own network.
  static func isInside(_ host: String) -> Bool {
    let name = host.lowercased()
    if ["localhost", "localhost."].contains(name) || name.hasSuffix(".localhost") { return true }
    return lookUp(host, isNumeric: true).contains { !PublicAddress.holds($0.bytes) }
  }

  private init?(_ entry: addrinfo) {
    guard let socket = entry.ai_addr else { return nil }
    switch entry.ai_family {
    case AF_INET:
      bytes = socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
      }
    case AF_INET6:
      bytes = socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
      }
    default: return nil
    }
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = entry.ai_family
    text = bytes.withUnsafeBytes { address in
      inet_ntop(family, address.baseAddress, &buffer, socklen_t(buffer.count)).map {
        String(cString: $0)
      } ?? ""
    }
  }
}
